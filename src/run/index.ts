export { compile, evaluate, type Program, type RunOptions } from "./compile.ts";
export { DEVICES, type Device } from "./device.ts";
export { type FileProgram, openFile } from "./file.ts";
export { compileStep, type State, type StepProgram } from "./step.ts";
