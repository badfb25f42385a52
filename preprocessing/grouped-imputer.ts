import { DataError, FitError, ParameterError, show } from "../src/base/errors.js";
import { ParamTable } from "../src/base/params.js";
import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { TaskPlan } from "../src/collections/plan.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { FitOptions } from "../src/estimator/design.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { namesOrNumbers } from "../src/estimator/fitted-columns.js";
import { FrameTransformer } from "../src/estimator/frame-transformer.js";
import type { LabelInput, VectorInput } from "../src/estimator/inputs.js";
import { noRows } from "../src/estimator/no-rows.js";
import { registerEstimator } from "../src/estimator/registry.js";
import {
  assertNotEmpty,
  fittedTable,
  reduceTable,
  toTable,
  type FittedTable,
  type Table,
  type TableInput,
} from "../src/estimator/table.js";
import { assertCategorical } from "./categories.js";
import type { Category } from "./column-codes.js";
import { mergeGroups, tooManyGroups, type GroupStrategy, type GroupSums } from "./group-steps.js";
import { mergeRuns, type Run } from "./order-steps.js";
import { modeOf } from "./simple-imputer.js";
import { sortedQuantiles } from "./sorted-quantiles.js";
import { TargetStats } from "./target-stats.js";

/** Parameters of {@link GroupedImputer}. */
export interface GroupedImputerParams {
  by: readonly (string | number)[];
  strategy: GroupStrategy;
  groupLimit: number;
  dtype: "f64" | "f32";
}

interface GroupedState extends FittedTable {
  /** Positions of the columns that make groups, and of those with values. */
  readonly by: readonly number[];
  readonly values: readonly number[];
  readonly strategy: GroupStrategy;
  readonly sums: GroupSums;
  /** Of entry `group · columns + column`; the last group's are those of all rows. */
  readonly fill: Float64Array;
}

const TABLE = new ParamTable<GroupedImputerParams>("GroupedImputer", (z) =>
  z.object({
    by: z
      .array(z.union([z.string(), z.int().min(0)]))
      .min(1)
      .default([0])
      .describe("the columns that make groups, by name or position; the others are filled in"),
    strategy: z
      .enum(["mean", "median", "mostFrequent"])
      .default("mean")
      .describe(
        "what a missing value becomes: its group's mean, median or most frequent value (the smallest of several)",
      ),
    groupLimit: z.int().min(1).default(100_000).describe("more groups are an error"),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("type of the result"),
  }),
);

const STEPS = new URL("./group-steps.js", import.meta.url).href;

/**
 * Fills missing values (NaN; null in frames) with a statistic of their group: the rows that have the same in the columns
 * `by` (text, booleans or numbers; a missing one makes a group of its own). Where a group has no value of a column, and for
 * groups that fit has not seen, the statistic of all rows is taken.
 *
 * `fit` is one pass; for means 24 bytes a group and column travel and are kept, for "median" and "mostFrequent", which are
 * exact, the distinct values of each group. `transform` is lazy for distributed X and returns the filled columns without
 * those of `by`, which may be text: combine them with a ColumnTransformer. Weight 2 counts a row twice; infinities are an
 * error. `partialFit` and {@link merge} equal one fit on all rows. scikit-learn has no such imputer.
 *
 * @example
 * ```ts
 * const imputer = await new GroupedImputer({ by: ["city"] }).fit({ city: ["a", "a", "b"], rent: [1, 3, 9] });
 * await imputer.transform({ city: ["a", "b", "c"], rent: [NaN, NaN, NaN] }); // 2, 9, 4.333
 * ```
 */
