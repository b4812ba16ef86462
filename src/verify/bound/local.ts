/**
 * Backward bounds of single elements that depend on few others, as one of a convolution does on its window: the rows ±element go back side by side, and only
 * through what they have met. Each step is one of {@link Backward}'s and pays what that pays; it need not say so twice.
 */
import type { Affine, Curved, Network, Rectifier, Vertex } from "../net/network.ts";
import { sourcesOf } from "../net/network.ts";
import { GENEROUS, gamma, machine, TINY, UNIT } from "../net/unit.ts";
import type { Relaxation } from "./relaxation.ts";
import { joinedBy, type Prices, priceOf } from "./rows.ts";

/** Elements that are looked at, to find out how many others each depends on. */
const SAMPLES = 5;
/** How much more a number costs here. */
const DEARER = 4;

/** The two rows at one vertex: their coefficients, of the elements that they have met, in the order of meeting. */
interface Met {
  readonly up: Float64Array;
  readonly down: Float64Array;
  readonly elements: Int32Array;
  readonly seen: Uint8Array;
  count: number;
}

export class Local {
  readonly #network: Network;
  readonly #prices: Prices;
  readonly #met: Met[] = [];
  readonly #fits: boolean[] = [];
  /** Of both rows: the constants, and what was lost of them. */
  readonly #constant = new Float64Array(2);
  readonly #lost = new Float64Array(2);

  constructor(network: Network, prices: Prices) {
    this.#network = network;
    this.#prices = prices;
  }

  /** Whether elements of vertex `k` depend on so few others that this is the cheaper way. */
  fits(k: number): boolean {
    this.#fits[k] ??= this.#isCheap(k);
    return this.#fits[k];
  }

  #isCheap(k: number): boolean {
    const { vertices } = this.#network;
    const reached: boolean[] = [];
    reached[k] = true;
    let all = 0;
    for (let at = k; at > 0; at--) {
      const v = vertices[at]!;
      if (!reached[at]) continue;
      if (v.kind === "product" || (v.kind === "affine" && v.map.kind === "dense")) return false;
      for (const from of sourcesOf(v)) {
        if (!reached[from]) all += vertices[from]!.size;
        reached[from] = true;
      }
    }
    const { size } = vertices[k]!;
    for (let s = 0; s < SAMPLES; s++)
      if (DEARER * this.#dependences(k, Math.floor(((s + 0.5) * size) / SAMPLES), all / DEARER) > all) return false;
    return true;
  }

