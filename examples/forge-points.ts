/**
 * A generator learns eight Gaussians on a ring from nothing but a discriminator's answers. In these few steps it lands on
 * one of them and hops from one to the next: mode collapse, as the game of 2014 is known for.
 * Run: npx tsx --conditions=source examples/forge-points.ts
 */
import { fold, openFile, seedKey, tensor, write } from "counterfoil";
import { normal } from "counterfoil/base";
import { ring, toy } from "counterfoil/data";
import { ganPair, trainGan } from "counterfoil/gan";

const key = seedKey(0);
const real = toy("ring", fold(key, "data"), 20_480);
const pair = ganPair("mlp2d", real.inputShape, { generator: fold(key, "generator"), discriminator: fold(key, "discriminator") });

/** Share of the points [n, 2] within 0.2 of a mean, and how many of the eight means have one. */
function quality(points: ArrayLike<number>): string {
  const modes = new Set<number>();
  let near = 0;
  for (let i = 0; i < points.length; i += 2) {
    const k = ring.means.findIndex(([a, b]) => Math.hypot(points[i]! - a, points[i + 1]! - b) < 0.2);
    if (k < 0) continue;
    modes.add(k);
    near++;
  }
  return `${Math.round((200 * near) / points.length)} % near a mean, ${modes.size} of 8 modes`;
}

const { graph } = await trainGan(pair, real.x, {
  epochs: 12,
  threads: 1, // products this small gain nothing from a second one
  samples: 1_000,
  onSamples: (epoch, samples) => {
    if (epoch % 4 === 0) console.log(`epoch ${epoch}: ${quality(samples.data)}`);
  },
});

// the generator is a file like any other: latent vectors in, points out
const generator = await openFile(write(graph));
const [points] = await generator.run([tensor(normal(fold(key, "latent"), 2_000), [1_000, 2])]);
console.log(`from the file: ${quality(points!.data as Float32Array)}`);
await generator.release();
