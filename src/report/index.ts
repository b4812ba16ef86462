export * from "./chart.ts";
export * from "./grid.ts";
export * from "./html.ts";
export * from "./scatter.ts";
