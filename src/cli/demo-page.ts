/** The demo's results as a page and a picture. */
import { host } from "#host";
import type { AttackResult } from "../attack/index.ts";
import { rows, type Tensor } from "../base/index.ts";
import type { Dataset } from "../data/index.ts";
import {
  COLOURS,
  card,
  dataUri,
  escapeHtml,
  figure,
  type Html,
  html,
  image,
  imageGrid,
  page,
  raw,
  shareChart,
  signedGrid,
  table,
} from "../report/index.ts";
import type { Bounds, Curve, Forged } from "./demo-acts.ts";

export interface DemoReport {
  readonly seed: number;
  readonly runtime: string;
  readonly seconds: number;
  readonly epsilon: number;
  readonly models: Readonly<
    Record<"standard" | "hardened", { readonly path: string; readonly sha256: string; readonly testAccuracy: number }>
  >;
  readonly curves: readonly Curve[];
  readonly bounds: readonly Bounds[];
  readonly gan: Forged;
}

/** One digit of each class: attacked, fooled, held. */
export interface Panel {
  readonly label: number;
  readonly clean: Tensor<"float32">;
  readonly adversarial: Tensor<"float32">;
  /** Answer of the standard model to `adversarial`. */
  readonly fooled: number;
  /** The best the same attack finds against the hardened model, and its answer. */
  readonly hardenedInput: Tensor<"float32">;
  readonly hardened: number;
}

/** The first test digit of each class that the attack turns on the standard model; those the hardened one holds come first. */
export function panels(data: Dataset, standard: AttackResult, hardened: AttackResult): Panel[] {
  return data.classes.flatMap((_, label) => {
    const turned = standard.samples.filter((s) => s.label === label && s.predicted === label && s.success);
    const chosen = turned.find((s) => !hardened.samples[s.index]!.success) ?? turned[0];
    if (!chosen) return [];
    const { index } = chosen;
    return {
      label,
      clean: rows(data.x, index, index + 1),
      adversarial: rows(standard.adversarial, index, index + 1),
      fooled: chosen.adversarialPredicted,
      hardenedInput: rows(hardened.adversarial, index, index + 1),
      hardened: hardened.samples[index]!.adversarialPredicted,
    };
  });
}

const difference = (a: Tensor<"float32">, b: Tensor<"float32">): Tensor<"float32"> => ({
  ...a,
  data: a.data.map((v, i) => v - b.data[i]!),
});

const CELL = 74;
const LABELS = 184;

