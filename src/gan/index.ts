export * from "./models.ts";
export * from "./step.ts";
export * from "./train.ts";
