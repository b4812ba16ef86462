/** Charts as SVG text: shares (0 to 1) against a number. */
import { escapeHtml } from "./html.ts";

export interface Series {
  readonly name: string;
  /** CSS colour; legible on light and dark. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Between two series: what is not decided. */
export interface Band {
  readonly colour: string;
  readonly lower: readonly (readonly [x: number, y: number])[];
  readonly upper: readonly (readonly [x: number, y: number])[];
}

export interface ChartOptions {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  readonly band?: Band;
  readonly width?: number;
  readonly height?: number;
  /** Marks on the x axis; default the points of the first series. */
  readonly ticks?: readonly number[];
}

/** Distinguishable without red-green sight (Okabe & Ito 2008). */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"] as const;

const MARGIN = { top: 34, right: 150, bottom: 46, left: 58 };

/** Push labels apart that would overlap, down and then up from `most`; keeps their order. */
function spread(at: readonly number[], least: number, most: number): number[] {
  const order = at.map((_, i) => i).sort((a, b) => at[a]! - at[b]!);
  const out = [...at];
  for (let k = 1; k < order.length; k++) out[order[k]!] = Math.max(out[order[k]!]!, out[order[k - 1]!]! + least);
  let limit = most;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i]!, limit);
    limit = out[i]! - least;
  }
  return out;
}

/** Lines of shares over x, each named at its end. */
export function shareChart({ title, x, y, series, band, width = 640, height = 320, ticks }: ChartOptions): string {
  const xs = series.flatMap((s) => s.points.map(([v]) => v));
  const [least, most] = [Math.min(...xs), Math.max(...xs)];
  const px = (v: number) => MARGIN.left + ((v - least) / Math.max(most - least, 1e-12)) * (width - MARGIN.left - MARGIN.right);
  const py = (v: number) => MARGIN.top + (1 - v) * (height - MARGIN.top - MARGIN.bottom);
  const path = (points: readonly (readonly [number, number])[]) =>
    points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("");
  const parts: string[] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1])
    parts.push(
      `<line x1="${MARGIN.left}" x2="${width - MARGIN.right}" y1="${py(share)}" y2="${py(share)}" stroke="currentColor" stroke-opacity=".15"/>`,
      `<text x="${MARGIN.left - 8}" y="${py(share) + 4}" text-anchor="end">${100 * share} %</text>`,
    );
  let written = Number.NEGATIVE_INFINITY;
  for (const v of ticks ?? [...new Set(series[0]?.points.map(([a]) => a) ?? [])]) {
    // labels that would run into one another are left out
    if (px(v) - written < 30) continue;
    written = px(v);
    parts.push(`<text x="${px(v)}" y="${height - MARGIN.bottom + 20}" text-anchor="middle">${Number(v.toPrecision(3))}</text>`);
  }
  if (band)
    parts.push(
      `<path d="${path(band.upper)}${path([...band.lower].reverse()).replace("M", "L")}Z" fill="${band.colour}" fill-opacity=".12"/>`,
    );
  const labels = spread(
    series.map((s) => py(s.points.at(-1)?.[1] ?? 0)),
    16,
    py(0),
  );
  series.forEach((s, i) => {
    parts.push(
      `<path d="${path(s.points)}" fill="none" stroke="${s.colour}" stroke-width="2"${s.dashed ? ' stroke-dasharray="5 4"' : ""} stroke-linejoin="round"/>`,
      ...s.points.map(([a, b]) => `<circle cx="${px(a).toFixed(1)}" cy="${py(b).toFixed(1)}" r="2.6" fill="${s.colour}"/>`),
      `<text x="${width - MARGIN.right + 10}" y="${labels[i]! + 4}" style="fill:${s.colour}" font-weight="600">${escapeHtml(s.name)}</text>`,
    );
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(title)}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="currentColor">
<text x="${MARGIN.left}" y="16" font-size="13" font-weight="600">${escapeHtml(title)}</text>
${parts.join("\n")}
<text x="${(MARGIN.left + width - MARGIN.right) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(x)}</text>
<text transform="translate(13 ${(MARGIN.top + height - MARGIN.bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y)}</text>
</svg>`;
}
