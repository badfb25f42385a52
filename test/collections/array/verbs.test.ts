import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { expectClose, reduction } from "../../checks/tolerances.js";

const rng = new CounterRng(1, "array verbs");
const n = 53;
const columns = [
  Float64Array.from({ length: n }, (_, i) => rng.normal(i)),
  Float64Array.from({ length: n }, (_, i) => 1e6 + rng.normal(i, 1)),
  Float64Array.from({ length: n }, (_, i) => rng.integer(i, 5, 2)),
];
const matrix = (partitions = 4): DistributedArray =>
  DistributedArray.fromColumns([...columns], { partitions, names: ["a", "b", "c"] });
/** The same rows with their counts not known before a run. */
const unknown = (array: DistributedArray): DistributedArray =>
  new DistributedArray({ ...array, partitionRows: undefined });
const rowsOf = async (array: DistributedArray): Promise<number[][]> => (await array.compute()).toRows();
const expected = Array.from({ length: n }, (_, i) => columns.map((column) => column[i] as number));

describe("DistributedArray verbs", () => {
  it("select columns by name and position, in the order asked for", async () => {
    const picked = matrix().columns(["c", 0]);
    expect([picked.names, picked.shape]).toEqual([
      ["c", "a"],
      [n, 2],
    ]);
    expect(await rowsOf(picked)).toEqual(expected.map(([a, , c]) => [c, a]));
    const one = matrix().column("b");
    expect([one.shape, one.names]).toEqual([[n], undefined]);
    expect((await one.compute()).toVector()).toEqual(columns[1]);
    expect(() => matrix().columns(["d"])).toThrow('there is no column "d"; there are 3: a, b, c.');
    expect(() => matrix().columns([3])).toThrow("there is no column 3");
  });

  it("compute element by element with numbers, one number a column, and arrays", async () => {
    const x = matrix();
    expect(await rowsOf(x.add(1))).toEqual(expected.map((row) => row.map((v) => v + 1)));
    expect(await rowsOf(x.sub([1, 2, 3]))).toEqual(expected.map((row) => row.map((v, j) => v - (j + 1))));
    expect(await rowsOf(x.mul(x))).toEqual(expected.map((row) => row.map((v) => v * v)));
    expect(await rowsOf(x.div(x.column("b")))).toEqual(expected.map((row) => row.map((v) => v / (row[1] as number))));
    expect(await rowsOf(x.minimum(0))).toEqual(expected.map((row) => row.map((v) => Math.min(v, 0))));
    expect(await rowsOf(x.maximum([0, 1e6, 2]))).toEqual(
      expected.map((row) => row.map((v, j) => Math.max(v, [0, 1e6, 2][j] as number))),
    );
    expect(await rowsOf(x.neg().abs().sqrt().square())).toEqual(
      expected.map((row) => row.map((v) => Math.sqrt(Math.abs(v)) ** 2)),
    );
    expect(() => x.add([1, 2])).toThrow("this array has 3 columns; pass one number or 3, not 2");
    expect(() => x.add(x.columns([0, 1]))).toThrow("the operands have 3 and 2 columns");
  });

  it("compute exp and log to a few units in the last place", async () => {
    const x = matrix().columns(["a"]);
    expectClose(
      (await x.exp().compute()).columns[0] as Float64Array,
      columns[0]?.map(Math.exp) as Float64Array,
      { rtol: 4 * Number.EPSILON, atol: 0 },
      "exp",
    );
    expectClose(
      (await x.square().add(1).log().compute()).columns[0] as Float64Array,
      columns[0]?.map((v) => Math.log(v * v + 1)) as Float64Array,
      { rtol: 8 * Number.EPSILON, atol: 4 * Number.EPSILON },
      "log",
    );
  });

  it("bring arrays of other partitions into step", async () => {
    const [a, b] = [matrix(4), matrix(7)];
    expect(await rowsOf(a.sub(b))).toEqual(expected.map((row) => row.map(() => 0)));
    expect(() => a.sub(DistributedArray.fromRows([[1, 2, 3]]))).toThrow(`the operands have ${n} and 1 rows`);
    expect(() => unknown(a).sub(b)).toThrow("the operands have 4 and 7 partitions, and their row counts are not known");
    await expect(
      unknown(a)
        .sub(unknown(DistributedArray.fromRows(expected.slice(1), { partitions: 4 })))
        .compute(),
    ).rejects.toThrow(/the operands have \d+ and \d+ rows in partition \d/);
  });

  it("multiply with small matrices", async () => {
    const b = [
      [1, 0.5],
      [0, -1],
      [2, 3],
    ];
    const product = expected.map(([a = 0, , c = 0], i) => [a + 2 * c, 0.5 * a - (expected[i]?.[1] as number) + 3 * c]);
    for (const right of [b, new Matrix(b)]) {
      const found = (await matrix().dot(right).compute()).toFlat();
      expectClose(found, product.flat(), reduction(3), "product");
    }
    expect(() => matrix().dot([[1], [2]])).toThrow("this array has 3 columns, so the matrix needs 3 rows; got 2");
    expect(() => matrix().dot([[1], [2, 3], [4]])).toThrow("row 0 of the matrix has 1 values but row 1 has 2");
  });

  it("cast", async () => {
    const x = DistributedArray.fromColumns([[1.7, -2.3, 255]]);
    expect((await x.cast("i32").compute()).columns[0]).toEqual(Int32Array.of(1, -2, 255));
    expect((await x.cast("f32").compute()).columns[0]).toEqual(Float32Array.of(1.7, -2.3, 255));
    expect(x.cast("f64")).toBe(x);
  });

  it("leave the array as it was", async () => {
    const x = matrix();
    await rowsOf(x.add(5).mul(2));
    expect(await rowsOf(x)).toEqual(expected);
  });
});

