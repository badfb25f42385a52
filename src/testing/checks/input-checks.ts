import { DataError, FitError, PartwiseError } from "../../base/errors.js";
import { DistributedArray } from "../../collections/array/distributed-array.js";
import { InlineEngine } from "../../engine/inline/inline-engine.js";
import type { MatrixInput, VectorInput } from "../../estimator/inputs.js";
import { assert, assertMentions, assertSameBits, errorOf } from "../compare.js";
import { asRows, checkData, cut, evenly, forgetRows, takeRows, type CheckData } from "../check-data.js";
import { outputMethods, outputsOf } from "../outputs.js";
import type { CheckEntry, TestSubject } from "../subject.js";

const supervised = (subject: TestSubject): boolean => subject.task !== "transformer";

async function refused(what: string, work: () => unknown, parts: readonly (string | RegExp)[]): Promise<PartwiseError> {
  const error = await errorOf(what, work);
  assert(
    error instanceof DataError || error instanceof FitError,
    `${what}: expected a DataError or FitError, got ${error.name}: ${error.message}`,
  );
  assertMentions(what, error, parts);
  return error;
}

async function inputsStay(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const w = Float64Array.from(data.y, (_, i) => 1 + (i % 3));
  const before = structuredClone({ columns: data.columns, y: data.y, w });
  const model = subject.make();
  const X = Object.fromEntries(data.columns.map((column, j) => [data.names[j] ?? "", column]));
  await model.fit(X, data.y, subject.weights ? { sampleWeight: w } : {});
  await outputsOf(subject, model, X);
  data.columns.forEach((column, j) =>
    assertSameBits(`${subject.name}: X column ${j} after fit and outputs`, column, before.columns[j] ?? []),
  );
  assertSameBits(`${subject.name}: y after fit`, data.y, before.y);
  assertSameBits(`${subject.name}: sampleWeight after fit`, w, before.w);
}

function spoil(data: CheckData, column: number, row: number, value: number): CheckData {
  const columns = data.columns.map((values) => values.slice());
  const target = columns[column];
  if (target) target[row] = value;
  return { ...data, columns };
}

async function badXIsNamed(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 40);
  const model = subject.make();
  const good = cut(data, [10, 10, 20]);
  const engine = new InlineEngine();
  await model.fit(good.X, good.y, { engine });
  for (const value of [NaN, Infinity, -Infinity]) {
    // Row 13 of the whole is row 3 of partition 1.
    const { X, y } = cut(spoil(data, 1, 13, value), [10, 10, 20]);
    const what = `${subject.name}: ${value} in X`;
    if (Number.isNaN(value) && subject.nan === "left out") {
      await subject.make().fit(X, y, { engine });
      continue;
    }
    const error = await refused(what, () => subject.make().fit(X, y, { engine }), [
      String(value),
      '"b"',
      "partition 1",
      "row 3",
    ]);
    assert(
      error.details.column === "b" && error.details.partition === 1 && error.details.row === 3,
      `${what}: the error's details are ${JSON.stringify(error.details)}, expected column "b", partition 1, row 3.`,
    );
    if (supervised(subject)) {
      for (const method of outputMethods(subject)) {
        const lazy = model[method]?.(X) as DistributedArray;
        await refused(`${what}, ${method}`, () => lazy.compute({ engine }), ['"b"', "partition 1", "row 3"]);
      }
    }
  }
  await engine.close();
}

async function badYIsNamed(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 40);
  for (const value of [NaN, Infinity]) {
    const y = data.y.slice();
    y[25] = value;
    const bad = cut({ ...data, y }, [10, 10, 20]);
    await refused(`${subject.name}: ${value} in y`, () => subject.make().fit(bad.X, bad.y), [
      "y",
      String(value),
      "partition 2",
      "row 5",
    ]);
  }
  const missing = subject.make();
  await refused(`${subject.name}: no y`, () => missing.fit(asRows(data)), ["y is missing"]);
}

async function badWeightsAreNamed(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 40);
  for (const value of [NaN, -1]) {
    const w = new Float64Array(40).fill(1);
    w[12] = value;
    const bad = cut(data, [10, 30], { w });
    const what = `${subject.name}: weight ${value}`;
    await refused(what, () => subject.make().fit(bad.X, bad.y, { sampleWeight: bad.w as DistributedArray }), [
      "sampleWeight",
      String(value),
      "partition 1",
      "row 2",
    ]);
  }
  await refused(
    `${subject.name}: too few weights`,
    () => subject.make().fit(asRows(data), data.y, { sampleWeight: new Float64Array(39) }),
    ["sampleWeight", "40", "39"],
  );
}

async function lengthsMeet(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 60);
  const short = takeRows(
    data,
    Array.from({ length: 59 }, (_, i) => i),
  );
  await refused(`${subject.name}: 60 rows and 59 targets`, () => subject.make().fit(asRows(data), short.y), [
    "60",
    "59",
  ]);
  // Row counts that are not known show the difference only where the partitions meet.
  const counts = evenly(60, 10);
  const { X } = cut(data, counts);
  const { y } = cut(
    short,
    counts.map((count, i) => (i === 7 ? count - 1 : count)),
  );
  const error = await refused(
    `${subject.name}: one target too few in partition 7`,
    () => subject.make().fit(forgetRows(X), forgetRows(y)),
    ["6", "5", "partition 7"],
  );
  assert(
    error.details.partition === 7,
    `${subject.name}: the error's details are ${JSON.stringify(error.details)}, expected partition 7.`,
  );
}

