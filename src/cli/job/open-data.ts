import { existsSync } from "node:fs";
import { join } from "node:path";
import { closest, DataError, show } from "../../base/errors.js";
import type { DistributedDataFrame } from "../../collections/frame/distributed-data-frame.js";
import type { DistributedSeries } from "../../collections/frame/distributed-series.js";
import { openFrame } from "../../io/open-frame.js";
import { trainTestSplit } from "../../model-selection/train-test-split.js";
import { findDataset } from "./named-datasets.js";

/** A frame with its columns told apart. */
export interface OpenedData {
  readonly X: DistributedDataFrame;
  readonly y: DistributedSeries;
  readonly weight: DistributedSeries | undefined;
}

/** Rows by the name of a data set or by their files. @throws ParameterError or FileError as the readers */
export async function openData(command: string, name: string): Promise<DistributedDataFrame> {
  const dataset = findDataset(name);
  if (dataset && !existsSync(name)) return dataset.load();
  // A folder that `writeParquet` made, by its name alone.
  if (existsSync(join(name, "part-00000.parquet"))) return openFrame(command, join(name, "*.parquet"));
  return openFrame(command, name);
}

/** The columns of a job. @throws DataError naming the column that is not there, with the nearest */
export function columnsOf(
  command: string,
  frame: DistributedDataFrame,
  job: {
    readonly target: string;
    readonly features?: readonly string[] | undefined;
    readonly weight?: string | undefined;
  },
): OpenedData {
  const { target, features, weight } = job;
  for (const name of [target, ...(features ?? []), ...(weight === undefined ? [] : [weight])]) {
    if (name in frame.schema) continue;
    const near = closest(name, frame.columns);
    throw new DataError(
      `${command}: the data have no column ${show(name)}. ${near === undefined ? "" : `Did you mean ${show(near)}? `}They have ${frame.columns.join(", ")}.`,
      { details: { column: name } },
    );
  }
  const chosen = features ?? frame.columns.filter((name) => name !== target && name !== weight);
  if (chosen.includes(target))
    throw new DataError(`${command}: the target ${show(target)} is among the features. Take it off the list.`);
  return {
    X: frame.select(...chosen),
    y: frame.column(target),
    weight: weight === undefined ? undefined : frame.column(weight),
  };
}

/** Rows to fit on and rows held out; undefined where nothing is held out. */
export async function splitData(
  data: OpenedData,
  split: { readonly testSize: number; readonly randomState: number; readonly stratify: boolean },
): Promise<{ train: OpenedData; test: OpenedData | undefined }> {
  if (split.testSize === 0) return { train: data, test: undefined };
  const { testSize, randomState } = split;
  const sides = await trainTestSplit(
    { X: data.X, y: data.y, ...(data.weight === undefined ? {} : { weight: data.weight }) },
    { testSize, randomState, ...(split.stratify ? { stratify: data.y } : {}) },
  );
  return sides as unknown as { train: OpenedData; test: OpenedData };
}
