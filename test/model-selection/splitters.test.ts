import { describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import {
  GroupKFold,
  KFold,
  LeaveOneGroupOut,
  PredefinedSplit,
  RepeatedKFold,
  RepeatedStratifiedKFold,
  ShuffleSplit,
  StratifiedGroupKFold,
  StratifiedKFold,
  StratifiedShuffleSplit,
  TimeSeriesSplit,
  type Split,
  type Splitter,
} from "#src/model-selection/index.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("model-selection");
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const rows = (splits: readonly Split[], side: "train" | "test"): number[][] =>
  splits.map((split) => split[side].toIndices());
const vector = (values: readonly number[], partitions: number): DistributedArray =>
  DistributedArray.fromVector(values, { partitions });
const values = async (array: DistributedArray): Promise<number[]> =>
  Array.from((await array.compute()).toVector(), Number);

describe("splitters against scikit-learn", () => {
  const data = goldenCase(golden, "KFold").data as unknown as Record<"yTrue" | "groups" | "testFold", number[]>;
  const cases: Record<string, Splitter> = {
    KFold: new KFold(),
    "KFold 7": new KFold({ nSplits: 7 }),
    StratifiedKFold: new StratifiedKFold({ nSplits: 4 }),
    GroupKFold: new GroupKFold({ nSplits: 3 }),
    StratifiedGroupKFold: new StratifiedGroupKFold({ nSplits: 3 }),
    LeaveOneGroupOut: new LeaveOneGroupOut(),
    TimeSeriesSplit: new TimeSeriesSplit({ nSplits: 4 }),
    "TimeSeriesSplit gap": new TimeSeriesSplit({ nSplits: 3, gap: 2, testSize: 5, maxTrainSize: 20 }),
    PredefinedSplit: new PredefinedSplit({ testFold: data.testFold }),
  };
  for (const [name, splitter] of Object.entries(cases)) {
    it(`${name} has scikit-learn's folds, whatever the partitions`, async () => {
      const { expected } = goldenCase(golden, name);
      const n = data.yTrue.length;
      for (const partitions of [0, 1, 4]) {
        const cut = (list: number[]): number[] | DistributedArray =>
          partitions === 0 ? list : vector(list, partitions);
        const splits = await splitter.split(cut(range(n)), cut(data.yTrue), cut(data.groups));
        expect(rows(splits, "test")).toEqual(expected["test"]);
        expect(rows(splits, "train")).toEqual(expected["train"]);
        expect(splits.map((split) => split.train.size)).toEqual(
          (expected["train"] as number[][]).map((one) => one.length),
        );
        expect(splits.map((split) => split.test.size)).toEqual(
          (expected["test"] as number[][]).map((one) => one.length),
        );
        if (splitter.nSplits !== undefined) expect(splits.length).toBe(splitter.nSplits);
      }
    });
  }
});

describe("splitters that draw", () => {
  const n = 97;
  const y = range(n).map((i) => (i % 7 === 0 ? 1 : 0));

  it("draw the same rows for any partitioning, and others for another seed", async () => {
    const makers = [
      (randomState: number): Splitter => new KFold({ shuffle: true, randomState }),
      (randomState: number): Splitter => new StratifiedKFold({ shuffle: true, randomState }),
      (randomState: number): Splitter => new ShuffleSplit({ nSplits: 3, randomState }),
      (randomState: number): Splitter => new StratifiedShuffleSplit({ nSplits: 3, testSize: 0.3, randomState }),
      (randomState: number): Splitter => new RepeatedKFold({ nSplits: 3, nRepeats: 2, randomState }),
      (randomState: number): Splitter => new RepeatedStratifiedKFold({ nSplits: 3, nRepeats: 2, randomState }),
    ];
    for (const make of makers) {
      const reference = rows(await make(5).split(range(n), y), "test");
      for (const partitions of [1, 3, 13]) {
        expect(rows(await make(5).split(vector(range(n), partitions), vector(y, partitions)), "test")).toEqual(
          reference,
        );
      }
      expect(rows(await make(6).split(range(n), y), "test")).not.toEqual(reference);
    }
  });

  it("KFold and its repeats test every row once a repeat, in folds of the right sizes", async () => {
    const splits = await new RepeatedKFold({ nSplits: 5, nRepeats: 3 }).split(range(n));
    for (let repeat = 0; repeat < 3; repeat++) {
      const folds = splits.slice(repeat * 5, repeat * 5 + 5);
      expect(
        rows(folds, "test")
          .flat()
          .toSorted((a, b) => a - b),
      ).toEqual(range(n));
      expect(folds.map((fold) => fold.test.size)).toEqual([20, 20, 19, 19, 19]);
    }
    expect(rows(splits.slice(0, 5), "test")).not.toEqual(rows(splits.slice(5, 10), "test"));
  });

  it("StratifiedKFold draws as many rows of each label as in order", async () => {
    const count = (splits: Split[]): number[] =>
      rows(splits, "test").map((fold) => fold.filter((i) => y[i] === 1).length);
    const ordered = await new StratifiedKFold().split(range(n), y);
    const shuffled = await new StratifiedKFold({ shuffle: true }).split(range(n), y);
    expect(count(shuffled)).toEqual(count(ordered));
    expect(
      rows(shuffled, "test")
        .flat()
        .toSorted((a, b) => a - b),
    ).toEqual(range(n));
  });

  it("makes all folds equally likely for a row", async () => {
    const counts = new Array<number>(12).fill(0);
    for (let randomState = 0; randomState < 2000; randomState++) {
      const splits = await new KFold({ nSplits: 3, shuffle: true, randomState }).split(range(4));
      splits.forEach((split, fold) => {
        for (const row of split.test.toIndices()) counts[row * 3 + fold] = (counts[row * 3 + fold] as number) + 1;
      });
    }
    // Fold 0 has two of four rows, the others one: 1000, 500 and 500 expected a row, within five standard deviations.
    counts.forEach((count, at) => expect(Math.abs(count - (at % 3 === 0 ? 1000 : 500))).toBeLessThan(112));
  });
});

describe("row selections", () => {
  it("keep arrays, frames, series and local rows aligned", async () => {
    const n = 50;
    const frame = DistributedDataFrame.fromColumns({ id: range(n), name: range(n).map((i) => `row ${i}`) });
    const X = vector(range(n), 3);
    const unknown = new DistributedArray({ ...X, partitionRows: undefined });
    for (const { train, test } of await new KFold({ nSplits: 3, shuffle: true }).split(unknown, X)) {
      for (const side of [train, test]) {
        const ids = side.toIndices();
        expect(await values(side.take(unknown))).toEqual(ids);
        expect(await values(side.take(X))).toEqual(ids);
        expect(side.take(range(n))).toEqual(ids);
        expect(Array.from(side.take(Float32Array.from(range(n))) as unknown as Float32Array)).toEqual(ids);
        expect(await values(side.take(frame.column("id")).toArray())).toEqual(ids);
        expect(side.take(frame).columns).toEqual(["id", "name"]);
      }
    }
  });

  it("refuse collections of other rows, or that nobody counted", async () => {
    const [split] = await new KFold().split(range(20));
    expect(() => split?.test.take(range(19))).toThrow("KFold: the collection has 19 rows, but 20 were split");
    const unknown = new DistributedArray({ ...vector(range(20), 2), partitionRows: undefined });
    expect(() => split?.test.take(unknown)).toThrow("KFold: the row counts of this collection are not known");
  });
});

describe("splitters refuse", () => {
  it("parameters out of range, before they see data", () => {
    expect(() => new KFold({ nSplits: 1 })).toThrow("KFold: nSplits must be >= 2; got 1");
    expect(() => new KFold({ randomState: 3 })).toThrow("KFold: randomState has no effect without shuffle");
    expect(() => new KFold({ folds: 3 } as never)).toThrow('KFold: unknown parameter "folds"');
    expect(() => new ShuffleSplit({ testSize: 1.5 })).toThrow("ShuffleSplit: testSize must be a fraction");
  });

  it("data that do not allow the folds", async () => {
    await expect(new KFold().split(range(4))).rejects.toThrow("KFold: 5 folds need at least as many rows; there are 4");
    await expect(new StratifiedKFold().split(range(20), [...range(17).map(() => 0), 1, 1, 1])).rejects.toThrow(
      "StratifiedKFold: the label 1 has 3 rows, fewer than the 5 folds",
    );
    await expect(new StratifiedKFold().split(range(20))).rejects.toThrow("StratifiedKFold: y is missing");
    await expect(new GroupKFold().split(range(4), undefined, [1, 1, 2, 2])).rejects.toThrow(
      "GroupKFold: there are 2 groups",
    );
    await expect(new KFold().split(range(20), range(19))).rejects.toThrow("KFold: X has 20 rows but y has 19");
    await expect(new TimeSeriesSplit({ testSize: 10 }).split(range(20))).rejects.toThrow("leave nothing of 20 rows");
    await expect(new PredefinedSplit({ testFold: [0, -2] }).split(range(2))).rejects.toThrow("integers >= -1; got -2");
    await expect(new StratifiedShuffleSplit().split(range(20), range(20))).rejects.toThrow("occurs once only");
  });
});
