/** Recurrent layers. Axis 0 is time: no row has its batch there. */
import type { Attrs } from "../../../src/graph/index.ts";
import { ints, type Row, w, x } from "../row.ts";

interface Parts {
  readonly bias?: false;
  readonly states?: true;
  readonly peepholes?: true;
  readonly lengths?: true;
}

const [steps, batch, size, hidden] = [3, 2, 3, 2];
const GATES: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

function layer(op: string, about: string, attrs: Attrs = {}, parts: Parts = {}): Row {
  const gates = GATES[op]! * hidden;
  const d = attrs.direction === "bidirectional" ? 2 : 1;
  const kinks = attrs.activations ? { kinks: [] } : {};
  const state = parts.states ? x([d, batch, hidden], -1, 1) : null;
  const all = [
    x([steps, batch, size], -1, 1, kinks),
    w([d, gates, size], -1, 1),
    w([d, gates, hidden], -1, 1),
    parts.bias === false ? null : w([d, 2 * gates], -1, 1),
    parts.lengths ? ints([steps, steps], [2], "int32") : null,
    state,
    ...(op === "LSTM" ? [state, parts.peepholes ? w([d, 3 * hidden], -1, 1) : null] : []),
  ];
  return { op, about, attrs: { hidden_size: hidden, ...attrs }, inputs: all, mixesBatch: true };
}

export const recurrent: Row[] = [
  ...["RNN", "GRU", "LSTM"].flatMap((op) => [
    layer(op, "forward"),
    layer(op, "reverse, with states", { direction: "reverse" }, { states: true }),
    layer(op, "both ways, with states", { direction: "bidirectional" }, { states: true }),
    layer(op, "without bias, of full lengths", {}, { bias: false, lengths: true }),
  ]),
  layer("RNN", "rectified", { activations: ["Relu"] }),
  layer("RNN", "softsign one way, tanh the other", { direction: "bidirectional", activations: ["Softsign", "Tanh"] }),
  layer("GRU", "reset after the product", { linear_before_reset: 1 }, { states: true }),
  layer("GRU", "reset after the product, no states", { linear_before_reset: 1 }),
  layer("GRU", "reset after the product, no bias", { linear_before_reset: 1 }, { bias: false, states: true }),
  layer("LSTM", "peepholes", {}, { peepholes: true, states: true }),
  layer("LSTM", "peepholes both ways, no states", { direction: "bidirectional" }, { peepholes: true }),
  layer("LSTM", "coupled gates", { input_forget: 1 }, { states: true }),
];
