import { describe, expect, expectTypeOf, it } from "vitest";
import { makeBlobs, makeClassification } from "#datasets/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import type { DistributedSeries } from "#src/collections/frame/distributed-series.js";
import { readPlans } from "#src/collections/hold.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { HostCsr } from "#src/memory/host-column.js";
import { trainTestSplit } from "#src/model-selection/index.js";

const rowNumbers = (n: number, partitions = 1): DistributedArray =>
  DistributedArray.fromVector(
    Float64Array.from({ length: n }, (_, i) => i),
    { partitions },
  );
const values = async (array: DistributedArray): Promise<number[]> =>
  Array.from((await array.compute()).toVector(), Number);
const unknownRows = (array: DistributedArray): DistributedArray =>
  new DistributedArray({ ...array, partitionRows: undefined });
const sorted = (list: number[]): number[] => list.toSorted((a, b) => a - b);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("trainTestSplit", () => {
  it.each([
    [10, 0.25, undefined, 7, 3],
    [1000, 0.333, undefined, 667, 333],
    [1000, undefined, 0.9, 900, 100],
    [1000, undefined, undefined, 750, 250],
    [1000, 17, undefined, 983, 17],
    [1000, 0.1, 300, 300, 100],
    [5, 0.5, 0.5, 2, 3],
  ])(
    "of %d rows, testSize %s and trainSize %s, gives exactly %d and %d",
    async (n, testSize, trainSize, nTrain, nTest) => {
      const X = rowNumbers(n, 3);
      const [train, test] = await trainTestSplit(X, {
        ...(testSize === undefined ? {} : { testSize }),
        ...(trainSize === undefined ? {} : { trainSize }),
      });
      expect([train.rows, test.rows]).toEqual([nTrain, nTest]);
      const [a, b] = [await values(train), await values(test)];
      expect([a.length, b.length]).toEqual([nTrain, nTest]);
      expect(new Set([...a, ...b]).size).toBe(nTrain + nTest);
      expect(a).toEqual(sorted(a));
    },
  );

  it("draws the same rows for any partitioning, and others for another seed", async () => {
    const reference = await values((await trainTestSplit(rowNumbers(5000), { randomState: 3 }))[1]);
    for (const partitions of [2, 7, 61]) {
      const [, test] = await trainTestSplit(rowNumbers(5000, partitions), { randomState: 3 });
      expect(test.partitions).toBe(partitions);
      expect(await values(test)).toEqual(reference);
    }
    expect(await values((await trainTestSplit(rowNumbers(5000), { randomState: 4 }))[1])).not.toEqual(reference);
  });

  it("makes every pair of rows equally likely", async () => {
    const counts = new Map<string, number>();
    const X = range(6);
    for (let randomState = 0; randomState < 3000; randomState++) {
      const [, test] = await trainTestSplit(X, { testSize: 2, randomState });
      counts.set(test.join(), (counts.get(test.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(15);
    // 200 expected each; 14 degrees of freedom: the 99.99 % point of chi-squared is 42.6.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0)).toBeLessThan(42.6);
  });

  it("keeps X, y, weights, frames, series, sparse and local data aligned, whatever their partitions", async () => {
    const n = 700;
    const ids = range(n);
    const indptr = Int32Array.from({ length: n + 1 }, (_, i) => i);
    const collections = {
      X: DistributedArray.fromColumns([Float32Array.from(ids), Float32Array.from(ids, (i) => -i)], {
        partitions: 4,
        names: ["a", "b"],
      }),
      y: rowNumbers(n, 3),
      labels: DistributedArray.fromVector(Int32Array.from(ids), { partitions: 9 }),
      unknown: unknownRows(rowNumbers(n, 5)),
      frame: DistributedDataFrame.fromColumns({ id: ids, name: ids.map((i) => `row ${i}`) }, { partitions: 2 }),
      series: DistributedDataFrame.fromColumns({ name: ids.map((i) => `row ${i}`) }, { partitions: 3 }).column("name"),
      sparse: DistributedArray.fromCsr(
        { indptr, indices: new Int32Array(n).fill(2), values: Float64Array.from(ids), cols: 3 },
        { partitions: 2 },
      ),
      weights: Float64Array.from(ids),
      words: ids.map((i) => `row ${i}`),
      rows: ids.map((i) => [i, 1]),
      missing: undefined,
    };
    const { train, test } = await trainTestSplit(collections, { testSize: 0.3, randomState: 1 });
    expectTypeOf(train.frame).toEqualTypeOf(collections.frame);
    expectTypeOf(train.series).toEqualTypeOf<DistributedSeries>();
    expectTypeOf(train.words).toEqualTypeOf<string[]>();
    expectTypeOf(train.weights).toEqualTypeOf(collections.weights);
    expect("missing" in train).toBe(false);
    for (const [side, size] of [
      [train, 490],
      [test, 210],
    ] as const) {
      const want = await values(side.y);
      const names = want.map((i) => `row ${i}`);
      expect(want).toHaveLength(size);
      expect((await side.X.compute()).toRows()).toEqual(want.map((i) => [i, i === 0 ? -0 : -i]));
      expect((await side.X.compute()).columns[0]).toBeInstanceOf(Float32Array);
      expect(side.X.names).toEqual(["a", "b"]);
      expect((await side.labels.compute()).toVector()).toEqual(Int32Array.from(want));
      expect(await values(side.unknown)).toEqual(want);
      expect(side.unknown.rows).toBe(size);
      expect(side.frame.rows).toBe(size);
      expect(side.frame.schema).toEqual(collections.frame.schema);
      expect((await side.frame.compute()).toRecords()).toEqual(want.map((id, k) => ({ id, name: names[k] })));
      expect(await values(side.frame.toArray(["id"]))).toEqual(want);
      expect(await side.series.compute()).toEqual(names);
      expect(side.sparse.layout).toBe("csr");
      const parts = (await readPlans([side.sparse.plan], "read")) as unknown as HostCsr[];
      expect(parts.flatMap((part) => Array.from(part.values.data))).toEqual(want);
      expect(
        parts.every((part) => part.indptr.data.length === part.rows + 1 && part.indices.data.every((j) => j === 2)),
      ).toBe(true);
      expect(side.weights).toEqual(Float64Array.from(want));
      expect(side.words).toEqual(names);
      expect(side.rows).toEqual(want.map((i) => [i, 1]));
    }
  });

  it("works in worker threads, on held data and with empty partitions", async () => {
    const engine = new LocalEngine({ threads: 2 });
    try {
      const X = DistributedArray.concat([rowNumbers(0), rowNumbers(40, 4), rowNumbers(0), rowNumbers(3)]);
      using held = await X.persist({ engine });
      const [train, test] = await trainTestSplit(held, { testSize: 0.2 });
      const [there, here] = [await values(test), await values((await trainTestSplit(X, { testSize: 0.2 }))[1])];
      expect(there).toHaveLength(9);
      expect(there).toEqual(here);
      expect([...(await values(train)), ...there]).toHaveLength(43);
    } finally {
      await engine.close();
    }
  });

  it("gives flat pairs for arguments one by one", async () => {
    const [a, b, c, d] = await trainTestSplit(range(8), ["a", "b", "c", "d", "e", "f", "g", "h"], {
      testSize: 2,
      shuffle: false,
    });
    expect([a, b, c, d]).toEqual([range(6), [6, 7], ["a", "b", "c", "d", "e", "f"], ["g", "h"]]);
    expect(await trainTestSplit(range(8), range(8), range(8))).toHaveLength(6);
  });

  it("takes head and tail without shuffling", async () => {
    const X = rowNumbers(103, 5);
    const frame = DistributedDataFrame.fromColumns({ id: range(103) }, { partitions: 4 });
    const { train, test } = await trainTestSplit({ X, frame }, { testSize: 0.2, trainSize: 50, shuffle: false });
    expect(await values(train.X)).toEqual(range(50));
    expect(await values(test.X)).toEqual(range(103).slice(50, 71));
    expect((await test.frame.compute()).getColumn("id").toArray()).toEqual(range(103).slice(50, 71));
    expect([test.X.rows, test.frame.rows]).toEqual([21, 21]);
  });
});

describe("stratified", () => {
  it("gives every label its exact share, for any partitioning", async () => {
    const make = (partitions: number) =>
      makeClassification({
        nSamples: 3000,
        nFeatures: 4,
        nClasses: 3,
        nInformative: 3,
        nRedundant: 0,
        weights: [0.7, 0.2],
        flipY: 0,
        randomState: 2,
        partitions,
      });
    let reference: number[] | undefined;
    for (const partitions of [1, 6]) {
      const { X, y } = make(partitions);
      const { train, test } = await trainTestSplit({ X, y, id: rowNumbers(3000, 2) }, { testSize: 0.1, stratify: y });
      const labels = await values(test.y);
      expect([0, 1, 2].map((k) => labels.filter((label) => label === k).length)).toEqual([210, 60, 30]);
      expect((await values(train.y)).filter((label) => label === 2)).toHaveLength(270);
      const ids = await values(test.id);
      reference ??= ids;
      expect(ids).toEqual(reference);
      const all = (await X.compute()).columns[0] as Float64Array;
      expect((await test.X.compute()).columns[0]).toEqual(Float64Array.from(ids, (i) => all[i] ?? NaN));
    }
  }, 30_000);

  it("takes text labels of local arrays and of series, and gives both the same rows", async () => {
    const labels = range(200).map((i) => (i % 10 === 0 ? "rare" : i % 2 === 0 ? "even" : "odd"));
    const [, local] = await trainTestSplit(labels, { testSize: 50, stratify: labels });
    expect(["rare", "even", "odd"].map((label) => local.filter((one) => one === label).length)).toEqual([5, 20, 25]);
    const frame = DistributedDataFrame.fromColumns({ label: labels, id: range(200) }, { partitions: 3 });
    const { test } = await trainTestSplit({ frame, labels }, { testSize: 50, stratify: frame.column("label") });
    expect(test.labels).toEqual(local);
    expect((await test.frame.compute()).getColumn("label").toArray()).toEqual(local);
  });

  it("shares what is left by the largest remainders", async () => {
    const labels = [...Array<string>(7).fill("a"), ...Array<string>(5).fill("b"), ...Array<string>(3).fill("c")];
    const [train, test] = await trainTestSplit(labels, { testSize: 4, trainSize: 8, stratify: labels });
    const count = (list: string[]): number[] =>
      ["a", "b", "c"].map((label) => list.filter((one) => one === label).length);
    // 28 / 15, 20 / 15 and 12 / 15 of 4; then 5, 4 and 2 are left for 8 of 11.
    expect(count(test)).toEqual([2, 1, 1]);
    expect(count(train)).toEqual([4, 3, 1]);
  });
});

describe("blockwise", () => {
  it("splits within each partition and needs no row counts", async () => {
    const { X, y } = makeBlobs({ nSamples: 1000, partitions: 4 });
    const id = rowNumbers(1000, 4);
    const given = { X: unknownRows(X), y: unknownRows(y), id: unknownRows(id) };
    const { train, test } = await trainTestSplit(given, { testSize: 0.2, blockwise: true, randomState: 9 });
    expect(test.id.rows).toBeUndefined();
    const [a, b] = [await values(train.id), await values(test.id)];
    expect(sorted([...a, ...b])).toEqual(range(1000));
    for (let p = 0; p < 4; p++) expect(b.filter((i) => Math.floor(i / 250) === p)).toHaveLength(50);
    const all = (await X.compute()).columns[0] as Float64Array;
    expect((await test.X.compute()).columns[0]).toEqual(Float64Array.from(b, (i) => all[i] ?? NaN));
    const known = await trainTestSplit({ id }, { testSize: 0.2, blockwise: true, randomState: 9 });
    expect(known.test.id.partitionRows).toEqual([50, 50, 50, 50]);
    expect(await values(known.test.id)).toEqual(b);
  });

  it("does not lose the share in partitions of one row", async () => {
    const { test } = await trainTestSplit({ id: rowNumbers(400, 400) }, { testSize: 0.25, blockwise: true });
    expect(Math.abs((test.id.rows ?? 0) - 100)).toBeLessThan(35);
  });

  it("refuses local data, row numbers, labels and other partitions", async () => {
    const X = rowNumbers(10, 2);
    await expect(trainTestSplit(X, range(10), { blockwise: true })).rejects.toThrow(
      "argument 1 is local and has no partitions",
    );
    await expect(trainTestSplit(X, { blockwise: true, testSize: 3 })).rejects.toThrow(
      "must be a fraction in (0, 1) with blockwise: true; got 3 rows",
    );
    await expect(trainTestSplit(X, { blockwise: true, stratify: X })).rejects.toThrow("cannot go with blockwise");
    await expect(trainTestSplit(X, rowNumbers(10, 3), { blockwise: true })).rejects.toThrow(
      "partitioned differently (2 and 3 partitions)",
    );
  });
});

describe("bad input", () => {
  it.each([
    [{ testSize: 0 }, "trainTestSplit: testSize must be a fraction in (0, 1) or a number of rows >= 1; got 0."],
    [{ testSize: 1.5 }, "got 1.5."],
    [{ testSize: 0.7, trainSize: 0.6 }, "testSize + trainSize must be at most 1; got 0.7 + 0.6."],
    [{ testSize: 11 }, "need 11 rows, but there are 10"],
    [{ testSize: 0.01 }, "leave the test side without any"],
    [{ testsize: 0.2 }, 'unknown option "testsize". Did you mean "testSize"?'],
    [{ randomState: 0.5 }, "randomState must be an integer; got 0.5."],
    [{ shuffle: false, stratify: [1, 2] }, "stratify needs shuffle: true"],
    [{ stratify: ["a", "b"] }, "stratify has 2 rows but the collections have 10"],
    [{ stratify: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1] }, "the label 1 of stratify occurs once only"],
    [{ stratify: [0, 0, 1, 1, 2, 2, 3, 3, 4, 4], testSize: 3 }, "stratify has 5 labels, but the test side gets 3 rows"],
    [{ stratify: [0, null, 1, 1, 2, 2, 3, 3, 4, 4] }, "stratify: row 1 is null, not a label"],
  ])("%o is refused", async (options, message) => {
    await expect(trainTestSplit(rowNumbers(10, 2), options as object)).rejects.toThrow(message);
  });

  it("names collections whose lengths differ, and what cannot be split", async () => {
    await expect(trainTestSplit({ X: rowNumbers(10), y: unknownRows(rowNumbers(9, 2)) })).rejects.toThrow(
      "trainTestSplit: X has 10 rows but y has 9.",
    );
    await expect(trainTestSplit({ X: 5 as never })).rejects.toThrow("X is 5. Pass a DistributedArray");
    await expect(trainTestSplit({})).rejects.toThrow("nothing to split");
    const bad = DistributedArray.fromVector([1, 1, NaN, 2, 2, 2], { partitions: 2 });
    await expect(trainTestSplit(bad, { stratify: bad })).rejects.toThrow("row 2 of partition 0 is NaN");
  });

  it("says so when a source has other rows than were counted", async () => {
    const lying = new DistributedArray({ ...rowNumbers(10, 2), partitionRows: [4, 6] });
    const [train] = await trainTestSplit(lying, { testSize: 3 });
    await expect(train.compute()).rejects.toThrow("partition 0 has 5 rows, but 4 were counted before");
  });
});
