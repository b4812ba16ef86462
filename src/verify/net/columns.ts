/** Products with a sparse map column by column: of what is asked for alone, and of rows that may be something else than 0. */
import type { Sparse } from "./linear.ts";

/** Some columns of a map, of which each is a sum over some of its rows. */
export interface Columns {
  /** Rows of the map, ascending; those that are left out are 0 in all that is multiplied. */
  readonly rows: Int32Array;
  /** Which columns these are, ascending. */
  readonly which: Int32Array;
  readonly starts: Int32Array;
  /** Of each entry, LANES times the place of its row in `rows`. */
  readonly places: Int32Array;
  readonly data: Float64Array;
}

/** Rows that are multiplied together. */
export const LANES = 8;

/** Mᵀ. */
export function turned({ rows, columns, starts, places, data }: Sparse): Sparse {
  const own = { starts: new Int32Array(columns + 1), places: new Int32Array(places.length), data: new Float64Array(data.length) };
  for (const j of places) own.starts[j + 1]!++;
  for (let j = 0; j < columns; j++) own.starts[j + 1]! += own.starts[j]!;
  const next = own.starts.slice();
  for (let i = 0; i < rows; i++)
    for (let p = starts[i]!; p < starts[i + 1]!; p++) {
      const to = next[places[p]!]!++;
      own.places[to] = i;
      own.data[to] = data[p]!;
    }
  return { kind: "sparse", rows: columns, columns: rows, ...own };
}

/** Columns `which` of a map that is given as {@link turned}, of entries in `rows`. */
export function columnsOf({ columns: n, starts, places, data }: Sparse, rows: Int32Array, which: Int32Array): Columns {
  const at = new Int32Array(n).fill(-1);
  for (let t = 0; t < rows.length; t++) at[rows[t]!] = LANES * t;
  let most = 0;
  for (const j of which) most += starts[j + 1]! - starts[j]!;
  const own = { starts: new Int32Array(which.length + 1), places: new Int32Array(most), data: new Float64Array(most) };
  let to = 0;
  for (let c = 0; c < which.length; c++) {
    const end = starts[which[c]! + 1]!;
    for (let p = starts[which[c]!]!; p < end; p++) {
      const place = at[places[p]!]!;
      own.places[to] = place;
      own.data[to] = data[p]!;
      // the next one takes the place of what is left out: no branch, which would be guessed wrongly
      to += 1 + (place >> 31);
    }
    own.starts[c + 1] = to;
  }
  return { rows, which, ...own };
}

/**
 * Add rows·M to `out`, in the columns that there are: rows are [count, n], out [count, w]. Some rows side by side, so that each entry that is fetched
 * serves all of them and sums stay in registers.
 * @param room at least LANES times as many numbers as the map has rows
 */
export function gathered(rows: Float64Array, count: number, n: number, m: Columns, out: Float64Array, w: number, room: Float64Array): void {
  const { rows: own, which, starts, places, data } = m;
  for (let r = 0; r < count; r += LANES) {
    const some = Math.min(LANES, count - r);
    const first = r * n;
    for (let t = 0, q = 0; t < own.length; t++, q += LANES) {
      const from = first + own[t]!;
      for (let lane = 0; lane < some; lane++) room[q + lane] = rows[from + lane * n]!;
    }
    for (let c = 0, p = 0; c < which.length; c++) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let s4 = 0;
      let s5 = 0;
      let s6 = 0;
      let s7 = 0;
      const end = starts[c + 1]!;
      for (; p < end; p++) {
        const q = places[p]!;
        const d = data[p]!;
        s0 += d * room[q]!;
        s1 += d * room[q + 1]!;
        s2 += d * room[q + 2]!;
        s3 += d * room[q + 3]!;
        s4 += d * room[q + 4]!;
        s5 += d * room[q + 5]!;
        s6 += d * room[q + 6]!;
        s7 += d * room[q + 7]!;
      }
      // lanes past the last row have what others left there
      const to = r * w + which[c]!;
      out[to]! += s0;
      if (some > 1) out[to + w]! += s1;
      if (some > 2) out[to + 2 * w]! += s2;
      if (some > 3) out[to + 3 * w]! += s3;
      if (some > 4) out[to + 4 * w]! += s4;
      if (some > 5) out[to + 5 * w]! += s5;
      if (some > 6) out[to + 6 * w]! += s6;
      if (some > 7) out[to + 7 * w]! += s7;
    }
  }
}