async function emptyIsRefused(subject: TestSubject): Promise<void> {
  const none = checkData(subject, 0);
  const y = new Float64Array();
  const named = Object.fromEntries(none.names.map((name) => [name, new Float64Array()]));
  const cases: [string, MatrixInput, VectorInput, RegExp][] = [
    ["no rows", named, y, /no rows/],
    ["an empty list", [], y, /no rows/],
    [
      "no rows in any partition, counts not known",
      forgetRows(cut(none, [0, 0, 0]).X),
      forgetRows(cut(none, [0, 0, 0]).y),
      /no rows/,
    ],
    ["no columns", [[], [], []], new Float64Array(3), /no columns/],
    ["no columns by name", {}, y, /no rows|no columns/],
  ];
  for (const [what, X, target, message] of cases) {
    await refused(`${subject.name}: ${what}`, () => subject.make().fit(X, target), [message]);
  }
}

async function smallIsFine(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 40);
  const constant: CheckData = {
    ...data,
    columns: [data.columns[0] ?? new Float64Array(), new Float64Array(40).fill(0.1), new Float64Array(40)],
  };
  const cases: [string, CheckData][] = [
    ["one row", takeRows(data, [3])],
    ["one column", { ...data, columns: data.columns.slice(0, 1), names: ["a"] }],
    ["constant columns", constant],
    [
      "all rows the same",
      takeRows(
        data,
        Array.from({ length: 12 }, () => 5),
      ),
    ],
  ];
  for (const [what, part] of cases) {
    const model = subject.make();
    const X = asRows(part);
    try {
      await model.fit(X, part.y);
    } catch (error) {
      // A classifier needs two classes, some need several rows; both have to be said in the library's words.
      assert(error instanceof DataError || error instanceof FitError, `${subject.name}, ${what}: ${String(error)}`);
      assert(!model.isFitted, `${subject.name}, ${what}: fit failed and left a fitted estimator.`);
      const tooFew = part.rows < (subject.minRows ?? 1) || (subject.task === "classifier" && new Set(part.y).size < 2);
      assert(tooFew, `${subject.name}, ${what}: fit failed: ${error.message}`);
      continue;
    }
    for (const [method, values] of Object.entries(await outputsOf(subject, model, X))) {
      assert(values.every(Number.isFinite), `${subject.name}, ${what}: ${method} has values that are not finite.`);
    }
  }
}

async function oneClassIsRefused(subject: TestSubject): Promise<void> {
  const data = checkData(subject, 20);
  const error = await refused(
    `${subject.name}: one class`,
    () => subject.make().fit(asRows(data), new Float64Array(20).fill(1)),
    [/one class/, "1"],
  );
  assert(error instanceof FitError, `${subject.name}: one class only has to be a FitError, not ${error.name}.`);
}

async function columnsAreChecked(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const { X, y } = cut(data, [60, 60]);
  const model = subject.make();
  await model.fit(X, y);
  assert(model.nFeatures === 3, `${subject.name}: nFeatures is ${model.nFeatures}, not 3.`);
  assert(
    model.featureNames?.join() === "a,b,c",
    `${subject.name}: featureNames is ${String(model.featureNames)}, not a,b,c.`,
  );
  const [a, b, c] = data.columns as [Float64Array, Float64Array, Float64Array];
  const cases: [string, MatrixInput, (string | RegExp)[]][] = [
    ["another name", { a, b, d: c }, ['"c"', '"d"']],
    ["a column too few", { a, b }, ['"c"']],
    ["a column too many", { a, b, c, d: c }, ['"d"']],
    ["another order", { a, c, b }, ["order", '"b"', '"c"']],
    ["two unnamed columns", [[1, 2]], ["2", "3"]],
    ["four unnamed columns", [[1, 2, 3, 4]], ["4", "3"]],
  ];
  for (const method of outputMethods(subject)) {
    for (const [what, rows, parts] of cases) {
      await refused(`${subject.name}, ${method} of ${what}`, () => model[method]?.(rows), parts);
    }
    // Rows without names are taken by position.
    await model[method]?.(asRows(takeRows(data, [4])));
  }
  const unnamed = subject.make();
  await unnamed.fit(asRows(data), data.y);
  assert(
    unnamed.featureNames === undefined,
    `${subject.name}: featureNames of rows without names is ${String(unnamed.featureNames)}.`,
  );
}

/** What estimators do with the rows they are given. */
export const inputChecks: readonly CheckEntry[] = [
  { name: "X, y and weights stay as they were", run: inputsStay },
  { name: "a NaN or infinity in X is named by column, partition and row", run: badXIsNamed },
  { name: "a NaN or infinity in y is named, and a missing y", when: supervised, run: badYIsNamed },
  { name: "a bad weight is named", when: (subject) => subject.weights, run: badWeightsAreNamed },
  {
    name: "X and y of different lengths are refused, also when only partition 7 shows it",
    when: supervised,
    run: lengthsMeet,
  },
  { name: "no rows and no columns are refused", run: emptyIsRefused },
  { name: "one row, one column and constant columns work", run: smallIsFine },
  { name: "one class is refused", when: (subject) => subject.task === "classifier", run: oneClassIsRefused },
  { name: "columns are recorded, and other names, order or number refused", run: columnsAreChecked },
];
