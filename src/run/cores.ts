import { runtimes } from "#ort";

/** Threads that this machine runs at the same time. */
export const cores = (): number => runtimes.cores();
