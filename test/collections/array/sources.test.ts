import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
];

async function* stream<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

describe("DistributedArray from data in this process", () => {
  it("takes rows", async () => {
    const array = DistributedArray.fromRows(rows, { partitions: 2, names: ["a", "b"] });
    expect([array.shape, array.partitionRows, array.dtype, array.names]).toEqual([[3, 2], [2, 1], "f64", ["a", "b"]]);
    const local = await array.compute();
    expect(local.toRows()).toEqual(rows);
    expect([local.shape, local.names, local.at(2, 1)]).toEqual([[3, 2], ["a", "b"], 6]);
    expect(Array.from(local.toFlat())).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("reads null, undefined and booleans in rows as NaN, NaN, 0 and 1", async () => {
    const { columns } = await DistributedArray.fromRows([
      [null, true],
      [undefined, false],
    ]).compute();
    expect(columns.map((column) => Array.from(column as Float64Array))).toEqual([
      [NaN, NaN],
      [1, 0],
    ]);
  });

  it("takes typed columns as they are, in their dtype", async () => {
    for (const [dtype, values] of [
      ["f64", Float64Array.of(1.5, -0, NaN)],
      ["f32", Float32Array.of(1.5, 2, 3)],
      ["i32", Int32Array.of(-7, 0, 7)],
      ["i64", BigInt64Array.of(-(2n ** 60n), 0n, 5n)],
      ["u8", Uint8Array.of(0, 128, 255)],
    ] as const) {
      const array = DistributedArray.fromColumns({ x: values }, { partitions: 2 });
      expect([array.dtype, array.names]).toEqual([dtype, ["x"]]);
      expect((await array.compute()).columns).toEqual([values]);
    }
  });

  it("turns columns of several dtypes into doubles", async () => {
    const array = DistributedArray.fromColumns({
      a: Int32Array.of(1, 2),
      b: Float32Array.of(0.5, 1),
      c: BigInt64Array.of(3n, 4n),
    });
    expect(array.dtype).toBe("f64");
    expect((await array.compute()).toRows()).toEqual([
      [1, 0.5, 3],
      [2, 1, 4],
    ]);
  });

  it("takes vectors", async () => {
    const vector = DistributedArray.fromVector([4, 5, 6, 7], { partitions: 3 });
    expect([vector.shape, vector.width, vector.partitionRows]).toEqual([[4], 1, [2, 1, 1]]);
    expect((await vector.compute()).toVector()).toEqual(Float64Array.of(4, 5, 6, 7));
  });

  it("takes a flat typed array with its shape, of any rank", async () => {
    const array = DistributedArray.fromFlat(
      Float32Array.from({ length: 12 }, (_, i) => i),
      [2, 2, 3],
    );
    expect([array.shape, array.width, array.dtype]).toEqual([[2, 2, 3], 6, "f32"]);
    expect((await array.compute()).toRows()).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    expect(() => DistributedArray.fromFlat(new Float64Array(5), [2, 3])).toThrow(
      "the shape [2, 3] needs 6 values; got 5.",
    );
  });

  it("takes tensors as tfjs makes them", async () => {
    const tensor = { shape: [2, 2], data: async () => Float32Array.of(1, 2, 3, 4) };
    expect((await (await DistributedArray.fromTensor(tensor)).compute()).toRows()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("takes an ml-matrix Matrix", async () => {
    const array = DistributedArray.fromMatrix(new Matrix(rows), { partitions: 2 });
    expect((await array.compute()).toRows()).toEqual(rows);
  });

  it("takes an async iterable of rows, of batches and of empty batches", async () => {
    const one = await DistributedArray.fromAsyncIterable(stream(...rows), { partitionRows: 2 });
    expect([one.partitionRows, (await one.compute()).toRows()]).toEqual([[2, 1], rows]);
    const two = await DistributedArray.fromAsyncIterable(stream(rows.slice(0, 2), [], rows.slice(2)), {
      partitionRows: 1,
    });
    expect([two.partitionRows, (await two.compute()).toRows()]).toEqual([[1, 1, 1], rows]);
    expect((await DistributedArray.fromAsyncIterable(stream())).shape).toEqual([0, 0]);
  });

  it("takes one batch of more rows than an argument list holds", async () => {
    const batch = Array.from({ length: 200_000 }, (_, i) => [i]);
    const array = await DistributedArray.fromAsyncIterable(stream(batch), { partitionRows: 60_000 });
    expect(array.partitionRows).toEqual([60_000, 60_000, 60_000, 20_000]);
    expect(await array.max()).toEqual([199_999]);
  });

  it("passes on the error of an async iterable", async () => {
    async function* broken(): AsyncGenerator<number[]> {
      yield [1];
      throw new Error("the socket closed");
    }
    await expect(DistributedArray.fromAsyncIterable(broken())).rejects.toThrow("the socket closed");
  });

  it("cuts CSR by rows", async () => {
    const csr = { indptr: [0, 2, 2, 3, 5], indices: [0, 2, 1, 0, 1], values: [1, 2, 3, 4, 5], cols: 3 };
    const array = DistributedArray.fromCsr(csr, { partitions: 3, names: ["a", "b", "c"] });
    expect([array.layout, array.shape, array.partitionRows]).toEqual(["csr", [4, 3], [2, 1, 1]]);
    // Moments count the zeros that are not stored.
    expect(await array.mean()).toEqual([1.25, 2, 0.5]);
    expect(await array.repartition(2).sum()).toEqual([5, 8, 2]);
    expect(await DistributedArray.concat([array, array]).sum()).toEqual([10, 16, 4]);
  });

  it("says what is wrong with CSR", () => {
    const make =
      (change: object): (() => unknown) =>
      () =>
        DistributedArray.fromCsr({ indptr: [0, 1, 2], indices: [0, 1], values: [1, 2], cols: 2, ...change });
    expect(make({ indptr: [0, 1, 3] })).toThrow("it ends at 3 with 2 indices and 2 values");
    expect(make({ indptr: [0, 3, 2] })).toThrow("indptr must not decrease; row 1 runs from 3 to 2");
    expect(make({ indices: [0, 2] })).toThrow("entry 1 names column 2, but there are 2 columns");
    expect(make({ indices: [0, 0.5] })).toThrow("entry 1 names column 0.5");
    expect(make({})).not.toThrow();
  });

  it("says which row or column does not fit", () => {
    expect(() => DistributedArray.fromRows([[1, 2], [3]])).toThrow("row 0 has 2 values but row 1 has 1");
    expect(() => DistributedArray.fromColumns({ a: [1, 2], b: [1] })).toThrow("column 0 has 2 rows but column 1 has 1");
    expect(() => DistributedArray.fromColumns({ a: [1, "x"] })).toThrow('column "a", row 1: "x" is not a number');
    expect(() => DistributedArray.fromColumns([[1], [2]], { names: ["a"] })).toThrow("there are 2 columns but 1 names");
    expect(() => DistributedArray.fromColumns([[1], [2]], { names: ["a", "a"] })).toThrow('two columns are called "a"');
    expect(() => DistributedArray.fromRows(rows, { partitions: 0 })).toThrow(
      "partitions must be an integer >= 1; got 0",
    );
  });

  it("has empty partitions when there are more partitions than rows", async () => {
    const array = DistributedArray.fromRows(rows, { partitions: 5 });
    expect(array.partitionRows).toEqual([1, 1, 1, 0, 0]);
    expect((await array.compute()).toRows()).toEqual(rows);
    expect(await array.mean()).toEqual([3, 4]);
  });

  it("keeps the dtype of an array without rows", async () => {
    for (const values of [new Float32Array(), new Int32Array(), new BigInt64Array(), new Uint8Array()]) {
      const local = await DistributedArray.fromVector(values, { partitions: 2 }).compute();
      expect(local.toVector()).toEqual(values);
    }
  });
});
