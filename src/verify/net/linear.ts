/** Linear maps between flat vectors, y = M·x, in float64: weights of a file are float32 (or of fewer bits), so that their entries are exact. */

/** Row-major. */
export interface Dense {
  readonly kind: "dense";
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** Entries of row i are at starts[i] … starts[i + 1]. */
export interface Sparse {
  readonly kind: "sparse";
  readonly rows: number;
  readonly columns: number;
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly data: Float64Array;
}

export type Linear = Dense | Sparse;

export const dense = (rows: number, columns: number, data: Float64Array): Dense => ({ kind: "dense", rows, columns, data });

/** From the entries of each row, in order. */
export function sparse(columns: number, entries: readonly (readonly (readonly [place: number, value: number])[])[]): Sparse {
  const starts = new Int32Array(entries.length + 1);
  entries.forEach((row, i) => {
    starts[i + 1] = starts[i]! + row.length;
  });
  const flat = entries.flat();
  return {
    kind: "sparse",
    rows: entries.length,
    columns,
    starts,
    places: Int32Array.from(flat, ([place]) => place),
    data: Float64Array.from(flat, ([, value]) => value),
  };
}

/** y_i = x_{places[i]}, times `scale`. */
export const selection = (columns: number, places: ArrayLike<number>, scale: ArrayLike<number> | number = 1): Sparse => ({
  kind: "sparse",
  rows: places.length,
  columns,
  starts: Int32Array.from({ length: places.length + 1 }, (_, i) => i),
  places: Int32Array.from(places),
  data: Float64Array.from({ length: places.length }, (_, i) => (typeof scale === "number" ? scale : scale[i]!)),
});

/** Whether each row has one entry, a 1. */
export const selects = (m: Linear): m is Sparse =>
  m.kind === "sparse" && m.places.length === m.rows && m.starts.every((s, i) => s === i) && m.data.every((c) => c === 1);

/** The most entries of a row: of so many products is a sum made. */
export function terms(m: Linear): number {
  if (m.kind === "dense") return m.columns;
  let most = 0;
  for (let i = 0; i < m.rows; i++) most = Math.max(most, m.starts[i + 1]! - m.starts[i]!);
  return most;
}

/** The most entries of a column. */
export function columnTerms(m: Linear): number {
  if (m.kind === "dense") return m.rows;
  const counts = new Int32Array(m.columns);
  for (const p of m.places) counts[p]!++;
  return counts.reduce((a, b) => Math.max(a, b), 0);
}

/** M·x into `out`. */
export function times(m: Linear, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < m.rows; i++) {
    let sum = 0;
    if (m.kind === "dense") {
      const at = i * m.columns;
      for (let j = 0; j < m.columns; j++) sum += m.data[at + j]! * x[j]!;
    } else for (let k = m.starts[i]!; k < m.starts[i + 1]!; k++) sum += m.data[k]! * x[m.places[k]!]!;
    out[i] = sum;
  }
}

/** |M|·x into `out`, for x ≥ 0. */
export function timesAbsolute(m: Linear, x: Float64Array, out: Float64Array): void {
  for (let i = 0; i < m.rows; i++) {
    let sum = 0;
    if (m.kind === "dense") {
      const at = i * m.columns;
      for (let j = 0; j < m.columns; j++) sum += Math.abs(m.data[at + j]!) * x[j]!;
    } else for (let k = m.starts[i]!; k < m.starts[i + 1]!; k++) sum += Math.abs(m.data[k]!) * x[m.places[k]!]!;
    out[i] = sum;
  }
}

/** Add rows·M to `out`: rows are [count, m.rows], out [count, m.columns]. A 0 costs nothing: much of what rectifiers pass back is. */
export function pulled(rows: Float64Array, count: number, m: Linear, out: Float64Array): void {
  const [n, w] = [m.rows, m.columns];
  for (let r = 0; r < count; r++) {
    const to = r * w;
    for (let i = 0; i < n; i++) {
      const a = rows[r * n + i]!;
      if (a === 0) continue;
      if (m.kind === "dense") {
        const at = i * w;
        for (let j = 0; j < w; j++) out[to + j]! += a * m.data[at + j]!;
      } else for (let k = m.starts[i]!; k < m.starts[i + 1]!; k++) out[to + m.places[k]!]! += a * m.data[k]!;
    }
  }
}
