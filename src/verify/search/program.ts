/** Linear programs, by HiGHS: whether half-spaces meet in a box. What it answers is checked: its multipliers prove in float64, or nothing does. */
import { host } from "#host";
import { leastOf } from "../bound/concretize.ts";
import type { HalfSpace } from "../bound/cuts.ts";
import type { Clock } from "../clock.ts";
import { UNIT } from "../net/unit.ts";

/** What is used of HiGHS. Its types are written for CommonJS, the module that Node loads is not. */
interface Solver {
  solve(
    program: string,
    options: { readonly output_flag: boolean; readonly time_limit?: number },
  ): {
    readonly Status: string;
    readonly Columns: Readonly<Record<string, { readonly Primal?: number }>>;
    readonly Rows: readonly { readonly Dual?: number }[];
  };
}
const load = (): Promise<Solver | null> =>
  host.highs().then((module) => (module === null ? null : (module as { readonly default: () => Promise<Solver> }).default()));
let loaded: Promise<Solver | null> | undefined;

/** null where there is no solver, or where it fails: what it leaves behind may be of no use any more. */
async function solved(program: string, seconds: number): Promise<ReturnType<Solver["solve"]> | null> {
  loaded ??= load();
  const highs = await loaded;
  try {
    return highs?.solve(program, { output_flag: false, ...(Number.isFinite(seconds) && { time_limit: Math.max(seconds, 0) }) }) ?? null;
  } catch {
    loaded = undefined;
    return null;
  }
}

export type Met =
  /** They do not meet. */
  | { readonly kind: "refuted" }
  /** As far as the program tells, they meet here. */
  | { readonly kind: "point"; readonly x: Float64Array };

/**
 * min s over x in the box, g·x + h ≤ s for all half-spaces. Where s > 0, multipliers μ ≥ 0 of the rows have Σμ(g·x + h) > 0 on the whole box
 * (Farkas): that sum is then bounded outward as every row is.
 * @returns null where there is no solver, in browsers, or it fails
 * @throws TimeUp; what interrupts
 */
export async function meet(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array, clock: Clock): Promise<Met | null> {
  const found = await solved(programOf(halves, low, high), clock.left);
  await clock.look();
  if (!found) return null;
  const { Columns, Rows, Status } = found;
  const x = low.map((l, j) => Math.min(Math.max(Columns[`x${j}`]?.Primal ?? l, l), high[j]!));
  if (Status !== "Optimal") return { kind: "point", x };
  const n = low.length;
  const form = new Float64Array(n);
  const weight = new Float64Array(n);
  let [constant, sum] = [0, 0];
  Rows.forEach((row, c) => {
    const mu = Math.abs(row.Dual ?? 0);
    if (mu === 0) return;
    const { g, h } = halves[c]!;
    for (let j = 0; j < n; j++) {
      form[j]! += mu * g[j]!;
      weight[j]! += Math.abs(mu * g[j]!);
    }
    constant += mu * h;
    sum += Math.abs(mu * h);
  });
  let all = sum;
  for (let j = 0; j < n; j++) all += weight[j]! * Math.max(Math.abs(low[j]!), Math.abs(high[j]!));
  const lost = 2 * (halves.length + 2) * UNIT * all;
  return leastOf(form, 0, Float64Array.of(constant), lost, { low, high }) > 0 ? { kind: "refuted" } : { kind: "point", x };
}

/** In CPLEX's LP format. */
function programOf(halves: readonly HalfSpace[], low: Float64Array, high: Float64Array): string {
  const term = (v: number, name: string) => `${v < 0 ? "-" : "+"} ${Math.abs(v)} ${name}`;
  const rows = halves.map(({ g, h }, c) => `c${c}: ${Array.from(g, (v, j) => (v === 0 ? "" : term(v, `x${j}`))).join(" ")} - s <= ${-h}`);
  const bounds = Array.from(low, (l, j) => `${l} <= x${j} <= ${high[j]}`);
  return `Minimize\n obj: s\nSubject To\n${rows.join("\n")}\nBounds\n${bounds.join("\n")}\ns free\nEnd\n`;
}
