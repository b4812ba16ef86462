/** Runs the rows of an experiment in processes of their own, two at a time, keeps what is done beside it, and goes on from there when it is run again. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Processes at the same time, each with one thread. */
const JOBS = 2;

/**
 * What `measure` tells of each key. The script must do nothing else before it calls this: for each row it is run again, with `--row KEY`.
 * @param name of the file beside it: `experiments/name.json`
 * @param only of these keys; the others are taken as they lie in the file, if they do
 */
export async function measured<R>(
  name: string,
  keys: readonly string[],
  measure: (key: string) => Promise<R>,
  { only = () => true }: { readonly only?: (key: string) => boolean } = {},
): Promise<Map<string, R>> {
  const at = process.argv.indexOf("--row");
  if (at >= 0) {
    const result = await measure(process.argv[at + 1]!);
    process.stdout.write(`\n${JSON.stringify(result)}\n`);
    process.exit(0);
  }
  const path = fileURLToPath(new URL(`./${name}.json`, import.meta.url));
  const done: Record<string, R> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const open = keys.filter((k) => !(k in done) && only(k));
  const start = performance.now();
  let finished = 0;
  const work = async (): Promise<void> => {
    for (let key = open.shift(); key !== undefined; key = open.shift()) {
      done[key] = (await inProcess(key)) as R;
      finished++;
      // in the order of the keys, whichever was done first
      writeFileSync(path, `${JSON.stringify(Object.fromEntries(keys.flatMap((k) => (k in done ? [[k, done[k]]] : []))), null, 1)}\n`);
      const each = (performance.now() - start) / 1000 / finished;
      console.log(
        `${key}: ${JSON.stringify(done[key]).slice(0, 300)} (${open.length} rows left, about ${Math.ceil((each * open.length) / 60)} min)`,
      );
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return new Map(keys.flatMap((k) => (k in done ? [[k, done[k]!] as const] : [])));
}

function inProcess(key: string): Promise<unknown> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "--row", key], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  return new Promise((resolve, reject) =>
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(out.trimEnd().split("\n").at(-1)!)) : reject(new Error(`${key} ended with ${code}`)),
    ),
  );
}

/** Seconds of processor time that this process took so far: with one thread, what the row takes where nothing else runs. */
export const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Rows of cells as a Markdown table. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((r) => `| ${r.join(" | ")} |`).join("\n");

export const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;

/** Mean ± standard error. */
export const within = (v: readonly number[], digits: number): string => {
  const m = mean(v);
  const error = v.length > 1 ? Math.sqrt(v.reduce((a, b) => a + (b - m) ** 2, 0) / (v.length - 1) / v.length) : 0;
  return `${m.toFixed(digits)} ± ${error.toFixed(digits)}`;
};