  /** On how many elements of the vertices before it one of vertex `k` depends; of more than `most` nobody counts all. */
  #dependences(k: number, element: number, most: number): number {
    const met = this.#network.vertices.map((): Uint8Array | null => null);
    met[k] = new Uint8Array(this.#network.vertices[k]!.size);
    met[k][element] = 1;
    let count = 0;
    for (let at = k; at > 0 && count <= most; at--) {
      const v = this.#network.vertices[at]!;
      const own = met[at];
      if (!own) continue;
      for (const from of sourcesOf(v)) {
        met[from] ??= new Uint8Array(this.#network.vertices[from]!.size);
        const next = met[from];
        for (let i = 0; i < own.length; i++) {
          if (own[i] === 0) continue;
          for (const j of placesOf(v, i)) {
            if (next[j] === 0) count++;
            next[j] = 1;
          }
        }
      }
    }
    return count;
  }

  #at(k: number): Met {
    const n = this.#network.vertices[k]!.size;
    this.#met[k] ??= {
      up: new Float64Array(n),
      down: new Float64Array(n),
      elements: new Int32Array(n),
      seen: new Uint8Array(n),
      count: 0,
    };
    return this.#met[k];
  }

  /** The least of element `i` of vertex `k` and of its negative, into `least[to]` and `least[to + 1]`. Lines may have neither cuts nor a ball. */
  bound(k: number, i: number, lines: Relaxation, least: Float64Array, to: number): void {
    const { vertices } = this.#network;
    this.#constant.fill(0);
    this.#lost.fill(0);
    add(this.#at(k), i, 1, -1);
    for (let at = k; at > 0; at--) {
      const rows = this.#at(at);
      if (rows.count === 0) continue;
      const v = vertices[at]!;
      for (const s of sourcesOf(v)) {
        const out = this.#at(s);
        const joins = out.count > 0;
        if (v.kind === "affine") this.#through(at, v, rows, out, lines);
        else if (v.kind === "rectifier" || v.kind === "curve") this.#bent(at, v, rows, out, lines);
        else for (let t = 0; t < rows.count; t++) add(out, rows.elements[t]!, rows.up[rows.elements[t]!]!, rows.down[rows.elements[t]!]!);
        if (v.kind === "sum" && v.unit) this.#weigh(rows, s, machine(v.from.length, v.unit), lines);
        if (joins || v.kind === "sum") this.#weigh(out, s, joinedBy(at, this.#prices), lines);
        this.#lost[0]! += lines.underflow[s]!;
        this.#lost[1]! += lines.underflow[s]!;
      }
      clear(rows);
    }
    this.#concretized(lines, least, to);
  }

  #through(k: number, v: Affine, rows: Met, out: Met, { enclosure }: Relaxation): void {
    if (v.map.kind === "dense") return;
    const { starts, places, data } = v.map;
    const { up, down, elements, count } = rows;
    const [nextUp, nextDown, seen, met] = [out.up, out.down, out.seen, out.elements];
    const { share, tiny, bias } = this.#prices[k]!;
    const reach = enclosure.reach[k]!;
    let [sumUp, missedUp, underUp] = [0, 0, 0];
    let [sumDown, missedDown, underDown] = [0, 0, 0];
    let known = out.count;
    for (let t = 0; t < count; t++) {
      const i = elements[t]!;
      const a = up[i]!;
      const b = down[i]!;
      missedUp += Math.abs(a) * reach[i]!;
      missedDown += Math.abs(b) * reach[i]!;
      underUp += Math.abs(a);
      underDown += Math.abs(b);
      sumUp += a * bias[i]!;
      sumDown += b * bias[i]!;
      const end = starts[i + 1]!;
      for (let p = starts[i]!; p < end; p++) {
        const j = places[p]!;
        const d = data[p]!;
        if (seen[j] === 0) {
          seen[j] = 1;
          met[known++] = j;
        }
        nextUp[j]! += a * d;
        nextDown[j]! += b * d;
      }
    }
    out.count = known;
    this.#pay(0, sumUp, share * missedUp + tiny * underUp);
    this.#pay(1, sumDown, share * missedDown + tiny * underDown);
  }

  #bent(k: number, v: Rectifier | Curved, rows: Met, out: Met, lines: Relaxation): void {
    const [below, lift, above, offset, weight] = [lines.below[k]!, lines.lift[k]!, lines.above[k]!, lines.offset[k]!, lines.weight[k]!];
    let [sumUp, missedUp, underUp] = [0, 0, 0];
    let [sumDown, missedDown, underDown] = [0, 0, 0];
    for (let t = 0; t < rows.count; t++) {
      const i = rows.elements[t]!;
      const a = rows.up[i]!;
      const b = rows.down[i]!;
      // of what is off nothing is asked; a NaN is not 0
      if (below[i] === 0 && above[i] === 0 && lift[i] === 0 && offset[i] === 0 && weight[i] === 0) continue;
      sumUp += a === 0 ? 0 : a * (a > 0 ? lift[i]! : offset[i]!);
      sumDown += b === 0 ? 0 : b * (b > 0 ? lift[i]! : offset[i]!);
      missedUp += Math.abs(a) * weight[i]!;
      missedDown += Math.abs(b) * weight[i]!;
      underUp += Math.abs(a);
      underDown += Math.abs(b);
      add(out, i, a === 0 ? 0 : a * (a > 0 ? below[i]! : above[i]!), b === 0 ? 0 : b * (b > 0 ? below[i]! : above[i]!));
    }
    const { share, tiny } = priceOf(v);
    this.#pay(0, sumUp, share * missedUp + tiny * underUp);
    this.#pay(1, sumDown, share * missedDown + tiny * underDown);
  }

  #pay(row: 0 | 1, more: number, lost: number): void {
    this.#constant[row]! += more;
    this.#lost[row]! += lost + 2 * UNIT * Math.abs(this.#constant[row]!);
  }

  #weigh({ up, down, elements, count }: Met, k: number, share: number, { enclosure: { low, high } }: Relaxation): void {
    let [sumUp, sumDown] = [0, 0];
    for (let t = 0; t < count; t++) {
      const i = elements[t]!;
      const most = Math.max(Math.abs(low[k]![i]!), Math.abs(high[k]![i]!));
      sumUp += Math.abs(up[i]!) * most;
      sumDown += Math.abs(down[i]!) * most;
    }
    this.#lost[0]! += share * sumUp;
    this.#lost[1]! += share * sumDown;
  }

  #concretized({ enclosure }: Relaxation, least: Float64Array, to: number): void {
    const rows = this.#at(0);
    const [low, high] = [enclosure.low[0]!, enclosure.high[0]!];
    let [sumUp, allUp, sumDown, allDown] = [0, 0, 0, 0];
    for (let t = 0; t < rows.count; t++) {
      const j = rows.elements[t]!;
      const l = low[j]!;
      const h = high[j]!;
      const span = Math.max(Math.abs(l), Math.abs(h));
      const a = rows.up[j]!;
      const b = rows.down[j]!;
      sumUp += a * (a >= 0 ? l : h);
      sumDown += b * (b >= 0 ? l : h);
      allUp += Math.abs(a) * span;
      allDown += Math.abs(b) * span;
    }
    clear(rows);
    least[to] = sumUp + this.#after(0, sumUp, allUp, low.length);
    least[to + 1] = sumDown + this.#after(1, sumDown, allDown, low.length);
  }

  #after(row: 0 | 1, sum: number, all: number, n: number): number {
    const constant = this.#constant[row]!;
    return constant - (this.#lost[row]! + TINY + gamma(n + 3) * all + 4 * UNIT * (Math.abs(constant) + Math.abs(sum))) * GENEROUS;
  }
}

const placesOf = (v: Vertex, i: number): Iterable<number> =>
  v.kind === "affine" && v.map.kind === "sparse" ? v.map.places.subarray(v.map.starts[i]!, v.map.starts[i + 1]!) : [i];

function add(to: Met, i: number, up: number, down: number): void {
  if (to.seen[i] === 0) {
    to.seen[i] = 1;
    to.elements[to.count++] = i;
  }
  to.up[i]! += up;
  to.down[i]! += down;
}

function clear(rows: Met): void {
  for (let t = 0; t < rows.count; t++) {
    const i = rows.elements[t]!;
    rows.up[i] = 0;
    rows.down[i] = 0;
    rows.seen[i] = 0;
  }
  rows.count = 0;
}
