export * from "./access.ts";
export { argmax, labelModel, scoreModel } from "./black-box.ts";
export { nearChance } from "./chance.ts";
export * from "./ensemble.ts";
export { type LoadModelOptions, load, noGradient, openModel } from "./load.ts";
export { atBatch, type OpenOptions, openClassifier } from "./open.ts";
export { logitsGraph, logitsOf, type Reading, reading } from "./output.ts";
export * from "./preprocessing.ts";
export * from "./sweep.ts";
