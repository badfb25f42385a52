import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { settled, use, type WorkTable } from "../work.js";
import { array } from "./data.js";

use.watch(DistributedArray);

const USER = new URL("../fixtures/user-functions.mjs", import.meta.url).href;
const csr = { indptr: [0, 2, 2, 3], indices: [0, 2, 1], values: [1.5, -2, 4], cols: 3 };

/** Rows that arrive in batches. */
async function* batches(): AsyncGenerator<number[][]> {
  for (let k = 0; k < 3; k++) {
    await Promise.resolve();
    yield Array.from({ length: 5 }, (_, i) => [k, i * 0.5]);
  }
}

/** Verbs of arrays. */
export const arrayWork: WorkTable = {
  "arithmetic with numbers, with one number a column, and with arrays": () => [
    array().add(1).mul([1, 2, 3, 4]).sub(0.5).div(3).abs().sqrt().square().neg().exp().log(),
    array().add(array().mul(2)).sub(array()).div(array().abs().add(1)),
  ],
  "comparisons, minimum and maximum": () => {
    const one = array().minimum(1).maximum(-1);
    return [one.gt(0), one.ge(1), one.lt(0), one.le([0, 0.5, 1, 2]), one.eq(1), one.ne(1)];
  },
  "columns, column, cast and dot": () => [
    array()
      .columns(["d", 1])
      .cast("f32")
      .cast("f64")
      .dot([[1], [2]]),
    array().column("c"),
    array().cast("i32"),
  ],
  "mean, sum, variance, std, min, max, moments and quantile": async () => {
    const one = array().cast("f32");
    const { mean, m2, weight } = await one.moments();
    return [
      await one.mean(),
      await one.sum(),
      await one.variance({ ddof: 1 }),
      await one.std(),
      await one.min(),
      await one.max(),
      await one.quantile([0.1, 0.5, 0.99]),
      [mean, m2, weight],
    ];
  },
  "repartition, repartitionLike, persist and withKnownRows": async () => {
    using kept = await array().repartition(3).persist();
    const unknown = new DistributedArray({ ...kept, partitionRows: undefined });
    const known = await unknown.withKnownRows();
    const moved = known.repartitionLike([10, 200, 0, 90]);
    return await settled([kept.mul(2), known.partitionRows, moved.partitionRows, moved]);
  },
  "mapPartitions of a module's function and of an inline one": () => [
    array().mapPartitions({ module: USER, export: "doubled" }),
    array().mapPartitions(({ columns }, { partition }) => columns[0]?.map((value) => value + partition), { width: 1 }),
  ],
  "fromRows, fromVector, fromFlat, fromMatrix, fromTensor, fromAsyncIterable, fromCsr and concat": async () => [
    DistributedArray.fromRows(
      [
        [1, null],
        [2, 3],
      ],
      { partitions: 2 },
    ),
    DistributedArray.fromVector([1, 2, 3], { partitions: 2 }),
    DistributedArray.fromFlat(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 2], { partitions: 2 }),
    DistributedArray.fromMatrix({ rows: 3, columns: 2, get: (i, j) => i * 10 + j }, { partitions: 2 }),
    await DistributedArray.fromTensor({ shape: [2, 2], data: () => Promise.resolve(Float32Array.of(1, 2, 3, 4)) }),
    await DistributedArray.fromAsyncIterable(batches(), { partitionRows: 4 }),
    DistributedArray.fromCsr(csr, { partitions: 2 }),
    DistributedArray.concat([array(), array().repartition(2)]),
  ],
  "explain and visualize, which start nothing": () => [
    array().add(1).explain().length > 20,
    array().visualize().startsWith("<svg"),
  ],
  "release of an array that holds nothing": () => array().release(),
};
