/** What is noted of a game while it runs, kept in its folder, and what is measured and said of it at the end. */
import { host } from "#host";
import type { Tensor } from "../base/index.ts";
import type { Course, Floor, GanReport, GanResult, GanVerdict, Memory, Observation } from "../gan/index.ts";
import { readSafetensors, writeSafetensors } from "../train/index.ts";
import { percent, say } from "./output.ts";

const NAME = /^features-(\d+)\.safetensors$/;

/** The features of the last looks, as files of a run folder. */
export function memoryIn(folder: string): Memory {
  const place = `${folder}/looks`;
  const kept = async (): Promise<number[]> =>
    (await host.kind(place)) === "directory"
      ? (await host.readDir(place)).flatMap(({ name }) => (NAME.test(name) ? [Number(NAME.exec(name)![1])] : [])).sort((a, b) => a - b)
      : [];
  const path = (step: number) => `${place}/features-${step}.safetensors`;
  return {
    async recall(step) {
      const last = (await kept()).filter((s) => s < step).at(-1);
      return last === undefined ? null : (readSafetensors(await host.readFile(path(last))).tensors.features as Tensor<"float32">);
    },
    async keep(step, features) {
      await host.writeFile(path(step), writeSafetensors({ features }));
      // a run that was cut off goes on from before its last look
      for (const old of (await kept()).filter((s) => s < step).slice(0, -2)) await host.remove(path(old));
    },
  };
}

/** As metrics of a run. */
export const metricsOf = ({ step: _, ...seen }: Observation): Record<string, number> =>
  Object.fromEntries(Object.entries(seen).map(([name, v]) => [`look/${name}`, v]));

/** What the rules ask about, of the history of a run. */
export function courseOf({ history }: Pick<GanResult, "history">, floor: Floor, every: number, report: GanReport | null): Course {
  return {
    looks: history.map((h, i) => ({
      step: (i + 1) * every,
      spread: h["look/spread"]!,
      moved: h["look/moved"]!,
      shift: h["look/shift"]!,
      precision: h["look/precision"]!,
      coverage: h["look/coverage"]!,
      accuracy: h["look/accuracy"]!,
    })),
    floor,
    losses: history.map((h) => ({ generator: h["generator/loss"]!, discriminator: h["discriminator/loss"]! })),
    report,
    blame: null,
  };
}

/** Say what was found; all well is one line. */
export function sayVerdicts(verdicts: readonly GanVerdict[]): void {
  const found = verdicts.filter((v) => v.found);
  for (const v of found) say(`  ${v.rule}: ${v.title.toLowerCase()}: ${v.evidence}; ${v.mend}`);
  if (found.length === 0) say(`  none of ${verdicts.length} signs of failure: ${verdicts.map((v) => v.rule).join(", ")}`);
}

/** The figures of a report in a line. */
export function summary(r: GanReport): string {
  const parts = [
    r.modes !== null && `${r.modes} of ${r.modesOf} modes`,
    r.highQuality !== null && `${percent(r.highQuality)} of high quality`,
    r.frechet !== null && `Fréchet distance ${r.frechet.toPrecision(3)} (real ${r.frechetFloor!.toPrecision(2)}; ${r.extractor.name})`,
    `precision ${percent(r.precision)} (real ${percent(r.floor.precision)}), coverage ${percent(r.coverage)} (real ${percent(r.floor.coverage)})`,
    `a fresh discriminator tells ${percent(r.freshDiscriminatorAccuracy)}`,
    r.trainSyntheticTestReal !== null &&
      `a classifier of its samples has ${percent(r.trainSyntheticTestReal)} of real ones right (one of as many real samples ${percent(r.trainSyntheticTestRealFloor!)})`,
  ];
  return `${parts.filter((p) => p !== false).join(", ")}; n = ${r.n}`;
}
