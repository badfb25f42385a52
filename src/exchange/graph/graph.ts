/** A parameter of a node: numbers, text, and lists of them. */
export type GraphValue =
  | number
  | boolean
  | string
  | readonly number[]
  | readonly (string | number | null)[]
  | readonly string[];

/** What nodes can do; each has a row in `row-ops.ts` and one in `onnx-ops.ts`. */
export type GraphOp =
  | "numbers"
  | "text"
  | "choose"
  | "stack"
  | "centerScale"
  | "scaleShift"
  | "clip"
  | "fill"
  | "missing"
  | "bins"
  | "power"
  | "levels"
  | "normal"
  | "splines"
  | "normalize"
  | "above"
  | "products"
  | "code"
  | "gather"
  | "spread"
  | "linear"
  | "exp"
  | "inverseLink"
  | "bothSides"
  | "sigmoid"
  | "ramp"
  | "shares"
  | "divide"
  | "complement"
  | "softmax"
  | "trees"
  | "pickLabel"
  | "bestLabel";

/** One step of a graph: a matrix of `width` columns made of earlier ones, row by row. */
export interface GraphNode {
  readonly op: GraphOp;
  /** Earlier nodes by number; none for what reads the rows. */
  readonly inputs: readonly number[];
  readonly width: number;
  readonly params: Readonly<Record<string, GraphValue>>;
}

/** A column of the rows that come in. */
export interface GraphColumn {
  readonly name: string;
  readonly kind: "number" | "text";
}

/** What comes out. */
export interface GraphOutput {
  readonly name: "predict" | "predictProba" | "decisionFunction" | "transform";
  readonly node: number;
  /** Names of its columns. */
  readonly columns: readonly string[];
  /** Labels that codes stand for; undefined where the numbers are the result. */
  readonly classes?: readonly (string | boolean)[] | undefined;
  /** Whole numbers. */
  readonly integer: boolean;
}

/**
 * What a fitted model does to a row, as a graph of operations on columns of doubles: what exports are written from. It is
 * recorded from the model's lazy prediction, so that pipelines and compositions are in it already.
 */
export interface ExportGraph {
  /** The model's class, for headings. */
  readonly kind: string;
  readonly columns: readonly GraphColumn[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphOutput[];
}
