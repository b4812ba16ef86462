/** The model card of a run: what the generator is, what it learnt from, how good it is, how to draw from it. In the form that the Hugging Face hub reads. */
import type { Pool } from "../data/index.ts";
import type { Gan, GanReport, GanVerdict } from "../gan/index.ts";
import { summary } from "./gan-watch.ts";
import { version } from "./version.ts";

export interface CardFacts {
  readonly gan: Gan;
  readonly data: Pool;
  readonly command: string;
  readonly steps: number;
  readonly seed: number;
  readonly generator: { readonly sha256: string; readonly bytes: number };
  readonly runtime: string;
  readonly report: GanReport | null;
  readonly verdicts: readonly GanVerdict[];
}

export function card({ gan, data, command, steps, seed, generator, runtime, report, verdicts }: CardFacts): string {
  const pictures = data.shape.length === 3;
  const { draw, size } = gan.latent;
  const drawn = draw.kind === "uniform" ? `np.random.uniform(${draw.low}, ${draw.high}, (16, ${size}))` : `np.random.randn(16, ${size})`;
  const labels = gan.classes === null ? "" : `, "labels": np.arange(16) % ${gan.classes}`;
  const found = verdicts.filter((v) => v.found);
  return `---
library_name: onnx
pipeline_tag: ${pictures ? "unconditional-image-generation" : "other"}
license: unknown
tags: [gan, onnx, counterfoil]
---
# A generator of ${data.name}

Makes samples [${data.shape.join(", ")}] with values in [${data.range.join(", ")}] of ${gan.latent.draw.kind} noise [${gan.latent.size}]${gan.classes === null ? "" : ` and a class from 0 to ${gan.classes - 1}${data.classNames ? ` (${data.classNames.slice(0, 20).join(", ")}${data.classNames.length > 20 ? ", …" : ""})` : ""}`}. It invents; nothing it shows happened.

## Files

| file | what |
|---|---|
| generator.onnx | latent [N, ${gan.latent.size}]${gan.classes === null ? "" : ", labels int64 [N]"} → samples [N, ${data.shape.join(", ")}]; ${generator.bytes} bytes, sha256 ${generator.sha256} |
| discriminator.onnx | samples${gan.pack > 1 ? `, ${gan.pack} at a time` : ""} → one logit, higher for real |

## Drawing samples

\`\`\`sh
npx counterfoil sample generator.onnx -n 64 -o ${pictures ? "grid.png" : "samples.npz"}
\`\`\`

\`\`\`python
import numpy as np, onnxruntime
z = ${drawn}.astype(np.float32)
samples, = onnxruntime.InferenceSession("generator.onnx").run(None, {"latent": z${labels}})
\`\`\`

In Node and in a page the same file runs on onnxruntime-node and onnxruntime-web.

## Training

\`${command}\`: ${steps} steps of batch ${gan.batch}, objective ${gan.objective.name}${gan.regularisers.length > 0 ? ` with ${gan.regularisers.map((r) => r.name).join(", ")}` : ""}, seed ${seed}, counterfoil ${version} on ${runtime}.

Data: ${Object.entries(data.provenance)
    .map(([k, v]) => `${k} ${v}`)
    .join(", ")}.

## How good

${report ? `${summary(report)}; against ${report.real.split}, extractor ${report.extractor.name}${report.extractor.sha256 ? ` (sha256 ${report.extractor.sha256})` : ""}.` : "Not measured."}
${found.length === 0 ? `\nNo sign of failure was found${report ? "" : " while it was trained"}.\n` : `\n${found.map((v) => `- ${v.title}: ${v.evidence}.`).join("\n")}\n`}
## Limits

It knows what its data show and no more, and repeats what is lopsided in them. The licence of the data is the data's own; fill in the licence above before you publish this.
`;
}
