import { expect } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { closedForm, expectClose as expectNear, type Tolerance } from "../checks/tolerances.js";
import { loadGolden, type Golden, type GoldenValue } from "../golden/load-golden.js";

/** The values of a case, with its inputs as arrays. */
export interface PreparedCase {
  /** X of the fit in three partitions, columns a, b, ... */
  readonly X: DistributedArray;
  /** Rows to transform. */
  readonly Z: number[][];
  readonly y: number[];
  readonly weights: number[];
  readonly expected: Record<string, GoldenValue>;
}

/** Cases of a golden file by name; `width` takes the first columns only. */
export function casesOf(file: string): { golden: Golden; load(name: string, width?: number): PreparedCase } {
  const golden = loadGolden(file);
  return {
    golden,
    load: (name, width) => {
      const found = golden.cases[name];
      if (!found) throw new Error(`golden ${file} has no case "${name}".`);
      const blocks = Object.assign({}, ...found.inputs.map((key) => golden.inputs[key])) as Record<string, GoldenValue>;
      const columns = ((blocks["columns"] ?? []) as number[][]).slice(0, width);
      return {
        X: columns.length > 0 ? named(columns) : DistributedArray.fromRows([[0]]),
        Z: ((blocks["rows"] ?? []) as number[][]).map((row) => row.slice(0, width)),
        y: (blocks["y"] ?? []) as number[],
        weights: (blocks["sampleWeight"] ?? []) as number[],
        expected: found.expected,
      };
    },
  };
}

/** Columns as an array of three partitions with one-letter names. */
export function named(columns: readonly number[][], partitions = 3): DistributedArray {
  return DistributedArray.fromColumns(
    columns.map((column) => Float64Array.from(column)),
    { partitions, names: [..."abcdefghij"].slice(0, columns.length) },
  );
}

/** Entry by entry within a tolerance; NaN equals NaN. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: GoldenValue | undefined,
  tolerance: Tolerance = closedForm(),
): void {
  expectNear(actual, expected as number[], tolerance);
}

/** Column by column as {@link expectClose}. */
export function expectColumns(
  actual: LocalMatrix,
  expected: GoldenValue | undefined,
  tolerance: Tolerance = closedForm(),
): void {
  const want = expected as number[][];
  expect(actual.columns.length).toBe(want.length);
  want.forEach((column, j) => expectNear(actual.columns[j] as ArrayLike<number>, column, tolerance, `column ${j}`));
}

/** The dense rows of an array that may be sparse. */
export async function rowsOf(array: DistributedArray): Promise<number[][]> {
  if (array.layout === "dense") return (await array.compute()).toRows();
  const { readPlans } = await import("#src/collections/hold.js");
  const parts = (await readPlans([array.plan], "rows")) as unknown as {
    rows: number;
    cols: number;
    indptr: { data: Int32Array };
    indices: { data: Int32Array };
    values: { data: Float64Array };
  }[];
  return parts.flatMap((part) =>
    Array.from({ length: part.rows }, (_, i) => {
      const row = new Array<number>(part.cols).fill(0);
      for (let k = part.indptr.data[i] as number; k < (part.indptr.data[i + 1] as number); k++)
        row[part.indices.data[k] as number] = part.values.data[k] as number;
      return row;
    }),
  );
}
