/** A game that is killed twenty times ends as one that was not: `npx tsx --conditions=source experiments/resume.ts` → resume.json. Runs dist/: build it first. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fold, seedKey, uniform } from "../src/base/index.ts";
import { readSafetensors } from "../src/train/index.ts";

const KILLS = 20;
const STEPS = 6_000;
const main = resolve(import.meta.dirname, "../dist/cli/main.js");
const dir = mkdtempSync(join(tmpdir(), "resume-"));
const args = [
  "gan",
  "--data",
  "ring8",
  "--model",
  "plane",
  "--steps",
  `${STEPS}`,
  "--every",
  "100",
  "--threads",
  "1",
  "--measure",
  "0",
  "--penalty",
  "r1=0.1,r2=0.1,lecam",
];

/** Runs until it ends, or for so many milliseconds after its first step; true where it ended. */
function play(folder: string, resume: boolean, killAfter?: number): Promise<boolean> {
  const env = { ...process.env, COUNTERFOIL_PROGRESS_SECONDS: "0" };
  const child = spawn(process.execPath, [main, ...args, "--out", folder, ...(resume ? ["--resume"] : [])], {
    stdio: ["ignore", "ignore", "pipe"],
    env,
  });
  let started = false;
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
    if (!started && /step \d+\//.test(said)) {
      started = true;
      if (killAfter !== undefined) setTimeout(() => child.kill("SIGKILL"), killAfter);
    }
  });
  return new Promise((done, reject) =>
    child.on("close", (code, signal) =>
      signal === "SIGKILL" ? done(false) : code === 0 ? done(true) : reject(new Error(said.slice(-500))),
    ),
  );
}

/** sha256 of every tensor of the last checkpoint, by name. */
function hashes(folder: string): Record<string, string> {
  const place = join(folder, "checkpoints");
  const last = readdirSync(place)
    .filter((f) => f.endsWith(".safetensors"))
    .sort()
    .at(-1)!;
  const { tensors } = readSafetensors(new Uint8Array(readFileSync(join(place, last))));
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [
      name,
      createHash("sha256")
        .update(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength))
        .digest("hex"),
    ]),
  );
}

const whole = join(dir, "whole");
await play(whole, false);
const cut = join(dir, "cut");
const moments = uniform(fold(seedKey(Number(process.env.SEED ?? 0)), "moments"), 1_000, 50, 3_000);
let kills = 0;
let ended = false;
for (; kills < KILLS && !ended; ) {
  ended = await play(cut, kills > 0, moments[kills]!);
  if (!ended) kills++;
  console.log(`killed ${kills} of ${KILLS} times, after ${moments[kills]!.toFixed(0)} ms`);
}
if (!ended) await play(cut, true);
const [a, b] = [hashes(whole), hashes(cut)];
const different = Object.keys(a).filter((name) => a[name] !== b[name]);
const files = ["generator.onnx", "discriminator.onnx", "samples/step-0006000.png"];
const same = files.filter((f) => readFileSync(join(whole, f)).equals(readFileSync(join(cut, f))));
const result = { kills, steps: STEPS, tensors: Object.keys(a).length, different, files: `${same.length} of ${files.length} files equal` };
writeFileSync(new URL("./resume.json", import.meta.url), `${JSON.stringify(result, null, 1)}\n`);
console.log(JSON.stringify(result));
