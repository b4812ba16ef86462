/**
 * Seeded randomness: a draw is a pure function of its key, and keys are derived by name and index, so nothing depends
 * on the order of calls, the batch size or the machine. Keys: Threefry-2x32, 20 rounds, Salmon et al., "Parallel Random
 * Numbers: As Easy as 1, 2, 3" (SC 2011), as in JAX.
 */
export type Key = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

function threefry([k0, k1]: Key, c0: number, c1: number, out: Uint32Array): void {
  const k2 = (0x1bd11bda ^ k0 ^ k1) >>> 0;
  const ks = [k0, k1, k2] as const;
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    for (let r = 0; r < 4; r++) {
      const rot = ROTATIONS[(group % 2) * 4 + r]!;
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << rot) | (x1 >>> (32 - rot))) ^ x0;
    }
    x0 = (x0 + ks[(group + 1) % 3]!) | 0;
    x1 = (x1 + ks[(group + 2) % 3]! + group + 1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
}

/** A key from a seed: any safe integer. */
export const seedKey = (seed: number): Key => [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0];

/** A new independent key for each value of `data` (an index, or a name). */
export function fold(key: Key, data: number | string): Key {
  const out = new Uint32Array(2);
  if (typeof data === "number") {
    threefry(key, data >>> 0, Math.floor(data / 2 ** 32) >>> 0, out);
    return [out[0]!, out[1]!];
  }
  let k = key;
  for (const c of data) k = fold(k, c.codePointAt(0)!);
  return fold(k, data.length);
}

/**
 * `n` uniform 32-bit words: xoshiro128++ (Blackman & Vigna 2021) started from the key. Threefry derives keys, where
 * independence counts; the stream fills buffers, where speed does (about 2 ns a word).
 */
export function bits(key: Key, n: number): Uint32Array {
  const out = new Uint32Array(2);
  threefry(key, 0, 0, out);
  let a = out[0]! | 0;
  let b = out[1]! | 0;
  threefry(key, 1, 0, out);
  let c = out[0]! | 0;
  let d = out[1]! | 1; // never all zero
  const words = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const sum = (a + d) | 0;
    words[i] = (((sum << 7) | (sum >>> 25)) + a) | 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
  }
  return words;
}

/** `n` numbers uniform in [low, high). */
export function uniform(key: Key, n: number, low = 0, high = 1): Float32Array {
  const b = bits(key, n);
  const out = new Float32Array(n);
  // 24 bits: exactly representable, so `high` itself is never drawn by rounding of the unit interval
  for (let i = 0; i < n; i++) out[i] = low + (b[i]! >>> 8) * 2 ** -24 * (high - low);
  return out;
}

/** `n` normal numbers, by Box-Muller. */
export function normal(key: Key, n: number, mean = 0, std = 1): Float32Array {
  const even = n + (n % 2);
  const b = bits(key, even);
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const r = std * Math.sqrt(-2 * Math.log((b[i]! + 1) * 2 ** -32));
    const a = 2 * Math.PI * b[i + 1]! * 2 ** -32;
    out[i] = mean + r * Math.cos(a);
    if (i + 1 < n) out[i + 1] = mean + r * Math.sin(a);
  }
  return out;
}

/** A permutation of 0…n-1 (Fisher-Yates). */
export function permutation(key: Key, n: number): Uint32Array {
  const p = Uint32Array.from({ length: n }, (_, i) => i);
  const b = bits(key, n);
  for (let i = n - 1; i > 0; i--) {
    // multiply-shift: unbiased to 2^-32·n
    const j = Math.floor((b[i]! / 2 ** 32) * (i + 1));
    const t = p[i]!;
    p[i] = p[j]!;
    p[j] = t;
  }
  return p;
}
