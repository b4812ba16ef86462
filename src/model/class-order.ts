/** Whether a model is right about its samples and only calls the classes by other numbers than the labels do. */

/** Share of the samples that the other numbering has to explain, and twice what the given one does; of fewer samples nothing is said. */
const EXPLAINED = 0.8;
const FEWEST = 10;

/**
 * Which class the model says for each label (`[1, 0]`: two that are swapped), where that is another order of the classes that explains most answers;
 * null where there is none.
 */
export function classOrder(predicted: ArrayLike<number>, labels: ArrayLike<number>, classes: number): readonly number[] | null {
  const counts = new Map<string, { label: number; said: number; n: number }>();
  let right = 0;
  for (let i = 0; i < predicted.length; i++) {
    const [label, said] = [labels[i]!, predicted[i]!];
    const pair = counts.get(`${label} ${said}`) ?? { label, said, n: 0 };
    counts.set(`${label} ${said}`, { ...pair, n: pair.n + 1 });
    if (label === said) right++;
  }
  // the most frequent pairs first, each label and each answer once
  const order = new Array<number>(classes).fill(-1);
  let explained = 0;
  let pairs = 0;
  for (const { label, said, n } of [...counts.values()].sort((a, b) => b.n - a.n))
    if (said >= 0 && order[label] === -1 && !order.includes(said)) {
      order[label] = said;
      explained += n;
      pairs++;
    }
  if (pairs < 2 || predicted.length < FEWEST || explained < EXPLAINED * predicted.length || 2 * right >= explained) return null;
  return order.map((said, label) => (said === -1 ? label : said));
}

/** The same in words. */
export const orderText = (order: readonly number[]): string => {
  const moved = order.flatMap((said, label) => (said === label ? [] : [`${label} → ${said}`]));
  return `${moved.slice(0, 4).join(", ")}${moved.length > 4 ? ", …" : ""}`;
};