export class GroupedImputer extends FrameTransformer<GroupedImputerParams, GroupedState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<GroupedImputerParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): GroupedImputer {
    return new GroupedImputer().restore(json);
  }

  /** One pass. @throws DataError for infinities, no rows, text to fill in, a column without any value, or too many groups */
  async fit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "GroupedImputer.fit";
    this.setState(await this.#measure(owner, toTable(owner, X), options));
    return this;
  }

  /** Adds rows to what was learnt before: one pass over them. @throws DataError as `fit`, and for other columns */
  async partialFit(X: TableInput, _y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "GroupedImputer.partialFit";
    const added = await this.#measure(owner, toTable(owner, X, this.stateIfFitted), options);
    return this.addState(owner, added, united);
  }

  /** The imputer of the union of what two have seen, with the parameters of the first. @throws DataError for other columns, groups or strategies */
  static merge(a: GroupedImputer, b: GroupedImputer): GroupedImputer {
    return a.mergedWith(b, united);
  }

  /** What each group has in the columns `by`. */
  get groups(): readonly (readonly Category[])[] {
    return this.state.sums.keys;
  }

  /** What a missing value of each column becomes in groups that fit has not seen. */
  get statistics(): Float64Array {
    const { fill, values } = this.state;
    return fill.slice(fill.length - values.length);
  }

  getFeatureNamesOut(): string[] {
    const names = namesOrNumbers(this.state.featureNames, this.state.nFeatures);
    return this.state.values.map((j) => names[j] ?? "");
  }

  protected transformTable(table: Table): DistributedArray {
    const { by, values, fill, sums, featureNames } = this.state;
    const { dtype } = this.params;
    const args = { columns: table.columns, by, values, keys: sums.keys, fill, dtype };
    const plan = TaskPlan.blockwise(
      table.plan,
      "GroupedImputer",
      fnRef(STEPS, "groupFillStep"),
      args as unknown as Plain,
    );
    return new DistributedArray({
      plan,
      innerShape: [values.length],
      dtype,
      partitionRows: table.partitionRows,
      names: featureNames ? this.getFeatureNamesOut() : undefined,
    });
  }

  async #measure(owner: string, table: Table, options: FitOptions): Promise<GroupedState> {
    assertNotEmpty(owner, table);
    const { strategy, groupLimit } = this.params;
    const by = this.params.by.map((one) => positionOf(owner, table, one));
    assertCategorical(owner, { ...table, columns: by.map((j) => table.columns[j] as Table["columns"][number]) });
    const values = table.columns.map((_, j) => j).filter((j) => !by.includes(j));
    const text = values.find((j) => table.columns[j]?.kind !== "number" && table.columns[j]?.kind !== "boolean");
    if (text !== undefined) {
      const { name, dtype } = table.columns[text] as Table["columns"][number];
      throw new DataError(
        `${owner}: column ${show(name)} is ${dtype}, and only numbers can be filled in. Drop it, or name it in by.`,
        { details: { column: name } },
      );
    }
    if (values.length === 0)
      throw new DataError(`${owner}: all columns make groups, so none is left to fill in. Name fewer in by.`);
    const names = by.map((j) => table.columns[j]?.name ?? String(j));
    const sums = await reduceTable<GroupSums>(
      owner,
      table,
      { sampleWeight: options.sampleWeight },
      {
        step: fnRef(STEPS, "groupStep"),
        args: { by, values, strategy, groupLimit },
        combine: (a, b) =>
          mergeGroups(a, b, values.length, groupLimit, () => {
            throw tooManyGroups(owner, names, groupLimit);
          }),
      },
      options,
    );
    if (sums.rows === 0) throw noRows(owner);
    if (!(sums.weight > 0))
      throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
    const fitted = {
      ...fittedTable(table),
    };
    return stateOf(owner, { ...fitted, by, values, strategy }, sums);
  }
}

registerEstimator("GroupedImputer", GroupedImputer);

function positionOf(owner: string, table: Table, one: string | number): number {
  const j = typeof one === "number" ? one : table.columns.findIndex(({ name }) => name === one);
  if (j >= 0 && j < table.width) return j;
  throw new ParameterError(
    `${owner}: by names ${show(one)}, but X has the columns ${table.columns.map(({ name }) => show(name)).join(", ")}. Name some of these.`,
  );
}

/** Sums with the groups in one order, whatever the order of the rows, and what follows from them. */
function stateOf(owner: string, fitted: Omit<GroupedState, "sums" | "fill">, sums: GroupSums): GroupedState {
  const width = fitted.values.length;
  const count = sums.keys.length;
  const fill = new Float64Array((count + 1) * width);
  for (let k = 0; k < width; k++) {
    const all = statistic(
      fitted.strategy,
      sums,
      Array.from({ length: count }, (_, group) => group * width + k),
    );
    if (all === undefined) {
      const name = namesOrNumbers(fitted.featureNames, fitted.nFeatures)[fitted.values[k] as number];
      throw new DataError(`${owner}: column ${show(name)} has no value at all. Drop it first.`, {
        details: { column: name ?? k },
      });
    }
    fill[count * width + k] = all;
    for (let group = 0; group < count; group++)
      fill[group * width + k] = statistic(fitted.strategy, sums, [group * width + k]) ?? all;
  }
  return { ...fitted, sums, fill };
}

/** Of some entries together; undefined where they have no value. */
function statistic(
  strategy: GroupStrategy,
  { stats, runs }: GroupSums,
  entries: readonly number[],
): number | undefined {
  if (strategy === "mean") {
    const sums = new TargetStats(stats as Float64Array);
    const total = TargetStats.of(1);
    for (const at of entries) total.add(0, sums.weight(at), sums.mean(at), sums.squares(at));
    return total.weight(0) > 0 ? total.mean(0) : undefined;
  }
  const run = joined(entries.map((at) => (runs as Run[])[at] as Run));
  if (run.value.length === 0) return undefined;
  return strategy === "mostFrequent" ? modeOf(run) : (sortedQuantiles(run.value, run.weight, [0.5])[0] as number);
}

// Pairwise, so that the cost stays at entries · log(groups).
function joined(runs: readonly Run[]): Run {
  if (runs.length === 1) return runs[0] as Run;
  const half = Math.ceil(runs.length / 2);
  return mergeRuns(joined(runs.slice(0, half)), joined(runs.slice(half)));
}

function united(
  owner: string,
  a: GroupedState,
  b: GroupedState,
  { groupLimit }: Readonly<GroupedImputerParams>,
): GroupedState {
  if (a.strategy !== b.strategy || a.by.join() !== b.by.join()) {
    throw new DataError(
      `${owner}: one fills by ${a.strategy} of columns ${a.by.join()}, the other by ${b.strategy} of ${b.by.join()}. Use one strategy and the same groups.`,
    );
  }
  const { sums: left, fill: _fill, ...fitted } = a;
  const names = namesOrNumbers(a.featureNames, a.nFeatures);
  const sums = mergeGroups(left, b.sums, a.values.length, groupLimit, () => {
    throw tooManyGroups(
      owner,
      a.by.map((j) => names[j] ?? String(j)),
      groupLimit,
    );
  });
  return stateOf(owner, fitted, sums);
}
