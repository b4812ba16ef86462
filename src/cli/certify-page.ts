/** Certificates as one self-contained page: the band between proof and attack, and what lies in it. */
import { host } from "#host";
import { pictures } from "../audit/index.ts";
import type { Tensor } from "../base/index.ts";
import { COLOURS, card, dataUri, type Html, html, imageGrid, page, raw, shareChart, signedGrid, table } from "../report/index.ts";
import type { CertifyResult, LayerStability, SampleCertificates } from "../verify/index.ts";
import { percent } from "./output.ts";

export interface Shown {
  readonly name: string;
  readonly results: readonly CertifyResult[];
  readonly samples: readonly SampleCertificates[];
  readonly stability: { readonly n: number; readonly layers: readonly LayerStability[] };
  /** Samples as the model takes them, [N, …]. */
  readonly x: Tensor<"float32">;
  readonly classes: readonly string[];
  /** What it was run on, in rows. */
  readonly provenance: readonly (readonly [string, string])[];
}

const NORMS = { linf: "L∞", l2: "L2", l1: "L1" } as const;
const MOST = 24;
/** Least pixels along a picture's longer side. */
const SMALLEST = 112;

const STYLE = raw(`<style>
.exhibits { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem }
.exhibit { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem; background: var(--card); border-radius: 8px; padding: .75rem; margin: 0 }
.exhibit > figcaption { grid-column: 1 / -1; margin: 0; line-height: 1.4 }
.exhibit img { width: 100% }
.exhibit b { color: var(--ink) }
.undecided { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1rem }
.undecided figure { margin: 0 } .undecided img { width: 7rem }
.neurons img { border: 1px solid var(--line) }
</style>`);

const short = (v: number): string => `${Number(v.toPrecision(3))}`;
const sampleOf = (x: Tensor<"float32">, i: number): Float32Array => {
  const width = x.data.length / x.shape[0]!;
  return x.data.slice(i * width, (i + 1) * width);
};
const isPicture = ({ shape }: Tensor): boolean =>
  shape.length === 4 && (shape[1] === 1 || shape[1] === 3) && shape[2]! > 1 && shape[3]! > 1;

function charts({ results, samples }: Shown): Html {
  const norm = NORMS[results[0]!.norm];
  const start = results[0]!.epsilon > 0 ? [[0, results[0]!.cleanAccuracy] as const] : [];
  const points = (of: (r: CertifyResult) => number) => [...start, ...results.map((r) => [r.epsilon, of(r)] as const)];
  const [attacked, certified] = [points((r) => r.attackedAccuracy), points((r) => r.certifiedAccuracy)];
  const seconds = samples.map((s) => s.seconds).sort((a, b) => a - b);
  const within = [[0, 0] as const, ...seconds.map((s, i) => [s, (i + 1) / seconds.length] as const)];
  const most = seconds.at(-1) ?? 1;
  const charted = [
    shareChart({
      title: "Between proof and attack",
      x: `ε (${norm})`,
      y: "accuracy",
      width: 455,
      height: 300,
      band: { colour: COLOURS[0], lower: certified, upper: attacked },
      series: [
        { name: "attacked: at most", colour: COLOURS[1], points: attacked },
        { name: "certified: at least", colour: COLOURS[0], points: certified },
      ],
    }),
    shareChart({
      title: "Time per sample",
      x: "seconds, attack and proofs together",
      y: "samples done within",
      width: 395,
      height: 300,
      series: [{ name: "", colour: COLOURS[2], points: within }],
      ticks: [0, 0.25, 0.5, 0.75, 1].map((t) => t * most),
    }),
  ];
  return html`<div class="row">${charted.map((c) => html`<figure>${raw(c)}</figure>`)}</div>`;
}

const sumTable = ({ results }: Shown): Html =>
  table(
    [`ε (${NORMS[results[0]!.norm]})`, "certified", "falsified", "unknown", "certified accuracy", "attacked accuracy", "undecided"],
    results.map((r) => {
      const count = (status: string) => r.samples.filter((s) => s.status === status).length;
      return [
        short(r.epsilon),
        count("certified"),
        count("falsified"),
        count("unknown"),
        percent(r.certifiedAccuracy),
        percent(r.attackedAccuracy),
        percent(r.attackedAccuracy - r.certifiedAccuracy),
      ];
    }),
  );

