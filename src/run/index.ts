export { type CompileOptions, compile, evaluate, type Program, type RunOptions } from "./compile.ts";
export { cores } from "./cores.ts";
export { DEVICES, type Device } from "./device.ts";
export { type FileProgram, openFile } from "./file.ts";
export { type GradientCheck, type GradientCheckOptions, type GradientPoint, gradientCheck } from "./gradient-check.ts";
export { type ModelFile, modelFile } from "./model-file.ts";
export { compileStep, STRIDE, type State, type StepGraph, type StepProgram, TRAINING } from "./step.ts";
