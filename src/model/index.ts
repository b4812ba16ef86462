export * from "./access.ts";
export { argmax, labelModel, scoreModel } from "./black-box.ts";
export { atBatch, type InputMap, load, type OpenOptions, openClassifier } from "./open.ts";
export * from "./output.ts";
