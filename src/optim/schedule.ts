/** Learning rate as a function of the step (0, 1, …). */
export type Schedule = (step: number) => number;

export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/** From `rate` down to `floor` along half a cosine over `steps`. Loshchilov & Hutter 2016, arXiv:1608.03983. */
export const cosine =
  (rate: number, steps: number, floor = 0): Schedule =>
  (step) =>
    floor + 0.5 * (rate - floor) * (1 + Math.cos(Math.PI * Math.min(step / steps, 1)));

/** `rate`·factorᵏ, k growing by one every `every` steps. */
export const stepDecay =
  (rate: number, every: number, factor = 0.1): Schedule =>
  (step) =>
    rate * factor ** Math.floor(step / every);

/** Linearly from 0 up to `peak` at share `peakAt` of `steps`, and down to 0. One cycle; Smith 2015, arXiv:1506.01186. */
export const cyclic =
  (peak: number, steps: number, peakAt = 0.5): Schedule =>
  (step) => {
    const t = Math.min(step / steps, 1);
    return t < peakAt || peakAt === 1 ? (peak * t) / peakAt : (peak * (1 - t)) / (1 - peakAt);
  };

/** Multiply a schedule by a ramp over the first `steps`: 1/steps, 2/steps, … 1. */
export const warmUp =
  (steps: number, then: Schedule): Schedule =>
  (step) =>
    then(step) * Math.min((step + 1) / steps, 1);

/** `rate`·factorˢᵗᵉᵖ, not below `floor`. */
export const exponential =
  (rate: number, factor: number, floor = 0): Schedule =>
  (step) =>
    Math.max(rate * factor ** step, floor);