/** Each falsified sample once, at the smallest ε, those that were right when clean. */
async function falsifiedSection({ samples, results, x, classes }: Shown): Promise<Html> {
  const name = (c: number) => classes[c] ?? `${c}`;
  const found = samples.flatMap((s) => {
    const k = s.at.findIndex((v) => v.status === "falsified");
    return k >= 0 && s.predicted === s.label ? [{ s, k, c: s.at[k]!.counterexample! }] : [];
  });
  const wrong = samples.filter((s) => s.predicted !== s.label).length;
  const intro = html`<p>${found.length} samples are turned within the largest ε${wrong > 0 ? `; ${wrong} more are wrong as they are` : ""}. ${found.length > MOST ? `The first ${MOST}: ` : ""}Clean, the perturbation (red: brighter, blue: darker, at full colour where it is largest), and what the file itself was run on.</p>`;
  const shown = await Promise.all(
    found.slice(0, MOST).map(async ({ s, k, c }) => {
      const text = html`<figcaption>#${s.index}: <b>${name(s.predicted)}</b> → <b>${name(c.predicted)}</b><br>${NORMS[results[0]!.norm]} distance ${short(c.distance)}, ε = ${short(results[k]!.epsilon)}, by ${s.at[k]!.by === "complete" ? "search" : "PGD"}</figcaption>`;
      if (!isPicture(x)) return html`<figure class="exhibit">${text}</figure>`;
      const three = await pictures(sampleOf(x, s.index), Float32Array.from(c.x), x.shape.slice(1), results[0]!.range);
      return html`<figure class="exhibit">${three.map((p, j) => html`<img src="${dataUri(p)}" alt="sample ${s.index}, ${["clean", "perturbation", "adversarial"][j]!}">`)}${text}</figure>`;
    }),
  );
  return found.length === 0
    ? html`<p>None${wrong > 0 ? html`, but for ${wrong} that are wrong as they are` : ""}.</p>`
    : html`${intro}<div class="exhibits">${shown}</div>`;
}

async function undecidedSection({ samples, results, x, classes }: Shown): Promise<Html> {
  const open = samples.flatMap((s) => {
    const at = s.at.flatMap((v, k) => (v.status === "unknown" ? [k] : []));
    return at.length > 0 ? [{ s, at }] : [];
  });
  if (open.length === 0) return html`<p>None: each sample is certified or falsified at each ε.</p>`;
  const shown = await Promise.all(
    open.slice(0, MOST).map(async ({ s, at }) => {
      const { reason } = s.at[at[0]!]!;
      const text = html`<figcaption>#${s.index}: ${classes[s.label] ?? s.label}, at ε = ${at.map((k) => short(results[k]!.epsilon)).join(", ")}: ${reason!}</figcaption>`;
      if (!isPicture(x)) return html`<figure>${text}</figure>`;
      const one: Tensor<"float32"> = { dtype: "float32", shape: [1, ...x.shape.slice(1)], data: sampleOf(x, s.index) };
      const scale = Math.max(1, Math.ceil(SMALLEST / Math.max(...x.shape.slice(2))));
      const png = await host.encodePng(imageGrid(one, { range: results[0]!.range, scale }));
      return html`<figure><img src="${dataUri(png)}" alt="sample ${s.index}">${text}</figure>`;
    }),
  );
  return html`<p>${open.length} samples are neither certified nor falsified at some ε${open.length > MOST ? `; the first ${MOST}` : ""}.</p><div class="undecided">${shown}</div>`;
}

async function neuronsSection({ stability: { n, layers } }: Shown): Promise<Html> {
  if (n === 0) return html`<p>CROWN was not needed for any sample.</p>`;
  const rows = await Promise.all(
    layers.map(async ({ size, mean, counts }, k) => {
      const width = Math.min(size, Math.ceil(Math.sqrt(4 * size)));
      const height = Math.ceil(size / width);
      const data = new Float32Array(width * height).map((_, i) => (counts[i] ?? 0) / n);
      const png = await host.encodePng(
        signedGrid({ dtype: "float32", shape: [1, 1, height, width], data }, 1, { scale: Math.max(1, Math.round(320 / width)) }),
      );
      const always = counts.filter((c) => c === n).length;
      const never = counts.filter((c) => c === 0).length;
      return html`<figure class="neurons"><img src="${dataUri(png)}" alt="layer ${k + 1}"><figcaption>Layer ${k + 1}: ${size} neurons, ${mean.toFixed(1)} unstable on average (${percent(mean / size)}); ${always} in all samples, ${never} in none.</figcaption></figure>`;
    }),
  );
  return html`<p>A rectifier whose input may be above or below 0 within the ball is unstable: there bounds lose, and a search splits. Over the ${n} samples that CROWN was asked about, at the largest ε that was left to prove; a pixel is a neuron, the redder the more often unstable.</p>${rows}`;
}

export async function certifyPage(shown: Shown): Promise<string> {
  const last = shown.results.at(-1)!;
  const title = `Certificates of ${shown.name}`;
  return page(
    title,
    html`${STYLE}<h1>${title}</h1>
<p class="lead">Whatever attack anybody runs, the accuracy within ε lies in the band: what is certified is proven, what is falsified has an input that the file itself was run on.</p>
<div class="cards">${[
      card(percent(last.cleanAccuracy), `natural accuracy, n = ${last.n}`),
      card(percent(last.certifiedAccuracy), `certified, ${NORMS[last.norm]} ε = ${short(last.epsilon)}: at least`),
      card(percent(last.attackedAccuracy), `attacked, ${NORMS[last.norm]} ε = ${short(last.epsilon)}: at most`),
    ]}</div>
${sumTable(shown)}
${charts(shown)}
<h2>Undecided</h2>
${await undecidedSection(shown)}
<h2>Falsified</h2>
${await falsifiedSection(shown)}
<h2>Unstable rectifiers</h2>
${await neuronsSection(shown)}
<h2>Provenance</h2>
<div style="overflow-x:auto">${table(
      ["", ""],
      shown.provenance.map(([k, v]) => [k, v]),
    )}</div>`,
  );
}
