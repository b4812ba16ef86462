/** Every attack by name, with the settings that a command line can give. */
import type { Access } from "../model/index.ts";
import { apgdCe, apgdDlr, apgdTargeted } from "./apgd.ts";
import type { Attack } from "./attack.ts";
import { bim } from "./bim.ts";
import { boundary } from "./boundary.ts";
import { carliniWagnerL2 } from "./carlini-wagner-l2.ts";
import { carliniWagnerLinf } from "./carlini-wagner-linf.ts";
import { ddn } from "./ddn.ts";
import { deepfool } from "./deepfool.ts";
import { diFgsm } from "./di-fgsm.ts";
import { ead } from "./ead.ts";
import { fab } from "./fab.ts";
import { fgsm } from "./fgsm.ts";
import { fmn } from "./fmn.ts";
import { geoda } from "./geoda.ts";
import { hopSkipJump } from "./hop-skip-jump.ts";
import { jsma } from "./jsma.ts";
import { miFgsm } from "./mi-fgsm.ts";
import { nes } from "./nes.ts";
import { niFgsm } from "./ni-fgsm.ts";
import { patch } from "./patch.ts";
import { pgd } from "./pgd.ts";
import { randomNoise } from "./random-noise.ts";
import { spatial } from "./spatial.ts";
import { spsa } from "./spsa.ts";
import { square } from "./square.ts";
import { stAdv } from "./st-adv.ts";
import { tiFgsm } from "./ti-fgsm.ts";
import { universal } from "./universal.ts";
import { zoo } from "./zoo.ts";

/** Settings that more than one attack takes; each has its paper's default. */
export interface Settings {
  /** Iterations. */
  readonly steps?: number | undefined;
  /** Step length as a share of ε. */
  readonly relativeStep?: number | undefined;
  /** Questions for each sample. */
  readonly queries?: number | undefined;
  /** κ: by how much the wrong class has to lead. */
  readonly confidence?: number | undefined;
}

interface Entry {
  readonly make: (settings: Settings) => Attack;
  readonly takes: readonly (keyof Settings)[];
}

const entry = <A extends Access>(make: (settings: never) => Attack<A>, ...takes: readonly (keyof Settings)[]): Entry => ({
  make: (settings) => {
    const given = Object.fromEntries(Object.entries(settings).filter(([k, v]) => v !== undefined && takes.includes(k as keyof Settings)));
    return make(given as never) as unknown as Attack;
  },
  takes,
});

export const catalogue: Readonly<Record<string, Entry>> = {
  fgsm: entry(fgsm),
  bim: entry(bim, "steps", "relativeStep"),
  pgd: entry(pgd, "steps", "relativeStep"),
  "mi-fgsm": entry(miFgsm, "steps", "relativeStep"),
  "ni-fgsm": entry(niFgsm, "steps", "relativeStep"),
  "di-fgsm": entry(diFgsm, "steps", "relativeStep"),
  "ti-fgsm": entry(tiFgsm, "steps", "relativeStep"),
  "apgd-ce": entry(apgdCe, "steps"),
  "apgd-dlr": entry(apgdDlr, "steps"),
  "apgd-t": entry(apgdTargeted, "steps"),
  "fab-t": entry(fab, "steps"),
  "cw-l2": entry(carliniWagnerL2, "steps", "confidence"),
  "cw-linf": entry(carliniWagnerLinf, "steps", "confidence"),
  ead: entry(ead, "steps", "confidence"),
  deepfool: entry(deepfool, "steps"),
  ddn: entry(ddn, "steps"),
  fmn: entry(fmn, "steps"),
  jsma: entry(jsma),
  universal: entry(universal, "steps"),
  patch: entry(patch, "steps"),
  "st-adv": entry(stAdv, "steps"),
  spatial: entry(spatial, "queries"),
  square: entry(square, "queries"),
  nes: entry(nes, "queries"),
  spsa: entry(spsa, "queries"),
  zoo: entry(zoo, "queries"),
  "random-noise": entry(randomNoise, "queries"),
  boundary: entry(boundary, "queries"),
  "hop-skip-jump": entry(hopSkipJump, "queries"),
  geoda: entry(geoda, "queries"),
};
