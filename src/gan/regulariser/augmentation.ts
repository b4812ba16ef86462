/** Random changes of pictures [N, C, H, W] that a gradient passes: what DiffAugment and ADA are made of. */
import { fail } from "../../base/index.ts";
import type { Emit, Value } from "../../graph/index.ts";
import type { Play } from "../play.ts";

type Drawing = Pick<Play, "e" | "draw">;

/** A change of each picture for itself. `gate` [N, 1, 1, 1] is 1 where a picture is to be changed, 0 where it is to stay. */
export type Augmentation = (play: Drawing, x: Value, gate: Value) => Value;

function pictures(x: Value): readonly [n: number, c: number, h: number, w: number] {
  const shape = x.type.shape;
  if (shape.length !== 4)
    return fail({
      code: "augment-shape",
      expected: "pictures [N, C, H, W] to augment",
      got: `[${shape}]`,
      mend: "leave augmentation out for data that are no pictures",
    });
  return shape as unknown as [number, number, number, number];
}

const perPicture = ({ draw }: Drawing, x: Value, low: number, high: number): Value =>
  draw({ kind: "uniform", low, high }, [pictures(x)[0], 1, 1, 1]);

const blend = (e: Emit, gate: Value, changed: Value, x: Value): Value => e.Add(x, e.Mul(gate, e.Sub(changed, x)));

const indices = (e: Emit, n: number, shape: readonly number[]): Value =>
  e.constant({ dtype: "float32", shape, data: Float32Array.from({ length: n }, (_, i) => i) });

const picture = (e: Emit, x: Value): Value => e.ReduceMean(x, e.ints([1, 2, 3]), { keepdims: 1 });

/** x + b, b up to ±¼ of pixels in [0, 1]: the papers' ±½ of [−1, 1]. */
export const brightness: Augmentation = (play, x, gate) => play.e.Add(x, play.e.Mul(gate, perPicture(play, x, -0.25, 0.25)));

/** Away from each picture's mean by a factor from ½ to 1½. */
export const contrast: Augmentation = (play, x, gate) => {
  const { e } = play;
  const mean = picture(e, x);
  return blend(e, gate, e.Add(mean, e.Mul(e.Sub(x, mean), perPicture(play, x, 0.5, 1.5))), x);
};

/** Away from each pixel's grey by a factor from 0 to 2. */
export const saturation: Augmentation = (play, x, gate) => {
  const { e } = play;
  if (pictures(x)[1] === 1) return x;
  const grey = e.ReduceMean(x, e.ints([1]), { keepdims: 1 });
  return blend(e, gate, e.Add(grey, e.Mul(e.Sub(x, grey), perPicture(play, x, 0, 2))), x);
};

/** One matrix [N, 1, size, size] a picture that moves `size` rows by a whole number up to ±size/8; what comes in is 0. */
function shift(play: Drawing, x: Value, size: number, gate: Value): Value {
  const { e } = play;
  const most = Math.max(1, Math.floor(size / 8));
  const by = e.Mul(gate, e.Floor(perPicture(play, x, -most, most + 1)));
  const from = e.Add(indices(e, size, [1, 1, size, 1]), by);
  return e.Where(e.Equal(from, indices(e, size, [1, 1, 1, size])), e.scalar(1, x), e.scalar(0, x));
}

/** Moved by whole pixels, up to an eighth of the size. */
export const translation: Augmentation = (play, x, gate) => {
  const { e } = play;
  const [, , h, w] = pictures(x);
  const down = shift(play, x, h, gate);
  const across = e.Transpose(shift(play, x, w, gate), { perm: [0, 1, 3, 2] });
  return e.MatMul(e.MatMul(down, x), across);
};

/** A square of half the size, anywhere, made 0. */
export const cutout: Augmentation = (play, x, gate) => {
  const { e } = play;
  const [, , h, w] = pictures(x);
  const near = (size: number, shape: readonly number[]) => {
    const centre = e.Floor(perPicture(play, x, 0, size));
    return e.Less(e.Abs(e.Sub(indices(e, size, shape), centre)), e.scalar(size / 4, x));
  };
  const hole = e.Where(e.And(near(h, [1, 1, h, 1]), near(w, [1, 1, 1, w])), e.scalar(1, x), e.scalar(0, x));
  return e.Sub(x, e.Mul(e.Mul(gate, hole), x));
};

/** Left and right exchanged, for one picture in two. */
export const flip: Augmentation = (play, x, gate) => {
  const { e, draw } = play;
  const [n, , , w] = pictures(x);
  const turned = e.Gather(x, e.ints(Array.from({ length: w }, (_, i) => w - 1 - i)), { axis: 3 });
  return blend(e, e.Mul(gate, draw({ kind: "bernoulli", keep: 0.5 }, [n, 1, 1, 1])), turned, x);
};

export const augmentations = { flip, translation, cutout, brightness, saturation, contrast } as const satisfies Record<
  string,
  Augmentation
>;
export type AugmentationName = keyof typeof augmentations;
