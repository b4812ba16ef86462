/** An audit as one self-contained page. */
import { COLOURS, card, dataUri, figure, type Html, html, page, raw, shareChart, table } from "../report/index.ts";
import type { Exhibit } from "./gallery.ts";
import type { AuditReport } from "./report.ts";

const percent = (v: number): string => `${(100 * v).toFixed(1)} %`;
const NORMS = { linf: "L∞", l2: "L2", l1: "L1", l0: "L0" } as const;
const number = (v: number): string => `${Number(v.toPrecision(4))}`;

const STYLE = raw(`<style>
.badge { display: inline-block; min-width: 4.2em; text-align: center; border-radius: 4px; padding: .05em .5em; font-size: .8rem; font-weight: 600; color: #fff }
.badge.pass { background: #00734f } .badge.fail { background: #b3350a } .badge.skip { background: #6b6e76 }
table.wide td, table.wide th { text-align: left; vertical-align: top }
table.wide td:first-child, table.wide th:first-child { white-space: nowrap }
.exhibit { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem; background: var(--card); border-radius: 8px; padding: .75rem }
.exhibit > figcaption { grid-column: 1 / -1; margin: 0; line-height: 1.4 }
.exhibit img { width: 100%; display: block }
.exhibits { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem }
.exhibit b { color: var(--ink) }
</style>`);

const badge = (status: string): Html => {
  const kind = status === "not run" ? "skip" : status;
  return html`<span class="badge ${kind}">${status}</span>`;
};

/** What the checks say, in one sentence that comes first. */
function trust({ verdicts }: AuditReport): Html {
  const failed = verdicts.filter((v) => v.status === "fail");
  const run = verdicts.filter((v) => v.status !== "not run").length;
  return failed.length === 0
    ? html`<p class="lead">${badge("pass")} All ${run} checks that could be run found nothing that speaks against the figure: read it as an upper bound of the true robust accuracy.</p>`
    : html`<p class="lead">${badge("fail")} Do not quote the robust accuracy: ${failed.length} of ${run} checks found that the evaluation may have been fooled.</p>`;
}

const wide = (heads: readonly string[], rows: readonly (readonly (string | number | Html)[])[]): Html =>
  html`<div style="overflow-x:auto">${raw(table(heads, rows).markup.replace("<table>", '<table class="wide">'))}</div>`;

const verdictTable = ({ verdicts }: AuditReport): Html =>
  wide(
    ["verdict", "check", "evidence"],
    [...verdicts]
      .sort((a, b) => rank(a.status) - rank(b.status))
      .map((v) => [badge(v.status), v.title, v.mend ? html`${v.evidence}. <b>To mend:</b> ${v.mend}.` : v.evidence]),
  );
const rank = (status: string): number => ["fail", "pass", "not run"].indexOf(status);

const stageTable = (r: AuditReport): Html =>
  table(
    ["attack", "attacked", "turned", "robust accuracy after it", "forward passes", "gradient evaluations"],
    r.stages.map((s) => [s.recipe, s.attacked, s.turned, percent(s.robustAccuracy), s.forwards, s.backwards]),
  );

function charts(r: AuditReport): Html {
  const parts = [
    shareChart({
      title: "Robust accuracy against work",
      x: "gradient evaluations a sample",
      y: "accuracy",
      width: 440,
      height: 280,
      series: [{ name: "cascade", colour: COLOURS[0], points: stepped(r.anytime) }],
      ticks: ticksOf(r.anytime.at(-1)?.[0] ?? 1),
    }),
  ];
  if (r.againstEpsilon)
    parts.push(
      shareChart({
        title: "Accuracy against ε",
        x: `ε (${NORMS[r.threat.norm]})`,
        y: "accuracy",
        width: 440,
        height: 280,
        series: [{ name: "APGD-CE", colour: COLOURS[1], points: r.againstEpsilon }],
      }),
    );
  return html`<div class="row">${parts.map((c) => html`<figure>${raw(c)}</figure>`)}</div>`;
}

/** A curve that stays until it falls. */
const stepped = (points: AuditReport["anytime"]): (readonly [number, number])[] =>
  points.flatMap(([x, y], i) => (i === 0 ? [[x, y] as const] : [[x, points[i - 1]![1]] as const, [x, y] as const]));
const ticksOf = (most: number): number[] => [0, 0.25, 0.5, 0.75, 1].map((t) => Math.round(t * most));

