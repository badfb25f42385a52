import { DataError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import { DistributedDataFrame } from "../src/collections/frame/distributed-data-frame.js";
import { polars } from "../src/collections/frame/polars.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import type { LabelInput, VectorInput } from "../src/estimator/inputs.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { RowsTransformer } from "../src/estimator/rows-transformer.js";
import {
  assertNotEmpty,
  fittedTable,
  toTable,
  type FittedTable,
  type Rows,
  type Table,
  type TableInput,
} from "../src/estimator/table.js";
import { learnCategories, mergeLearnt, type Learnt } from "./categories.js";

/** Parameters of {@link Categorizer}. */
export interface CategorizerParams {
  columns: readonly string[] | null;
  categories: Readonly<Record<string, readonly string[]>> | null;
  categoryLimit: number;
}

interface CategorizerState extends FittedTable {
  /** Names of the columns that become categorical. */
  readonly encoded: readonly string[];
  readonly learnt: Learnt;
}

const TABLE = new ParamTable<CategorizerParams>("Categorizer", (z) =>
  z.object({
    columns: z
      .union([z.null(), z.array(z.string()).min(1)])
      .default(null)
      .describe("the columns that become categorical; null for all columns of text"),
    categories: z
      .union([z.null(), z.record(z.string(), z.array(z.string()).min(1))])
      .default(null)
      .describe("categories by column where they are known beforehand; the others are learnt"),
    categoryLimit: z.int().min(1).default(100_000).describe("more categories in a column are an error"),
  }),
);

/**
 * Columns of text as categorical ones, with categories that are known and the same in every partition and every later
 * frame (Dask-ML's). `fit` learns the categories in one pass over the text columns; `transform` is lazy: it casts the columns
 * to Polars' categorical type and makes values that are not among the categories null, as pandas does. Frames stay frames;
 * other columns, and arrays, pass through as they are.
 *
 * NaN policy: null is no category and stays null. `partialFit` and {@link Categorizer.merge} equal one fit on all rows. Sample
 * weights do not matter.
 *
 * Differs from Dask-ML: `categories` are lists of text by column; integer columns are not made categorical, which encoders
 * here do not need.
 *
 * @example
 * ```ts
 * const categorizer = await new Categorizer().fit({ city: ["Wien", "Brno"], km: [1, 2] });
 * categorizer.categories; // { city: ["Brno", "Wien"] }
 * ```
 */
export class Categorizer extends RowsTransformer<CategorizerParams, CategorizerState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<CategorizerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Categorizer {
    return new Categorizer().restore(json);
  }

  /** One pass over the columns of text that have no given categories. @throws DataError for a named column that is not text, or too many categories */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "Categorizer.fit";
    this.setState(await this.#learn(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "Categorizer.partialFit";
    const added = await this.#learn(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The categories of what two have seen, with the parameters of the first. @throws DataError for other columns */
  static merge(a: Categorizer, b: Categorizer): Categorizer {
    return a.mergedWith(b, united);
  }

  /** The categories by column, ascending or as they were given. @throws NotFittedError before fit */
  get categories(): Record<string, string[]> {
    const { encoded, learnt } = this.state;
    return Object.fromEntries(
      encoded.map((name, k) => [
        name,
        (learnt.columns[k]?.categories ?? []).filter((value): value is string => typeof value === "string"),
      ]),
    );
  }

  getFeatureNamesOut(): string[] {
    return [...namesOrNumbers(this.featureNames, this.nFeatures)];
  }

  protected transformChecked(rows: Rows): Rows {
    if (!(rows instanceof DistributedDataFrame)) return rows;
    const pl = polars();
    const exprs = Object.entries(this.categories).map(([name, known]) =>
      pl
        .when(pl.col(name).cast(pl.String).isIn(known))
        .then(pl.col(name).cast(pl.String))
        .otherwise(pl.lit(null))
        .cast(pl.Categorical)
        .alias(name),
    );
    return exprs.length === 0 ? rows : rows.withColumns(...exprs);
  }

  async #learn(owner: string, table: Table, options: FitOptions): Promise<CategorizerState> {
    assertNotEmpty(owner, table);
    const { columns, categories, categoryLimit } = this.params;
    const given = Object.keys(categories ?? {});
    for (const name of [...(columns ?? []), ...given]) {
      const column = table.columns.find((one) => one.name === name);
      if (!column)
        throw new DataError(
          `${owner}: X has no column ${show(name)}. It has ${table.columns.map((one) => one.name).join(", ")}.`,
          {
            details: { column: name },
          },
        );
      if (column.kind !== "text")
        throw new DataError(
          `${owner}: column ${show(name)} is ${column.dtype}, not text. Cast it to String first, or leave it out.`,
          {
            details: { column: name },
          },
        );
    }
    const encoded = table.columns
      .filter(({ name, kind }) => kind === "text" && (columns === null || columns.includes(name)))
      .map(({ name }) => name);
    const idle = given.find((name) => !encoded.includes(name));
    if (idle !== undefined)
      throw new ParameterError(
        `${owner}: categories has a list for ${show(idle)}, which is not among columns. Add it there.`,
      );
    const fitted = {
      ...fittedTable(table),
      encoded,
    };
    const unknown = encoded.filter((name) => !given.includes(name));
    const learnt =
      unknown.length === 0
        ? undefined
        : await learnCategories(
            owner,
            toTable(owner, (table.source as DistributedDataFrame).select(...unknown)),
            { categories: "auto", limit: categoryLimit, refuse: undefined },
            options,
          );
    return {
      ...fitted,
      learnt: {
        rows: learnt?.rows ?? 0,
        weight: learnt?.weight ?? 0,
        columns: encoded.map((name) => {
          const own = categories?.[name];
          if (own) return { categories: own, counts: new Float64Array(own.length) };
          return learnt?.columns[unknown.indexOf(name)] ?? { categories: [], counts: new Float64Array() };
        }),
      },
    };
  }
}

registerEstimator("Categorizer", Categorizer);

function united(
  owner: string,
  a: CategorizerState,
  b: CategorizerState,
  params: Readonly<CategorizerParams>,
): CategorizerState {
  const given = Object.keys(params.categories ?? {});
  const merged = mergeLearnt(owner, a.encoded, { given: false, limit: params.categoryLimit }, a.learnt, b.learnt);
  // Given categories keep their order, whatever was seen.
  const columns = merged.columns.map((column, k) =>
    given.includes(a.encoded[k] as string) ? (a.learnt.columns[k] as (typeof merged.columns)[number]) : column,
  );
  return { ...a, learnt: { ...merged, columns } };
}
