import { DataError, ParameterError } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { addRowStep, isFiniteRow, type RowStep } from "../src/estimator/row-steps.js";
import { binaryOp } from "../src/kernels/kernels.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { DTYPE_CODE } from "../src/memory/dtype.js";
import { floatDtype, requireFinite, sparseError, type ColumnLabels } from "./column-steps.js";
import { StatelessTransformer } from "./stateless.js";

/** Parameters of {@link PolynomialFeatures}. */
export interface PolynomialFeaturesParams {
  degree: number | readonly [number, number];
  interactionOnly: boolean;
  includeBias: boolean;
}

const TABLE = new ParamTable<PolynomialFeaturesParams>("PolynomialFeatures", (z) =>
  z.object({
    degree: z
      .union([
        z.int().min(0),
        z
          .tuple([z.int().min(0), z.int().min(0)])
          .refine(([low, high]) => low <= high, "must be [low, high] with low <= high"),
      ])
      .default(2)
      .describe("the highest degree of a product, or [lowest, highest]"),
    interactionOnly: z.boolean().default(false).describe("only products of different columns: no squares"),
    includeBias: z.boolean().default(true).describe("a first column of ones: the product of degree 0"),
  }),
);

const MOST_COLUMNS = 1_000_000;

/**
 * All products of columns up to a degree: `[1, a, b, a², ab, b²]` for degree 2, in scikit-learn's order and with its names
 * (`a^2`, `a b`).
 *
 * `fit` records the columns and reads nothing. `transform` is lazy for distributed X and costs one multiplication a value
 * that it returns: a product is made from one of a degree less. X: `(nRows, nFeatures)`, dense; f32 stays f32 (products are
 * taken in f64), other dtypes become f64. NaN and infinities are an error that names column, partition and row, when the
 * rows are computed. Sample weights do not matter.
 *
 * Differs from scikit-learn: NaN is found in `transform`, not in `fit`; sparse X is refused.
 *
 * @example
 * ```ts
 * const poly = await new PolynomialFeatures().fit({ a: [2], b: [3] });
 * poly.getFeatureNamesOut(); // ["1", "a", "b", "a^2", "a b", "b^2"]
 * (await poly.transform({ a: [2], b: [3] })).toRows(); // [[1, 2, 3, 4, 6, 9]]
 * ```
 */
export class PolynomialFeatures extends StatelessTransformer<PolynomialFeaturesParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<PolynomialFeaturesParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): PolynomialFeatures {
    return new PolynomialFeatures().restore(json);
  }

  /** The exponent of each column (second index) in each product (first index). */
  get powers(): number[][] {
    const { terms, emitted } = this.#products(this.nFeatures);
    return emitted.map((t) => {
      const exponents = new Array<number>(this.nFeatures).fill(0);
      for (const j of variablesOf(terms, t)) exponents[j] = (exponents[j] ?? 0) + 1;
      return exponents;
    });
  }

  override getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.featureNames, this.nFeatures);
    return this.powers.map((exponents) => {
      const factors = exponents.flatMap((power, j) =>
        power === 0 ? [] : [power === 1 ? `${names[j]}` : `${names[j]}^${power}`],
      );
      return factors.length === 0 ? "1" : factors.join(" ");
    });
  }

  protected override checkInput(owner: string, layout: "dense" | "csr", width: number): void {
    if (layout === "csr") throw sparseError(owner, "its products are made from dense columns");
    this.#products(width);
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    this.checkInput("PolynomialFeatures.transform", x.layout, x.width);
    const names = this.getFeatureNamesOut();
    const { terms, emitted } = this.#products(x.width);
    const args = {
      prefix: Int32Array.from(terms, (term) => term.prefix),
      variable: Int32Array.from(terms, (term) => term.variable),
      emitted: Int32Array.from(emitted),
      owner: "PolynomialFeatures.transform",
      names: this.featureNames,
    };
    const step = fnRef(import.meta.url, "productsStep");
    return x.mapChunks("PolynomialFeatures", step, args, {
      innerShape: [names.length],
      names,
      dtype: floatDtype(x.dtype),
    });
  }

  #products(width: number): { terms: Term[]; emitted: number[] } {
    const { degree, interactionOnly, includeBias } = this.params;
    const [low, high] = typeof degree === "number" ? [0, degree] : degree;
    const terms: Term[] = [{ prefix: -1, variable: -1, degree: 0 }];
    // Each product of degree d is one of degree d - 1 times a column that does not come before its last.
    for (let from = 0, d = 1; d <= high; d++) {
      const to = terms.length;
      for (let prefix = from; prefix < to; prefix++) {
        const last = terms[prefix]?.variable ?? -1;
        for (let j = last < 0 ? 0 : last + (interactionOnly ? 1 : 0); j < width; j++)
          terms.push({ prefix, variable: j, degree: d });
        if (terms.length > MOST_COLUMNS) {
          throw new DataError(
            `PolynomialFeatures: ${width} columns to degree ${high} give more than ${MOST_COLUMNS} products. Lower degree, set interactionOnly, or select columns.`,
          );
        }
      }
      from = to;
    }
    const emitted = terms
      .map((_, t) => t)
      .filter((t) => {
        const own = terms[t]?.degree ?? 0;
        return own === 0 ? includeBias : own >= Math.max(1, low) && own <= high;
      });
    if (emitted.length === 0) {
      throw new ParameterError(
        "PolynomialFeatures: degree 0 without includeBias leaves no column. Raise degree or set includeBias to true.",
      );
    }
    return { terms, emitted };
  }
}

