/** What float64 rounds, and how sums of rounded numbers are paid for. */

/** Half a unit in the last place of 1: a rounding's relative error. Higham 2002, "Accuracy and Stability of Numerical Algorithms", §2.2. */
export const UNIT = 2 ** -53;

/** γₙ = n·u/(1 − n·u): of a sum of n products in any order. Higham 2002, §3.1. */
export const gamma = (n: number): number => (n * UNIT) / (1 - n * UNIT);

/** More than all that underflow can take from sums of products: at most 2⁻¹⁰⁷⁵ each, of fewer than 2⁷⁵. */
export const TINY = 2 ** -1000;

/** More than the rounding of the sums that say how much was rounded. */
export const GENEROUS = 1 + 2 ** -20;
