import { DataError } from "../src/base/errors.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import { frameState } from "../src/collections/frame/frame-state.js";
import { emptyFrame } from "../src/collections/frame/frame-types.js";
import { LiveFrame } from "../src/collections/frame/live-frame.js";
import { polars, type PolarsFrame } from "../src/collections/frame/polars.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { isLocal, toMatrix, type MatrixInput } from "../src/estimator/inputs.js";
import type { ColumnKind } from "../src/estimator/table.js";
import type { Column, DenseChunk, MatrixChunk } from "../src/memory/column.js";
import { densify } from "../src/numeric/densify.js";
import { missingOf } from "./categories.js";
import type { Category } from "./column-codes.js";

/** How one feature comes back from its encoded columns. */
export interface DecodedFeature {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly categories: readonly Category[];
  /** "hot": the category of each of the feature's columns, -1 for none. "code": the category of each code. */
  readonly positions: Int32Array;
  /** The category of a row without a one, -1 for none. */
  readonly none: number;
}

/** The lazy inverse of an encoding: an array where all features are numbers, else a frame; computed for local rows. */
export function decodeCategories(
  owner: string,
  X: MatrixInput,
  features: readonly DecodedFeature[],
  form: "hot" | "code",
  names: readonly string[] | undefined,
): DistributedArray | DistributedDataFrame | Promise<LocalMatrix | PolarsFrame> {
  const x = toMatrix(owner, X);
  const width =
    form === "code" ? features.length : features.reduce((sum, feature) => sum + feature.positions.length, 0);
  if (x.width !== width)
    throw new DataError(
      `${owner}: X has ${x.width} columns, but transform gives ${width}. Pass what transform returned.`,
    );
  const numeric = features.every(({ kind }) => kind === "number");
  const step = fnRef(import.meta.url, numeric ? "decodeNumbers" : "decodeFrame");
  const plan = TaskPlan.blockwise(x.plan, owner, step, { features, form } as unknown as Plain);
  const result = numeric
    ? new DistributedArray({ plan, innerShape: [features.length], dtype: "f64", partitionRows: x.partitionRows, names })
    : new DistributedDataFrame(
        frameState({ kind: "plan", plan }, emptyFrame(schemaOf(features), owner), x.partitionRows),
      );
  return isLocal(X) ? result.compute() : result;
}

const DTYPES: Readonly<Record<ColumnKind, string>> = {
  number: "Float64",
  text: "String",
  boolean: "Bool",
  other: "String",
};

function schemaOf(features: readonly DecodedFeature[]): Record<string, string> {
  return Object.fromEntries(features.map(({ name, kind }) => [name, DTYPES[kind]]));
}

interface DecodeArgs {
  readonly features: readonly DecodedFeature[];
  readonly form: "hot" | "code";
}

/** The category's position for each row of each feature, the number of categories for none. */
function positionsIn(context: TaskContext, { features, form }: DecodeArgs, x: MatrixChunk): Int32Array[] {
  const dense = densify(context, x);
  let first = 0;
  return features.map(({ categories, positions, none }, j) => {
    const out = new Int32Array(dense.rows).fill(none < 0 ? categories.length : none);
    const view = (at: number): ArrayLike<number> => context.memory.view(dense.columns[at] as Column<"f64">);
    const set = (i: number, position: number): void => {
      out[i] = position < 0 ? categories.length : position;
    };
    if (form === "code") {
      const codes = view(j);
      for (let i = 0; i < dense.rows; i++) set(i, positions[codes[i] as number] ?? -1);
      return out;
    }
    positions.forEach((position, k) => {
      const ones = view(first + k);
      for (let i = 0; i < dense.rows; i++) if ((ones[i] as number) > 0.5) set(i, position);
    });
    first += positions.length;
    return out;
  });
}

/** One partition of features that all are numbers. */
export function decodeNumbers(context: TaskContext, args: DecodeArgs, x: MatrixChunk): DenseChunk {
  const positions = positionsIn(context, args, x);
  const out = context.memory.dense("f64", x.rows, args.features.length);
  args.features.forEach(({ categories }, j) => {
    const values = Float64Array.from([...categories, NaN] as number[]);
    const target = context.memory.view(out.columns[j] as Column<"f64">);
    const own = positions[j] as Int32Array;
    for (let i = 0; i < target.length; i++) target[i] = values[own[i] as number] as number;
  });
  return out;
}

/** One partition of features of which some are text or booleans. */
export function decodeFrame(context: TaskContext, args: DecodeArgs, x: MatrixChunk): LiveFrame {
  const pl = polars();
  const positions = positionsIn(context, args, x);
  const series = args.features.map(({ name, kind, categories }, j) => {
    const own = positions[j] as Int32Array;
    const values = [...categories, missingOf(kind)];
    const dtype = kind === "number" ? pl.Float64 : kind === "boolean" ? pl.Bool : pl.String;
    return pl.Series(
      name,
      Array.from(own, (position) => values[position] ?? null),
      dtype,
    );
  });
  return new LiveFrame(pl.DataFrame(series));
}
