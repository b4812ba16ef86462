/** Our side of bench/bounds.ts: half of the images, again and again, a line of milliseconds for each line that it is asked. Arguments: MODEL FROM TO EPSILON */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { gather, mnist, poolOf } from "../src/data/index.ts";
import { read } from "../src/onnx/index.ts";
import { builder } from "../src/pass/index.ts";
import { Backward } from "../src/verify/bound/backward.ts";
import { Tightener } from "../src/verify/bound/tighten.ts";
import { native } from "../src/verify/net/products.ts";
import { networkOf } from "../src/verify/net/read.ts";

const [model, from, to, epsilon] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [string, number, number, number];
const net = networkOf(read(new Uint8Array(readFileSync(model)), builder(), { batch: 1 }));
if ("unread" in net) throw new Error(net.unread);
const back = new Backward(net, native());
const tightener = new Tightener(back);
const at = net.vertices.length - 1;
const classes = net.vertices[at]!.size;
const pool = poolOf(await mnist("test"));
const { x, labels: y } = gather(
  pool,
  Uint32Array.from({ length: to - from }, (_, i) => from + i),
);
const size = x.data.length / (to - from);

/** The least of the label's margin over each other class, in the ball of image `i` cut to [0, 1]. */
async function margins(i: number): Promise<Float64Array> {
  const image = x.data.subarray(i * size, (i + 1) * size);
  const low = Float64Array.from(image, (v) => Math.max(0, v - epsilon));
  const high = Float64Array.from(image, (v) => Math.min(1, v + epsilon));
  const lines = (await tightener.enclose(low, high))!;
  const rows = new Float64Array((classes - 1) * classes);
  let r = 0;
  for (let k = 0; k < classes; k++) {
    if (k === y[i]) continue;
    rows[r * classes + y[i]!] = 1;
    rows[r++ * classes + k] = -1;
  }
  return (await back.bound(at, rows, classes - 1, lines)).least;
}

async function batch(): Promise<{ milliseconds: number; certified: number; least: number[] }> {
  const start = performance.now();
  const least: number[] = [];
  for (let i = 0; i < to - from; i++) least.push(Math.min(...(await margins(i))));
  return { milliseconds: performance.now() - start, certified: least.filter((v) => v > 0).length, least: least.slice(0, 5) };
}

for await (const _ of createInterface({ input: process.stdin })) console.log(JSON.stringify(await batch()));
