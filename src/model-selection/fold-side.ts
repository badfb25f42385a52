import type { FitOptions } from "../estimator/design.js";
import type { Rows } from "../estimator/table.js";
import type { RowSelection } from "./row-selection.js";
import type { Splittable } from "./splittable.js";
import type { TrialData } from "./trial-data.js";
import type { TargetInput } from "./trial-estimator.js";

/** Options of a fit that hold one value a row, for some rows. */
export interface RowOptions extends Pick<FitOptions, "sampleWeight"> {
  readonly [name: string]: unknown;
}

/** The rows of one side of a split, with what belongs to them. */
export interface FoldSide {
  readonly X: Rows;
  readonly y: TargetInput | undefined;
  readonly options: RowOptions;
}

/** The caller's options that hold a value a row (weights, offset, exposure, groups), for the rows of a selection. */
export function rowOptionsOf(data: TrialData, rows: RowSelection | undefined): RowOptions {
  const all = { sampleWeight: data.sampleWeight, ...data.rowOptions };
  const given = Object.entries(all).filter((entry): entry is [string, Splittable] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, values]) => [name, rows ? rows.take(values) : values]));
}

/** The rows of a selection, lazily. */
export function sideOf(data: TrialData, rows: RowSelection): FoldSide {
  return {
    X: rows.take(data.X) as Rows,
    y: data.y === undefined ? undefined : (rows.take(data.y) as TargetInput),
    options: rowOptionsOf(data, rows),
  };
}
