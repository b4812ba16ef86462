/** The pictures of a game: a sheet of the same samples at each look, and from them one that moves; ways between samples; truncation. */
import { host } from "#host";
import { concatenate, type Pixels, permutation, rows, seedKey, size, type Tensor } from "../base/index.ts";
import { gather, inUnits, type Pool } from "../data/index.ts";
import { answersOf, betweenLatents, type Gan, memorisation, type Network } from "../gan/index.ts";
import { imageGrid, scatter } from "../report/index.ts";
import type { RunOptions } from "../run/index.ts";

type Numbers = Tensor<"float32">;

const pictures = ({ shape }: Pool): boolean => shape.length === 3 && (shape[0] === 1 || shape[0] === 3);
const points = ({ shape }: Pool): boolean => shape.length === 1 && shape[0] === 2;

/** Real points on a scatter plot. */
const SHOWN = 1_000;
/** Around data in [−1, 1]. */
const MARGIN = 1.1;

/** How samples of a pool are shown: pictures as a grid, points of the plane over the data; null: not at all. */
export function sheetOf(pool: Pool): ((made: Numbers) => Pixels) | null {
  if (pictures(pool)) return (made) => imageGrid(made, { range: pool.range });
  if (!points(pool)) return null;
  const real = gather(pool, permutation(seedKey(0), pool.size).subarray(0, SHOWN)).x;
  const { range, units = null } = pool;
  return (made) => scatter(inUnits(real, units).data, inUnits(made, units).data, { range: units ? [-MARGIN, MARGIN] : range });
}

export const sheetPath = (folder: string, step: number): string => `${folder}/samples/step-${String(step).padStart(7, "0")}.png`;

const FRAMES = 60;
/** The last is looked at longest. */
const [EACH, LAST] = [200, 2_000];
const SHEET = /^step-\d+\.png$/;

/** `training.gif`, of the sheets that lie in the folder: at most 60 of them, evenly. */
export async function film(folder: string): Promise<string | null> {
  const place = `${folder}/samples`;
  if ((await host.kind(place)) !== "directory") return null;
  const names = (await host.readDir(place)).map((e) => e.name).filter((name) => SHEET.test(name));
  if (names.length < 2) return null;
  const count = Math.min(FRAMES, names.length);
  const chosen = Array.from({ length: count }, (_, k) => names[Math.round((k * (names.length - 1)) / (count - 1))]!);
  const frames: Pixels[] = [];
  for (const name of chosen) frames.push(await host.decodeImage(await host.readFile(`${place}/${name}`), { channels: 3 }));
  const path = `${folder}/training.gif`;
  await host.writeFile(
    path,
    await host.encodeGif(
      frames,
      frames.map((_, k) => (k === frames.length - 1 ? LAST : EACH)),
    ),
  );
  return path;
}

const WAYS = { rows: 8, columns: 9 } as const;
const TRUNCATIONS = [0, 0.25, 0.5, 0.7, 1] as const;
const COLUMNS = 10;
/** Pairs of rows, and training samples that the nearest is looked for among. */
const [PAIRS, TRAINING] = [4, 20_000] as const;

/**
 * `interpolation.png` (each row from one sample to another), `truncation.png` (each row the same latent vectors, times 0, 0.25, 0.5, 0.7 and 1) and `nearest.png` (rows in pairs:
 * samples, and under each the training sample nearest to it, pixel by pixel); nothing of what is no picture.
 */
export async function finalSheets(
  folder: string,
  gan: Gan,
  pool: Pool,
  generator: Network,
  latent: Numbers,
  run: RunOptions,
): Promise<void> {
  if (!pictures(pool) || latent.shape[0]! < Math.max(2 * WAYS.rows, COLUMNS)) return;
  const write = async (name: string, z: Numbers, columns: number, classOf: (row: number, column: number) => number) => {
    const n = z.shape[0]!;
    const labels =
      gan.classes === null
        ? undefined
        : BigInt64Array.from({ length: n }, (_, i) => BigInt(classOf(Math.floor(i / columns), i % columns) % gan.classes!));
    const made = await answersOf(generator, z, run, labels && { dtype: "int64", shape: [n], data: labels });
    await host.writeFile(`${folder}/${name}.png`, await host.encodePng(imageGrid(made, { range: pool.range, columns })));
  };
  const join = (parts: readonly Float32Array[]): Numbers => {
    const data = Float32Array.from(parts.flatMap((p) => [...p]));
    return { dtype: "float32", shape: [data.length / gan.latent.size, gan.latent.size], data };
  };
  const z = (i: number) => rows(latent, i, i + 1).data;
  const ways = Array.from({ length: WAYS.rows }, (_, i) => betweenLatents(z(2 * i), z(2 * i + 1), WAYS.columns, gan.latent).data);
  await write("interpolation", join(ways), WAYS.columns, (r) => r);
  const cut = TRUNCATIONS.flatMap((psi) => Array.from({ length: COLUMNS }, (_, i) => z(i).map((v) => psi * v)));
  await write("truncation", join(cut), COLUMNS, (_, c) => c);
  const shown = Math.min(PAIRS * COLUMNS, latent.shape[0]! - (latent.shape[0]! % COLUMNS));
  const made = await answersOf(generator, rows(latent, 0, shown), run);
  const { x: known } = gather(
    pool,
    permutation(seedKey(0), pool.size).subarray(0, Math.min(TRAINING, Math.floor(2 ** 27 / size(pool.shape)))),
  );
  const { index } = await memorisation(known, made, made, run);
  const row = (x: Numbers, of: (i: number) => number) => (at: number) =>
    Array.from({ length: COLUMNS }, (_, i) => rows(x, of(at + i), of(at + i) + 1));
  const [own, theirs] = [row(made, (i) => i), row(known, (i) => index[i]!)];
  const pairs = Array.from({ length: shown / COLUMNS }, (_, r) => [...own(r * COLUMNS), ...theirs(r * COLUMNS)]).flat();
  await host.writeFile(
    `${folder}/nearest.png`,
    await host.encodePng(imageGrid(concatenate(pairs), { range: pool.range, columns: COLUMNS })),
  );
}
