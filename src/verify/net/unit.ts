/** What float64 rounds, and how sums of rounded numbers are paid for. */

/** Half a unit in the last place of 1: a rounding's relative error. Higham 2002, "Accuracy and Stability of Numerical Algorithms", §2.2. */
export const UNIT = 2 ** -53;

/** γₙ = n·u/(1 − n·u): of a sum of n products in any order, fused or not. Higham 2002, §3.1. */
export const gamma = (n: number, unit = UNIT): number => (n * unit) / (1 - n * unit);

/** More than all that underflow can take from sums of products: at most 2⁻¹⁰⁷⁵ each, of fewer than 2⁷⁵. */
export const TINY = 2 ** -1000;

/** More than the rounding of the sums that say how much was rounded. */
export const GENEROUS = 1 + 2 ** -20;

/** More than all that underflow takes of `n` operations of a float32 machine: half of its least number each. 0 in exact arithmetic. */
export const tinyOf = (n: number, unit = 0): number => (unit > 0 ? n * 2 ** -149 : 0);

/** γ of what a vertex's own machine rounds of sums of so many terms, a bias and an addition included; 0 in exact arithmetic. */
export const machine = (n: number, unit = 0): number => (unit > 0 ? gamma(n + 3, unit) * GENEROUS : 0);

/** Half of what a float32 machine calls infinite: sums that stay below it, in any order, overflow nowhere. */
const LARGEST = 2 ** 127;

/** Whether sums of numbers that are `all` together may overflow on the machine that computes them; of NaN too. Never in exact arithmetic. */
export const overflows = (all: number, unit = 0): boolean => unit > 0 && !(all < LARGEST);
