/** Self-contained HTML: everything a page shows is inside it. */

/** Markup that needs no escaping. */
export interface Html {
  readonly markup: string;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => ESCAPES[c]!);

type Piece = string | number | Html | readonly (string | number | Html)[];
const markup = (piece: string | number | Html): string => (typeof piece === "object" ? piece.markup : escapeHtml(`${piece}`));

/** Template tag: text is escaped, markup and lists of it are put in as they are. */
export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html => ({
  markup: strings.reduce((out, s, i) => {
    const piece = pieces[i - 1]!;
    return out + (Array.isArray(piece) ? piece.map(markup).join("") : markup(piece as string | number | Html)) + s;
  }),
});

/** Markup made elsewhere, such as a chart's SVG. */
export const raw = (text: string): Html => ({ markup: text });

/** A picture inside the page. */
export function dataUri(bytes: Uint8Array, type = "image/png"): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return `data:${type};base64,${btoa(binary)}`;
}

export const image = (bytes: Uint8Array, alt: string): Html => html`<img src="${dataUri(bytes)}" alt="${alt}">`;

/** Rows under column heads; the first column names the row. */
export const table = (heads: readonly string[], rows: readonly (readonly (string | number | Html)[])[]): Html => html`<table>
<thead><tr>${heads.map((h) => html`<th>${h}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((c, i) => (i === 0 ? html`<th scope="row">${c}</th>` : html`<td>${c}</td>`))}</tr>\n`)}</tbody></table>`;

export const figure = (content: Html, caption: string): Html => html`<figure>${content}<figcaption>${caption}</figcaption></figure>`;

const STYLE = `
:root { color-scheme: light dark; --ink: #1c1d21; --soft: #5d6069; --line: #d9dbe0; --paper: #fff; --card: #f6f7f9 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e9ec; --soft: #a1a5b0; --line: #3a3d45; --paper: #15161a; --card: #1d1f24 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 3rem 1.25rem 5rem; max-width: 58rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .5rem; letter-spacing: -.01em }
h2 { font-size: 1.3rem; margin: 3rem 0 .5rem }
p { max-width: 44rem; margin: .5rem 0 1rem }
.lead { color: var(--soft); font-size: 1.1rem }
figure { margin: 1.5rem 0; overflow-x: auto }
figcaption, footer, small { color: var(--soft); font-size: .875rem; margin-top: .5rem; max-width: 44rem }
img { max-width: 100%; image-rendering: pixelated; border-radius: 4px }
svg { max-width: 100%; height: auto; display: block }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0 }
th, td { text-align: right; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line) }
th:first-child { text-align: left; font-weight: 500 }
thead th { color: var(--soft); font-weight: 500; font-size: .875rem }
.row { display: flex; flex-wrap: wrap; gap: 1.25rem }
.row > * { margin: 0 }
.thirds { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.25rem }
.thirds > figure { margin: 0 }
.thirds img { width: 100% }
code { font: .875em ui-monospace, "DejaVu Sans Mono", monospace; background: var(--card); padding: .1em .3em; border-radius: 3px }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.5rem 0 }
.card { background: var(--card); border-radius: 8px; padding: .9rem 1rem }
.card b { display: block; font-size: 1.6rem; font-weight: 600; font-variant-numeric: tabular-nums }
.card span { color: var(--soft); font-size: .875rem }
`;

/** A headline figure and what it is. */
export const card = (value: string, text: string): Html => html`<div class="card"><b>${value}</b><span>${text}</span></div>`;

/** A whole document. */
export const page = (title: string, body: Html): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body.markup}
</body>
</html>
`;