/** Rows digit, perturbation, what the standard model reads, what the hardened one reads, as one SVG. */
export async function pictureOf(shown: readonly Panel[], epsilon: number): Promise<string> {
  const png = async (pixels: Parameters<typeof host.encodePng>[0]) => dataUri(await host.encodePng(pixels));
  const cell = (x: number, y: number, uri: string) =>
    `<image x="${x}" y="${y}" width="${CELL - 8}" height="${CELL - 8}" href="${uri}" style="image-rendering:pixelated"/>`;
  const parts: string[] = [];
  const heads = ["a digit", `+ at most ${epsilon} a pixel`, "the standard model reads", "the hardened model reads"];
  heads.forEach((text, r) => {
    parts.push(`<text x="0" y="${r * (CELL + 14) + CELL / 2}" fill="currentColor">${escapeHtml(text)}</text>`);
  });
  for (const [k, p] of shown.entries()) {
    const x = LABELS + k * CELL;
    const at = (r: number) => r * (CELL + 14);
    const answer = (r: number, read: number, colour: string) =>
      `<text x="${x + (CELL - 8) / 2}" y="${at(r) + CELL + 5}" text-anchor="middle" font-weight="700" fill="${colour}">${read}</text>`;
    const verdict = (read: number) => (read === p.label ? COLOURS[2] : COLOURS[1]);
    parts.push(
      cell(x, at(0), await png(imageGrid(p.clean, { scale: 2 }))),
      cell(x, at(1), await png(signedGrid(difference(p.adversarial, p.clean), epsilon, { scale: 2 }))),
      cell(x, at(2), await png(imageGrid(p.adversarial, { scale: 2 }))),
      answer(2, p.fooled, verdict(p.fooled)),
      cell(x, at(3), await png(imageGrid(p.hardenedInput, { scale: 2 }))),
      answer(3, p.hardened, verdict(p.hardened)),
    );
  }
  const width = LABELS + shown.length * CELL;
  const height = 4 * (CELL + 14);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Digits, adversarial perturbations, and what two models read" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13" color="#777">
${parts.join("\n")}
</svg>
`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const NAMES: Readonly<Record<string, string>> = { standard: "standard", hardened: "hardened" };

function curvesChart({ curves }: DemoReport): string {
  return shareChart({
    title: "Accuracy under attack",
    x: "ε, the largest change of a pixel (L∞)",
    y: "accuracy",
    series: curves.map(({ model, attack, points }) => ({
      name: `${NAMES[model]}, ${attack}`,
      colour: model === "standard" ? COLOURS[1] : COLOURS[0],
      dashed: attack === "fgsm",
      points,
    })),
  });
}

function boundsChart({ bounds }: DemoReport, model: string): string {
  const mine = bounds.filter((b) => b.model === model);
  const upper = mine.map((b) => [b.epsilon, b.attacked] as const);
  const lower = mine.map((b) => [b.epsilon, b.certified] as const);
  const colour = model === "standard" ? COLOURS[1] : COLOURS[0];
  return shareChart({
    title: `${NAMES[model]}: proof below, attack above`,
    x: "ε",
    y: "accuracy",
    width: 430,
    height: 270,
    series: [
      { name: "PGD: at most", colour, dashed: true, points: upper },
      { name: "CROWN: at least", colour, points: lower },
    ],
    band: { colour, upper, lower },
  });
}

/** The whole story as one self-contained page. */
export async function demoPage(report: DemoReport, picture: string): Promise<string> {
  const { models, epsilon, curves, bounds, gan } = report;
  const at = (model: string, attack: string) => curves.find((c) => c.model === model && c.attack === attack)!.points.at(-1)![1];
  const last = gan.history.at(-1)!;
  const samples: Html[] = [];
  for (const { epoch, path } of gan.samples)
    samples.push(
      figure(image(await host.readFile(path), `36 samples after ${epoch} epochs`), epoch === 0 ? "untrained" : `epoch ${epoch}`),
    );
  return page(
    "Counterfoil: forge, attack, harden and prove, on MNIST",
    html`<h1>Forge, attack, harden, prove</h1>
<p class="lead">A small convolutional network learns to read MNIST, is fooled by changes of at most ${epsilon} a pixel, learns to withstand
them, and is proven not to be fooled by small ones. Then two networks play a game until noise turns into digits. Every answer below is that
of onnxruntime on the written <code>.onnx</code> file.</p>
<div class="cards">
${card(percent(models.standard.testAccuracy), "standard model, test set of 10,000")}
${card(percent(at("standard", "pgd-40")), `the same under PGD-40, ε = ${epsilon}`)}
${card(percent(models.hardened.testAccuracy), "hardened model, test set of 10,000")}
${card(percent(at("hardened", "pgd-40")), `the same under PGD-40, ε = ${epsilon}`)}
</div>
<h2>Fooled, and not</h2>
${figure(raw(picture), `One digit of each class. Red pixels were brightened, blue ones darkened. The last row is what the same attack makes of the digit against the hardened model. Green: read as what it is; orange: not.`)}
<h2>Accuracy against ε</h2>
${figure(raw(curvesChart(report)), "The first 1,000 test digits. FGSM takes one step along the sign of the gradient (Goodfellow et al. 2014), PGD forty, projected (Madry et al. 2017). A sample counts as right only if no candidate inside the ball fools the file.")}
${table(
  ["ε", ...curves.map((c) => `${c.model}, ${c.attack}`)],
  curves[0]!.points.map(([eps], i) => [`${eps}`, ...curves.map((c) => percent(c.points[i]![1]))]),
)}
<h2>Proof below, attack above</h2>
<p>The true accuracy under any attack lies between what CROWN proves (Zhang et al. 2018) and what PGD leaves. Where the two meet, it is known.</p>
<div class="row">${["standard", "hardened"].map((m) => raw(boundsChart(report, m)))}</div>
${table(
  ["model, ε", "CROWN: at least", "PGD-40: at most", "digits"],
  bounds.map((b) => [`${b.model}, ${b.epsilon}`, percent(b.certified), percent(b.attacked), b.n]),
)}
<h2>Forged digits</h2>
<p>The adversarial nets of 2014 (Goodfellow et al.): the same 36 latent vectors after each epoch. After the last, the discriminator is right on
${percent(last["discriminator/accuracy-real"]!)} of real and ${percent(last["discriminator/accuracy-fake"]!)} of forged digits (mean over the epoch).</p>
<div class="thirds">${samples}</div>
${table(
  ["epoch", "discriminator loss", "generator loss", "right on real", "right on forged"],
  gan.history.map((h, i) => [
    `${i + 1}`,
    h["discriminator/loss"]!.toFixed(3),
    h["generator/loss"]!.toFixed(3),
    percent(h["discriminator/accuracy-real"]!),
    percent(h["discriminator/accuracy-fake"]!),
  ]),
)}
<footer><p>Made by <code>counterfoil demo --seed ${report.seed}</code> in ${Math.round(report.seconds)} s on ${report.runtime}. Every number is in
<code>demo.json</code>. Standard model SHA-256 <code>${models.standard.sha256.slice(0, 16)}</code>, hardened <code>${models.hardened.sha256.slice(0, 16)}</code>.</p></footer>`,
  );
}
