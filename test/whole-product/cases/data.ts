import { makeClassification, makeRegression } from "#datasets/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";

const integers = (rows: number): number[] => Array.from({ length: rows }, (_, i) => i);

/** 200 rows of every kind of column, with nulls, in five partitions. */
export function frame(): DistributedDataFrame {
  const rows = integers(200);
  return DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
    {
      id: rows,
      group: rows.map((i) => ["red", "green", "blue"][i % 3]),
      value: rows.map((i) => (i % 17 === 0 ? null : Math.sin(i) * 100)),
      when: rows.map((i) => new Date(Date.UTC(2024, 0, 1 + (i % 40)))),
      flag: rows.map((i) => i % 5 === 0),
    },
    { partitions: 5 },
  );
}

/** 300 x 4 numbers in seven partitions. */
export function array(): DistributedArray {
  const columns = [1, 2, 3, 4].map((k) => Float64Array.from({ length: 300 }, (_, i) => Math.cos(i * k) * k));
  return DistributedArray.fromColumns(columns, { partitions: 7, names: ["a", "b", "c", "d"] });
}

/** Counts and gaps: NaN in places, never below 0. */
export function positive(): DistributedArray {
  return array().abs().add(0.5);
}

/** Two classes, 160 x 4, in four partitions. */
export function classes(nClasses = 2): { readonly X: DistributedArray; readonly y: DistributedArray } {
  const { X, y } = makeClassification({
    nSamples: 160,
    nFeatures: 4,
    nInformative: 3,
    nRedundant: 0,
    nClasses,
    nClustersPerClass: 1,
    flipY: 0.1,
    partitions: 4,
    randomState: 3,
  });
  return { X, y };
}

/** A target of numbers, 160 x 4, in three partitions. */
export function targets(): { readonly X: DistributedArray; readonly y: DistributedArray } {
  const { X, y } = makeRegression({ nSamples: 160, nFeatures: 4, noise: 5, partitions: 3, randomState: 3 });
  return { X, y };
}

/** The same columns as a frame, under the names a, b, c and d, with a column of text and the label beside them. */
export function table(): DistributedDataFrame {
  const rows = integers(160);
  const at = (k: number): number[] => rows.map((i) => Math.sin(i * (k + 1)) * 10);
  return DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
    {
      a: at(0),
      b: at(1).map((value, i) => (i % 13 === 0 ? null : value)),
      city: rows.map((i) => ["Brno", "Praha", "Wien"][(i * 7) % 3]),
      text: rows.map((i) => ["a quick fox", "the lazy dog", "quick quick dog"][i % 3]),
      when: rows.map((i) => new Date(Date.UTC(2024, i % 12, 1 + (i % 28), i % 24))),
      y: rows.map((i) => (Math.sin(i) + ((i * 7) % 3) > 1 ? "yes" : "no")),
      target: rows.map((i) => Math.sin(i) * 3 + ((i * 7) % 3)),
    },
    { partitions: 4 },
  );
}
