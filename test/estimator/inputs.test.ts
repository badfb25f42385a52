import { Matrix } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { checkColumns, isLocal, toMatrix, toVector, type MatrixInput } from "#src/estimator/inputs.js";

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
];
const local = new LocalMatrix([Float64Array.of(1, 3, 5), Float64Array.of(2, 4, 6)], 3, [2], ["a", "b"]);

describe("toMatrix", () => {
  it("takes rows, columns, local matrices, ml-matrix and arrays", async () => {
    const inputs: [MatrixInput, string | undefined][] = [
      [rows, undefined],
      [{ a: [1, 3, 5], b: Float32Array.of(2, 4, 6) }, "a,b"],
      [local, "a,b"],
      [new Matrix(rows), undefined],
      [DistributedArray.fromRows(rows), undefined],
      [{ toArray: () => DistributedArray.fromRows(rows, { names: ["p", "q"] }) }, "p,q"],
    ];
    for (const [input, names] of inputs) {
      const x = toMatrix("Test.fit", input);
      expect([x.shape, x.names?.join()]).toEqual([[3, 2], names]);
      expect((await x.compute()).toRows()).toEqual(rows);
    }
  });

  it("flattens rows of more dimensions", () => {
    expect(toMatrix("Test.fit", DistributedArray.fromFlat(new Float64Array(12), [2, 2, 3])).innerShape).toEqual([6]);
  });

  it("says what to pass instead of something that is not rows", () => {
    const bad =
      (x: unknown): (() => unknown) =>
      () =>
        toMatrix("Test.fit", x as MatrixInput);
    expect(bad([1, 2, 3])).toThrow("Test.fit: X is a list of numbers, not of rows. Pass [[1], [2]] for one column");
    expect(bad(Float64Array.of(1))).toThrow("Test.fit: X is one typed array.");
    expect(bad(DistributedArray.fromVector([1, 2]))).toThrow("Test.fit: X is a vector.");
    expect(bad("rows")).toThrow('X must be rows, columns, a frame or a distributed array; got "rows"');
    expect(bad(null)).toThrow("got null");
    expect(bad(undefined)).toThrow("got undefined");
    expect(bad(new Map())).toThrow("got a Map");
  });

  it("tells local rows from distributed ones", () => {
    expect([isLocal(rows), isLocal(local), isLocal({ a: [1] }), isLocal(new Matrix(rows))]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([
      isLocal(DistributedArray.fromRows(rows)),
      isLocal({ toArray: () => DistributedArray.fromRows(rows) }),
    ]).toEqual([false, false]);
  });
});

describe("toVector", () => {
  const X = DistributedArray.fromRows(rows, { partitions: 2 });

  it("cuts targets as X is cut", async () => {
    const y = toVector("Test.fit", "y", [7, 8, 9], X.repartitionLike([0, 1, 2]));
    expect(y.partitionRows).toEqual([0, 1, 2]);
    expect((await y.compute()).toVector()).toEqual(Float64Array.of(7, 8, 9));
    expect(
      toVector("Test.fit", "y", DistributedArray.fromVector([7, 8, 9], { partitions: 3 }), X).partitionRows,
    ).toEqual([2, 1]);
    expect(toVector("Test.fit", "y", DistributedArray.fromRows([[7], [8], [9]]), X).rows).toBe(3);
  });

  it("refuses other lengths, widths and partitions that cannot be matched", () => {
    expect(() => toVector("Test.fit", "y", [1, 2], X)).toThrow(
      "Test.fit: X has 3 rows but y has 2. They need the same number.",
    );
    expect(() => toVector("Test.fit", "y", DistributedArray.fromRows(rows), X)).toThrow(
      "Test.fit: y has 2 columns; it needs one number a row.",
    );
    const unknown = new DistributedArray({ ...X, partitionRows: undefined });
    expect(() => toVector("Test.fit", "y", DistributedArray.fromVector([1, 2, 3]), unknown)).toThrow(
      "Test.fit: X has 2 partitions and y 1, and their row counts are not known, so they cannot be matched.",
    );
  });
});

describe("checkColumns", () => {
  const named = (...names: string[]): DistributedArray => DistributedArray.fromRows([names.map(() => 1)], { names });

  it("names what is missing, what is new, and what is out of order", () => {
    const fitted = { nFeatures: 2, featureNames: ["fare", "miles"] };
    const check =
      (x: DistributedArray): (() => void) =>
      () =>
        checkColumns("Test.predict", x, fitted);
    expect(check(named("fare", "miles"))).not.toThrow();
    expect(check(DistributedArray.fromRows([[1, 2]]))).not.toThrow();
    expect(check(named("fare", "tips"))).toThrow(
      'Test.predict: X has other columns than in fit. Missing: "miles". Not seen in fit: "tips". Select the columns of the fit.',
    );
    expect(check(named("fare"))).toThrow('Missing: "miles".');
    expect(check(named("miles", "fare"))).toThrow(
      'column 0 is "miles", in fit it was "fare". Use select() to put them in order.',
    );
    expect(check(DistributedArray.fromRows([[1]]))).toThrow("Test.predict: X has 1 columns, but the fit saw 2.");
  });
});
