/** `--eot NAMES`: an attack on the expectation over transformations. */
import {
  type Attack,
  brightness,
  compose,
  contrast,
  expectation,
  gaussianBlur,
  gaussianNoise,
  jpeg,
  perspective,
  printAndPhoto,
  rotation,
  scale,
  type Transformation,
  translation,
} from "../attack/index.ts";
import { fail } from "../base/index.ts";
import { choice, number } from "./options.ts";

const transformations: Readonly<Record<string, () => Transformation>> = {
  brightness,
  contrast,
  blur: gaussianBlur,
  noise: gaussianNoise,
  jpeg,
  rotation,
  translation,
  scale,
  perspective,
  "print-and-photo": printAndPhoto,
};

/** The attack itself without names. */
export function expected(attack: Attack, names: string | undefined, samples: string | undefined): Attack {
  const draws = number("eot-samples", samples ?? "10", { least: 1, whole: true });
  if (names === undefined) {
    if (samples !== undefined)
      fail({
        code: "option-eot",
        expected: "--eot-samples with --eot",
        got: "no --eot",
        mend: "name the transformations, or leave it out",
      });
    return attack;
  }
  if (attack.access !== "gradient")
    fail({
      code: "option-eot",
      expected: "--eot with an attack that follows gradients",
      got: attack.name,
      mend: "choose pgd or apgd-ce, or leave --eot out",
    });
  const set = names.split(",").map((name) => transformations[choice("eot", name.trim(), Object.keys(transformations))]!());
  return expectation(attack as Attack<"gradient">, set.length === 1 ? set[0]! : compose(...set), draws) as unknown as Attack;
}