describe("DistributedArray partitions", () => {
  it("are cut anew by row counts where they are known", async () => {
    for (const parts of [1, 2, 5, 60]) {
      const cut = matrix().repartition(parts);
      expect(cut.partitions).toBe(parts);
      expect((cut.partitionRows ?? []).reduce((sum, rows) => sum + rows, 0)).toBe(n);
      expect(Math.max(...(cut.partitionRows ?? [])) - Math.min(...(cut.partitionRows ?? []))).toBeLessThanOrEqual(1);
      expect(await rowsOf(cut)).toEqual(expected);
    }
    expect(() => matrix().repartition(0)).toThrow("partitions must be an integer >= 1; got 0");
  });

  it("are cut by fractions where row counts are not known, without losing a row", async () => {
    for (const parts of [1, 2, 3, 4, 5, 9]) {
      const cut = unknown(matrix()).repartition(parts);
      expect([cut.partitions, cut.rows]).toEqual([parts, undefined]);
      expect(await rowsOf(cut)).toEqual(expected);
      expect(await rowsOf(unknown(cut).repartition(4))).toEqual(expected);
    }
  });

  it("take any layout that is asked for", async () => {
    const cut = matrix().repartitionLike([0, 50, 0, 3]);
    expect(cut.partitionRows).toEqual([0, 50, 0, 3]);
    expect(await rowsOf(cut)).toEqual(expected);
    expect(() => matrix().repartitionLike([1, 2])).toThrow(`3 rows are asked for, but there are ${n}`);
    expect(() => unknown(matrix()).repartitionLike([n])).toThrow("Use withKnownRows() first");
    const known = await unknown(matrix()).withKnownRows();
    expect(known.partitionRows).toEqual(matrix().partitionRows);
  });

  it("are put below one another by concat", async () => {
    const empty = DistributedArray.fromColumns([[], [], []], { names: ["a", "b", "c"] });
    const both = DistributedArray.concat([matrix(2), empty, matrix(3)]);
    expect([both.partitions, both.rows, both.names]).toEqual([6, 2 * n, ["a", "b", "c"]]);
    expect(await rowsOf(both)).toEqual([...expected, ...expected]);
    expect(await rowsOf(both.repartition(2))).toEqual([...expected, ...expected]);
    expect(DistributedArray.concat([matrix(), unknown(matrix())]).rows).toBeUndefined();
    expect(() => DistributedArray.concat([matrix(), matrix().cast("f32")])).toThrow(
      "array 0 is f64[3] but array 1 is f32[3]",
    );
    expect(() => DistributedArray.concat([])).toThrow("the list is empty");
  });
});

describe("DistributedArray reductions", () => {
  const plain = {
    mean: columns.map((column) => column.reduce((sum, v) => sum + v, 0) / n),
    min: columns.map((column) => Math.min(...column)),
    max: columns.map((column) => Math.max(...column)),
  };
  const squares = columns.map((column, j) => column.reduce((sum, v) => sum + (v - (plain.mean[j] as number)) ** 2, 0));

  it("agree with plain loops in any partitions", async () => {
    for (const parts of [1, 4, 60]) {
      const x = matrix(parts);
      expectClose(await x.mean(), plain.mean, reduction(n), "mean", 1e6);
      expectClose(
        await x.sum(),
        plain.mean.map((m) => m * n),
        reduction(n),
        "sum",
      );
      // Taken about the mean: an offset of 1e6 costs twelve digits of a square, but only six of a difference.
      expectClose(
        await x.variance(),
        squares.map((s) => s / n),
        { rtol: 1e-9, atol: 0 },
        "variance",
      );
      expectClose(
        await x.std({ ddof: 1 }),
        squares.map((s) => Math.sqrt(s / (n - 1))),
        { rtol: 1e-9, atol: 0 },
        "std",
      );
      expect(await x.min()).toEqual(plain.min);
      expect(await x.max()).toEqual(plain.max);
    }
  });

  it("leave NaN out, and give NaN for a column of nothing else", async () => {
    const x = DistributedArray.fromColumns(
      [
        [1, NaN, 4],
        [NaN, NaN, NaN],
        [NaN, 2, NaN],
      ],
      { partitions: 3 },
    );
    expect(await x.mean()).toEqual([2.5, NaN, 2]);
    expect(await x.min()).toEqual([1, Infinity, 2]);
    expect(await x.max()).toEqual([4, -Infinity, 2]);
    expect(Array.from((await x.moments()).nanCount)).toEqual([1, 3, 2]);
  });

  it("let infinities through as plain sums do", async () => {
    const x = DistributedArray.fromColumns(
      [
        [1, Infinity, 2],
        [-Infinity, 0, Infinity],
      ],
      { partitions: 2 },
    );
    expect((await x.mean())[0]).toBe(Infinity);
    expect((await x.sum())[0]).toBe(Infinity);
    expect((await x.mean())[1]).toBeNaN();
    expect(await x.max()).toEqual([Infinity, Infinity]);
  });

  it("read every dtype", async () => {
    for (const data of [
      Float32Array.of(1, 5, 3),
      Int32Array.of(1, 5, 3),
      BigInt64Array.of(1n, 5n, 3n),
      Uint8Array.of(1, 5, 3),
    ]) {
      const x = DistributedArray.fromVector(data, { partitions: 2 });
      expect([await x.mean(), await x.sum(), await x.min(), await x.max()]).toEqual([[3], [9], [1], [5]]);
    }
  });
});
