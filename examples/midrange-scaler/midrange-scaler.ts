/**
 * An estimator of your own: a scaler that centres each column on the middle of its range. It lives in a module of its own,
 * because workers load it for `rangeStep`. See ../own-transformer.ts for its use.
 */
import {
  DataError,
  Design,
  fnRef,
  ParamTable,
  registerEstimator,
  Transformer,
  type DenseChunk,
  type DesignChunk,
  type DistributedArray,
  type EstimatorJson,
  type FitOptions,
  type MatrixInput,
  type TaskContext,
  type VectorInput,
} from "partwise";

interface Ranges {
  readonly rows: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

interface Params {
  /** Half the width of the range after scaling. */
  halfWidth: number;
}

const TABLE = new ParamTable<Params>("MidrangeScaler", (z) =>
  z.object({
    halfWidth: z.number().positive().default(1).describe("half the width of each column's range after scaling"),
  }),
);

export class MidrangeScaler extends Transformer<
  Params,
  { nFeatures: number; featureNames?: readonly string[] } & Ranges
> {
  constructor(params: Partial<Params> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): MidrangeScaler {
    return new MidrangeScaler().restore(json);
  }

  async fit(X: MatrixInput, _y?: VectorInput, options: FitOptions = {}): Promise<this> {
    using design = Design.open("MidrangeScaler.fit", X, undefined, options);
    const ranges = await design.reduce<Ranges>(fnRef(import.meta.url, "rangeStep"), undefined, merge);
    if (ranges.rows === 0) throw new DataError("MidrangeScaler.fit: X has no rows. Check where it comes from.");
    // NaN and infinities show in the ranges; only then is X looked through for the place.
    if (![...ranges.low, ...ranges.high].every(Number.isFinite)) await design.assertFinite();
    this.setState({ nFeatures: design.nFeatures, ...(design.names ? { featureNames: design.names } : {}), ...ranges });
    return this;
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const { low, high } = this.state;
    const middle = low.map((value, j) => (value + (high[j] ?? 0)) / 2);
    const factor = low.map((value, j) => (2 * this.params.halfWidth) / ((high[j] ?? 0) - value || 1));
    return x.sub(Array.from(middle)).mul(Array.from(factor));
  }
}

registerEstimator("MidrangeScaler", MidrangeScaler);

/** Runs where a partition is. */
export function rangeStep(context: TaskContext, _args: undefined, { x }: DesignChunk): Ranges {
  const columns = (x as DenseChunk<"f64">).columns.map((column) => context.memory.view(column));
  return {
    rows: x.rows,
    low: Float64Array.from(columns, (column) => column.reduce((a, b) => Math.min(a, b), Infinity)),
    high: Float64Array.from(columns, (column) => column.reduce((a, b) => Math.max(a, b), -Infinity)),
  };
}

function merge(a: Ranges, b: Ranges): Ranges {
  return {
    rows: a.rows + b.rows,
    low: a.low.map((value, j) => Math.min(value, b.low[j] ?? value)),
    high: a.high.map((value, j) => Math.max(value, b.high[j] ?? value)),
  };
}
