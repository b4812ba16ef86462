/** A decoded file: plain data, of whatever opset the file has. `read` turns it into a graph. */
import type { DType, Tensor } from "../base/index.ts";
import type { Attrs } from "../graph/index.ts";

export interface Model {
  /** Version of the default operator set. */
  readonly opset: number;
  readonly irVersion: number;
  /** Who wrote the file: `pytorch 2.5.1`. */
  readonly producer: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Without those that only give an initialiser its place (IR before 4). */
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly string[];
  /** Half-precision ones as float32. */
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Those of the model's own functions where they are called. */
  readonly nodes: readonly ModelNode[];
}

export interface ModelInput {
  readonly name: string;
  /** As in the file; the graph takes float16 as float32. */
  readonly dtype: DType;
  /** A string is a free dimension of that name, null a free one without. */
  readonly dims: readonly (number | string | null)[];
}

export interface ModelNode {
  /** Operator name; outside the default domain with the domain before it: `com.microsoft.Gelu`. */
  readonly op: string;
  readonly name: string;
  /** Names of values; empty where an optional input or output is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Attrs;
  /** Names of attributes of kinds that no operator here takes: loop bodies, sparse tensors, types. */
  readonly opaque: readonly string[];
  /** Subgraphs without inputs of their own: what a condition chooses between. They see the names around them. */
  readonly branches: Readonly<Record<string, Branch>>;
}

export interface Branch {
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly ModelNode[];
  readonly outputs: readonly string[];
}