registerEstimator("PolynomialFeatures", PolynomialFeatures);

/** A product: an earlier one times a column; both -1 for the product of nothing. */
interface Term {
  readonly prefix: number;
  readonly variable: number;
  readonly degree: number;
}

function variablesOf(terms: readonly Term[], t: number): number[] {
  const found: number[] = [];
  for (let at = t; at > 0; at = terms[at]?.prefix ?? 0) found.push(terms[at]?.variable ?? 0);
  return found.reverse();
}

/** What {@link productsStep} is told. */
export interface ProductArgs extends ColumnLabels {
  readonly prefix: Int32Array;
  readonly variable: Int32Array;
  /** The products that are returned; the others are only factors of these. */
  readonly emitted: Int32Array;
}

// Rows at a time: the columns of a tile stay in the second-level cache while all products of it are made.
const TILE = 4096;

/** The products of one partition. */
export function productsStep(context: TaskContext, args: ProductArgs, x: DenseChunk): DenseChunk {
  requireFinite(context, args, x);
  using space = Workspace.over(context.memory, x);
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const out = context.memory.denseIn(f32 ? "f32" : "f64", x.rows, args.emitted.length, space.arena);
  const inputs = x.columns.map((column) => space.doubles(column));
  const place = new Map(Array.from(args.emitted, (term, k): [number, Column] => [term, out.columns[k] as Column]));
  // Where products go that are not doubles of the result: one tile each.
  const scratch = Array.from(args.prefix, (_, t) =>
    t > 0 && args.prefix[t] !== 0 && (f32 || !place.has(t)) ? space.bytes(TILE * 8) : 0,
  );
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const n = Math.min(TILE, x.rows - from);
    const pointer = new Float64Array(args.prefix.length);
    for (let t = 1; t < args.prefix.length; t++) {
      const target = place.get(t);
      const direct = target !== undefined && !f32;
      const source = (inputs[args.variable[t] as number] as number) + from * 8;
      const prefix = args.prefix[t] as number;
      if (prefix === 0) {
        pointer[t] = source;
        if (direct) space.kernels.copy(target.offset + from * 8, source, n * 8);
      } else {
        pointer[t] = direct ? target.offset + from * 8 : (scratch[t] as number);
        space.kernels.binary(binaryOp.mul, pointer[prefix] as number, source, n, pointer[t] as number);
      }
      if (target && f32)
        space.kernels.convert(
          DTYPE_CODE.f64 as 0,
          DTYPE_CODE.f32 as 1,
          pointer[t] as number,
          n,
          target.offset + from * 4,
        );
    }
  }
  const ones = place.get(0);
  if (ones) (context.memory.view(ones) as Float64Array).fill(1);
  return out;
}

addRowStep<ProductArgs>(fnRef(import.meta.url, "productsStep"), ({ prefix, variable, emitted }) => {
  const step = (row: Float64Array): Float64Array | undefined => {
    if (!isFiniteRow(row)) return undefined;
    const products = new Float64Array(prefix.length);
    products[0] = 1;
    for (let t = 1; t < products.length; t++) {
      const value = row[variable[t] as number] as number;
      products[t] = prefix[t] === 0 ? value : (products[prefix[t] as number] as number) * value;
    }
    return Float64Array.from(emitted, (t) => products[t] as number);
  };
  return step as RowStep;
});
