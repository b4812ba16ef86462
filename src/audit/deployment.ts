/** Deployment truth: does what was found still work after the files, codecs and devices that lie between an attacker and the model? */
import { host } from "#host";
import { row } from "../attack/index.ts";
import { floatsOfHalves, halvesOfFloats, type Pixels, type Tensor } from "../base/index.ts";
import type { LabelModel } from "../model/index.ts";

type Floats = Tensor<"float32">;

/** A way from the attacker's numbers to the model's input. */
export interface Channel {
  readonly name: string;
  /** null where samples of such a shape cannot go that way. */
  readonly needs: "images" | "anything";
  carry(x: Floats, range: readonly [number, number]): Promise<Floats>;
}

export interface Carried {
  readonly channel: string;
  /** Samples that were turned, before the channel. */
  readonly turned: number;
  /** Of those, still wrong after it. */
  readonly survived: number;
  /**
   * Kurakin, Goodfellow & Bengio 2016, arXiv:1607.02533, §3.1: Σ C(X)·¬C(X')·C(T(X')) / Σ C(X)·¬C(X'). null where nothing was turned.
   */
  readonly destructionRate: number | null;
  /** Of clean samples that went through the channel. */
  readonly cleanAccuracy: number;
  /** Of all samples, with the worst input found for each, after the channel. */
  readonly robustAccuracy: number;
  /** Of the turned inputs, the share that are in the ball after the channel. */
  readonly withinEpsilon: number | null;
}

export const isImage = (shape: readonly number[]): boolean => shape.length === 3 && (shape[0] === 1 || shape[0] === 3);

/** A sample [C, H, W] as 8-bit pixels, rounded to the nearest, and back. */
function toPixels(x: Float32Array, [c, h, w]: readonly number[], [low, high]: readonly [number, number]): Pixels {
  const data = new Uint8Array(x.length);
  const area = h! * w!;
  for (let k = 0; k < c!; k++)
    for (let i = 0; i < area; i++)
      data[i * c! + k] = Math.max(0, Math.min(255, Math.round((255 * (x[k * area + i]! - low)) / (high - low))));
  return { width: w!, height: h!, channels: c as 1 | 3, data };
}

function fromPixels({ width, height, channels, data }: Pixels, out: Float32Array, [low, high]: readonly [number, number]): void {
  const area = width * height;
  for (let k = 0; k < channels; k++)
    for (let i = 0; i < area; i++) out[k * area + i] = low + (data[i * channels + k]! / 255) * (high - low);
}

/** A channel of pictures: each sample becomes pixels, goes through `way`, and comes back. */
const pictures = (name: string, way: (pixels: Pixels) => Promise<Pixels>): Channel => ({
  name,
  needs: "images",
  async carry(x, range) {
    const out: Floats = { ...x, data: new Float32Array(x.data.length) };
    for (let i = 0; i < x.shape[0]!; i++) fromPixels(await way(toPixels(row(x, i), x.shape.slice(1), range)), row(out, i), range);
    return out;
  },
});

const decoded = (bytes: Uint8Array, { channels, width, height }: Pixels) => host.decodeImage(bytes, { channels, width, height });

const same = async (pixels: Pixels): Promise<Pixels> => pixels;

/** What lies between an attacker's numbers and a deployed model's. */
export const channels: readonly Channel[] = [
  pictures("uint8", same),
  pictures("png", async (p) => decoded(await host.encodePng(p), p)),
  pictures("jpeg-90", async (p) => decoded(await host.encodeJpeg(p, 90), p)),
  pictures("jpeg-75", async (p) => decoded(await host.encodeJpeg(p, 75), p)),
  pictures("resize-75%", async (p) => {
    const [width, height] = [p.width, p.height].map((d) => Math.max(1, Math.round(0.75 * d))) as [number, number];
    const small = await host.decodeImage(await host.encodePng(p), { channels: p.channels, width, height });
    return decoded(await host.encodePng(small), p);
  }),
  { name: "float16", needs: "anything", carry: async (x) => ({ ...x, data: floatsOfHalves(halvesOfFloats(x.data)) }) },
];

export interface CarryOptions {
  readonly range: readonly [number, number];
  readonly distance: (delta: Float64Array) => number;
  readonly epsilon: number;
  readonly signal?: AbortSignal | undefined;
}

interface Found {
  readonly x: Floats;
  readonly adversarial: Floats;
  readonly labels: ArrayLike<number>;
  /** Right when clean. */
  readonly right: readonly boolean[];
  /** Turned by the attack, on the model itself. */
  readonly turned: readonly boolean[];
}

/** Success measured again on what arrives, by `model`: the same one, or the file on another device. */
export async function carried(model: LabelModel, found: Found, channel: Channel, options: CarryOptions): Promise<Carried> {
  const n = found.x.shape[0]!;
  options.signal?.throwIfAborted();
  const clean = await model.labels(await channel.carry(found.x, options.range));
  const arrived = await channel.carry(found.adversarial, options.range);
  const answers = await model.labels(arrived);
  const is = (i: number, of: Int32Array) => of[i] === found.labels[i];
  const all = Array.from({ length: n }, (_, i) => i);
  const turned = all.filter((i) => found.right[i] && found.turned[i]);
  const survived = turned.filter((i) => !is(i, answers));
  const inside = turned.filter((i) => {
    const x = row(found.x, i);
    return options.distance(Float64Array.from(row(arrived, i), (v, j) => v - x[j]!)) <= options.epsilon * (1 + 1e-6);
  });
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    channel: channel.name,
    turned: turned.length,
    survived: survived.length,
    destructionRate: share(turned.length - survived.length, turned.length),
    cleanAccuracy: all.filter((i) => is(i, clean)).length / n,
    robustAccuracy: all.filter((i) => found.right[i] && is(i, answers)).length / n,
    withinEpsilon: share(inside.length, turned.length),
  };
}

/** The same numbers, asked on another device or of another form of the model. */
export const unchanged = (name: string): Channel => ({ name, needs: "anything", carry: async (x) => x });

/** Whether samples of that shape can take the channel. */
export const passable = (channel: Channel, shape: readonly number[]): boolean => channel.needs === "anything" || isImage(shape);
