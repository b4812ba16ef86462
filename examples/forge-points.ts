/**
 * A generator learns eight Gaussians on a ring from nothing but a discriminator's answers. With the loss of 2014 alone it lands on some of them and hops from one to the next;
 * a paired loss with penalties on both sides (R3GAN's) finds all eight.
 * Run: npx tsx --conditions=source examples/forge-points.ts
 */
import { fold, openFile, seedKey, tensor, write } from "counterfoil";
import { normal } from "counterfoil/base";
import { loadPools, ring } from "counterfoil/data";
import { generatorGraph, recipe, trainGan } from "counterfoil/gan";

const key = seedKey(0);
const { train } = await loadPools("ring8");
const gan = recipe(train, { key }); // networks, objective, penalties and optimisers that belong together

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

// products this small gain nothing from a second thread
const each = trainGan(gan, train, { steps: 600, every: 200, threads: 1 });
let step = await each.next();
for (; !step.done; step = await each.next())
  if (step.value.step % 200 === 0) console.log(`step ${step.value.step}: D loss ${step.value.metrics["discriminator/loss"]!.toFixed(2)}`);

// the generator is a file like any other: latent vectors in, points out
const generator = await openFile(write(generatorGraph(step.value.generator)));
const [points] = await generator.run([tensor(normal(fold(key, "latent"), 2_000), [1_000, 2])]);
console.log(`from the file: ${quality(points!.data as Float32Array)}`);
await generator.release();