function exhibit(e: Exhibit, r: AuditReport): Html {
  const name = (c: number) => r.classNames[c] ?? `${c}`;
  const sure = (v: number | undefined) => (v === undefined ? "" : ` (${percent(v)})`);
  const text = html`<figcaption>#${e.index}: <b>${name(e.predicted)}</b>${sure(e.confidence?.clean)} → <b>${name(e.adversarialPredicted)}</b>${sure(e.confidence?.adversarial)}<br>${e.turnedBy ?? ""}, ${NORMS[r.threat.norm]} distance ${number(e.distance)}</figcaption>`;
  if (e.pictures) {
    const alts = ["clean", "perturbation, amplified", "adversarial"];
    return html`<figure class="exhibit">${e.pictures.map((p, k) => html`<img src="${dataUri(p)}" alt="sample ${e.index}, ${alts[k]!}">`)}${text}</figure>`;
  }
  return html`<figure class="exhibit" style="display:block">${text}${table(
    ["feature", "from", "to"],
    e.changes.map((c) => [c.feature, number(c.from), number(c.to)]),
  )}</figure>`;
}

function deploymentSection(r: AuditReport): Html {
  if (r.deployment.length === 0) return html`<p>Not measured for samples of this shape.</p>`;
  const rate = (v: number | null) => (v === null ? "–" : percent(v));
  return html`${table(
    ["after", "still wrong", "destruction rate", "within ε", "robust accuracy", "clean accuracy"],
    r.deployment.map((d) => [
      d.channel,
      `${d.survived} of ${d.turned}`,
      rate(d.destructionRate),
      rate(d.withinEpsilon),
      percent(d.robustAccuracy),
      percent(d.cleanAccuracy),
    ]),
  )}${
    r.destruction.length === 0
      ? html``
      : html`<p>The destruction rate (Kurakin, Goodfellow &amp; Bengio 2016) under what a camera or a network does:</p>${table(
          ["transformation", "destroyed", "rate"],
          r.destruction.map((d) => [d.transformation, `${d.destroyed} of ${d.turned}`, rate(d.rate)]),
        )}`
  }`;
}

/** What lies between the data and the file, as it was declared. */
const declared = (preprocessing: AuditReport["model"]["preprocessing"]): string =>
  preprocessing === null
    ? "none: the file is fed the data as they are"
    : Object.entries(preprocessing)
        .map(([k, v]) => `${k} ${v}`)
        .join(", ");

/** The page of a report; `exhibits` come from `gallery`. */
export function auditPage(r: AuditReport, exhibits: readonly Exhibit[]): string {
  const { norm, epsilon, range } = r.threat;
  const name = r.model.path?.split("/").at(-1) ?? "model";
  const cards = [
    card(percent(r.cleanAccuracy), `clean accuracy, n = ${r.n}`),
    card(percent(r.robustAccuracy), `robust accuracy, ${NORMS[norm]} ε = ${number(epsilon)}: at most`),
    card(
      r.certifiedAccuracy === null ? "–" : percent(r.certifiedAccuracy),
      r.certifiedAccuracy === null ? r.certification : "certified: at least",
    ),
  ];
  return page(
    `Audit of ${name}`,
    html`${STYLE}<h1>Audit of ${name}</h1>
${trust(r)}
<div class="cards">${cards}</div>
<h2>Can the figure be trusted?</h2>
${verdictTable(r)}
<h2>What was tried</h2>
<p><code>${r.ensemble.name}</code> version ${r.ensemble.version}: ${r.ensemble.recipe}. Each attack is given what the ones before it left; an input counts when the file itself, run on it, is wrong.</p>
<div style="overflow-x:auto">${stageTable(r)}</div>
${charts(r)}
<h2>What was found</h2>
${
  exhibits.length === 0
    ? html`<p>No sample was turned.</p>`
    : html`<p>Clean, the perturbation (red: brighter, blue: darker, at full colour where it is largest), adversarial.</p><div class="exhibits">${exhibits.map((e) => exhibit(e, r))}</div>`
}
<h2>Does it survive deployment?</h2>
<p>Success measured again on what arrives after files, codecs and devices.</p>
<div style="overflow-x:auto">${deploymentSection(r)}</div>
<h2>Provenance</h2>
${figure(
  wide(
    ["", ""],
    [
      ["model", html`${r.model.path ?? "in memory"}${r.model.sha256 ? html` <small>SHA-256 ${r.model.sha256}</small>` : html``}`],
      [
        "access",
        `${r.model.access}; outputs ${r.model.output ?? "labels"}; ${r.model.classes} classes; input [${r.model.inputShape.join(", ")}]`,
      ],
      ["preprocessing", declared(r.model.preprocessing)],
      [
        "data",
        Object.entries(r.data)
          .map(([k, v]) => `${k}: ${v}`)
          .join(", "),
      ],
      [
        "threat",
        `${NORMS[norm]}, ε = ${number(epsilon)}, values in [${range.join(", ")}]${r.threat.constrained ? ", with constraints" : ""}`,
      ],
      ["seed", r.seed],
      ["runtime", `${r.runtime}, ${r.seconds.toFixed(0)} s`],
      ["report", `version ${r.version}, ${r.tool.name} ${r.tool.version}`],
      ...r.model.notes.map((n) => ["note", n] as const),
    ],
  ),
  "A robust accuracy is an upper bound: no attack that was run does better, and another might.",
)}`,
  );
}
