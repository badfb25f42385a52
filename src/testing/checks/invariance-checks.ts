import { DistributedDataFrame } from "../../collections/frame/distributed-data-frame.js";
import type { Engine } from "../../engine/engine.js";
import { InlineEngine } from "../../engine/inline/inline-engine.js";
import { LocalEngine } from "../../engine/local/local-engine.js";
import { assert, toleranceOf } from "../compare.js";
import { asCsr, asRows, checkData, cut, evenly, forgetRows, layouts, takeRows, type CheckData } from "../check-data.js";
import {
  assertSameNumbers,
  attributesOf,
  everythingOf,
  numbersOf,
  outputMethods,
  outputsOf,
  type Numbers,
} from "../outputs.js";
import type { CheckEntry, CheckedEstimator, TestSubject } from "../subject.js";

/** Runs `work` on an engine that is closed afterwards. */
async function onEngine<T>(engine: Engine, work: (engine: Engine) => Promise<T>): Promise<T> {
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

async function fitted(
  subject: TestSubject,
  data: CheckData,
  engine: Engine,
  w?: Float64Array,
  counts?: readonly number[],
): Promise<CheckedEstimator> {
  const model = subject.make();
  const { X, y, w: weights } = cut(data, counts ?? evenly(data.rows, 3), w ? { w } : {});
  await model.fit(X, y, { engine, ...(weights ? { sampleWeight: weights } : {}) });
  return model;
}

async function fitTwice(subject: TestSubject): Promise<void> {
  const { X, y } = cut(checkData(subject), [50, 70]);
  const model = subject.make();
  await model.fit(X, y);
  const first = JSON.stringify(model.toJSON());
  await model.fit(X, y);
  assert(JSON.stringify(model.toJSON()) === first, `${subject.name}: fitting twice gives another state.`);
  const fresh = subject.make();
  await fresh.fit(X, y);
  assert(
    JSON.stringify(fresh.toJSON()) === first,
    `${subject.name}: a second estimator fitted on the same rows has another state.`,
  );
}

async function anyPartitioning(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const rows = cut(data, [data.rows]).X;
  await onEngine(new InlineEngine(), async (engine) => {
    let expected: Numbers | undefined;
    for (const [what, counts] of Object.entries(layouts(data.rows))) {
      const { X, y } = cut(data, counts);
      for (const [known, input, target] of [
        ["known", X, y],
        ["unknown", forgetRows(X), forgetRows(y)],
      ] as const) {
        const model = subject.make();
        await model.fit(input, target, { engine });
        const found = await everythingOf(subject, model, rows, engine);
        expected ??= found;
        const label = `fit on ${what} (row counts ${known})`;
        assertSameNumbers(subject, label, found, expected, toleranceOf(subject.solution));
        // The same model gives the same bits for rows in any partitions.
        assertSameNumbers(
          subject,
          `outputs for ${what}`,
          await outputsOf(subject, model, input, engine),
          await outputsOf(subject, model, rows, engine),
          0,
        );
      }
    }
  });
}

async function anyEngine(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  let expected: { state: string; numbers: Numbers } | undefined;
  for (const [what, engine] of [
    ["inline", new InlineEngine()],
    ["1 thread", new LocalEngine({ threads: 1 })],
    ["2 threads", new LocalEngine({ threads: 2 })],
  ] as const) {
    await onEngine(engine, async () => {
      const model = await fitted(subject, data, engine, undefined, evenly(data.rows, 7));
      const numbers = await outputsOf(subject, model, cut(data, evenly(data.rows, 5)).X, engine);
      const state = JSON.stringify(model.toJSON());
      expected ??= { state, numbers };
      assert(
        state === expected.state,
        `${subject.name}: the state fitted with ${what} differs from the one fitted inline.`,
      );
      assertSameNumbers(subject, `outputs with ${what}`, numbers, expected.numbers, 0);
    });
  }
}

async function weightsCount(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const all = Array.from({ length: data.rows }, (_, i) => i);
  // Counts 0 to 3 with every class among the rows that stay.
  const counts = Float64Array.from(all, (i) => [1, 0, 2, 3, 1][i % 5] ?? 1);
  const repeated = takeRows(
    data,
    all.flatMap((i) => Array.from({ length: counts[i] ?? 0 }, () => i)),
  );
  const removed = Float64Array.from(all, (i) => (i % 4 === 0 ? 0 : 1));
  const kept = takeRows(
    data,
    all.filter((i) => removed[i] === 1),
  );
  const rows = cut(data, [data.rows]).X;
  const tolerance = toleranceOf(subject.solution);
  await onEngine(new InlineEngine(), async (engine) => {
    const numbers = async (part: CheckData, w?: Float64Array): Promise<Numbers> =>
      everythingOf(subject, await fitted(subject, part, engine, w), rows, engine);
    const plain = await numbers(data);
    assertSameNumbers(
      subject,
      "weights of one against none",
      await numbers(data, new Float64Array(data.rows).fill(1)),
      plain,
      tolerance,
    );
    assertSameNumbers(
      subject,
      "integer weights against repeated rows",
      await numbers(data, counts),
      await numbers(repeated),
      tolerance,
    );
    assertSameNumbers(
      subject,
      "weights of zero against rows left out",
      await numbers(data, removed),
      await numbers(kept),
      tolerance,
    );
  });
}

async function anyRowOrder(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  // 77 and 120 have no common factor: a permutation.
  const shuffled = takeRows(
    data,
    Array.from({ length: data.rows }, (_, i) => (i * 77 + 5) % data.rows),
  );
  const rows = cut(data, [data.rows]).X;
  await onEngine(new InlineEngine(), async (engine) => {
    const expected = await everythingOf(subject, await fitted(subject, data, engine), rows, engine);
    const found = await everythingOf(subject, await fitted(subject, shuffled, engine), rows, engine);
    assertSameNumbers(subject, "rows in another order", found, expected, toleranceOf(subject.solution));
  });
}

async function singleAndDouble(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const wide = cut(data, [60, 60]);
  const narrow = cut(data, [60, 60], { dtype: "f32" });
  assert(narrow.X.dtype === "f32", "The check's own rows are not f32.");
  const [a, b] = [subject.make(), subject.make()];
  await a.fit(wide.X, wide.y);
  await b.fit(narrow.X, narrow.y);
  assertSameNumbers(
    subject,
    "f32 against f64",
    await everythingOf(subject, b, narrow.X),
    await everythingOf(subject, a, wide.X),
    1e-6,
  );
}

async function sparseAndDense(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const make = (): CheckedEstimator => {
    const model = subject.make();
    model.setParams({ ...subject.sparse });
    return model;
  };
  const csr = asCsr(data, 3);
  const { X, y } = cut(data, evenly(data.rows, 3));
  const [sparse, dense] = [make(), make()];
  await sparse.fit(csr, y);
  await dense.fit(X, y);
  const tolerance = Math.max(1e-10, toleranceOf(subject.solution));
  assertSameNumbers(
    subject,
    "fitted on CSR against dense",
    attributesOf(subject, sparse),
    attributesOf(subject, dense),
    tolerance,
  );
  if (subject.task !== "transformer") {
    assertSameNumbers(
      subject,
      "CSR against dense",
      await outputsOf(subject, sparse, csr),
      await outputsOf(subject, dense, X),
      tolerance,
    );
  }
}

async function anyContainer(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const columns = Object.fromEntries(data.columns.map((column, j) => [data.names[j] ?? "", column]));
  const withTarget: Record<string, ArrayLike<number>> = { ...columns, target: data.y };
  const frame = DistributedDataFrame.fromColumns(withTarget, { partitions: 2 });
  const features = frame.select("a", "b", "c");
  const { X, y } = cut(data, [60, 60]);
  const model = subject.make();
  await model.fit(X, y);
  const state = attributesOf(subject, model);
  const expected = await outputsOf(subject, model, X);
  const cases = [
    ["rows", asRows(data), data.y],
    ["columns", columns, Array.from(data.y)],
    ["a frame", features, frame.column("target")],
  ] as const;
  for (const [what, input, target] of cases) {
    const other = subject.make();
    await other.fit(input, target);
    const tolerance = toleranceOf(subject.solution);
    assertSameNumbers(subject, `fitted on ${what}`, attributesOf(subject, other), state, tolerance);
    assertSameNumbers(subject, `outputs for ${what}`, await outputsOf(subject, other, input), expected, tolerance);
    assert(
      (other.featureNames?.join() ?? "") === (what === "rows" ? "" : "a,b,c"),
      `${subject.name}: fitted on ${what}, featureNames is ${String(other.featureNames)}.`,
    );
  }
  if (model.transform && outputMethods(subject).includes("transform")) {
    const result = model.transform(features);
    assert(result instanceof DistributedDataFrame, `${subject.name}: transform of a frame has to be a frame.`);
  }
}

async function rowByRow(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const model = subject.make();
  const { X, y } = cut(data, [60, 60]);
  await model.fit(X, y);
  const whole = await outputsOf(subject, model, X);
  const [head, tail] = [
    takeRows(
      data,
      Array.from({ length: 35 }, (_, i) => i),
    ),
    takeRows(
      data,
      Array.from({ length: data.rows - 35 }, (_, i) => i + 35),
    ),
  ];
  for (const method of outputMethods(subject)) {
    const parts = [
      await numbersOf(model[method]?.(asRows(head))),
      await numbersOf(model[method]?.(asRows(tail))),
    ].flat();
    assertSameNumbers(
      subject,
      `${method} of two parts against the whole`,
      { [method]: parts },
      { [method]: whole[method] ?? [] },
      0,
    );
  }
}

/** What must not change the model. */
export const invarianceChecks: readonly CheckEntry[] = [
  { name: "fitting twice gives the same state bit for bit", run: fitTwice },
  { name: "the model is the same for any partitioning", run: anyPartitioning },
  { name: "the model has the same bits on every engine and number of threads", run: anyEngine },
  {
    name: "weight 1 is no weight, 2 the row twice, 0 without it",
    when: (subject) => subject.weights,
    run: weightsCount,
  },
  { name: "the order of rows does not matter", when: (subject) => subject.anyRowOrder, run: anyRowOrder },
  { name: "f32 and f64 give the same answer", run: singleAndDouble },
  { name: "CSR and dense give the same answer", when: (subject) => subject.sparse !== undefined, run: sparseAndDense },
  { name: "rows, columns, arrays and frames give the same answer", run: anyContainer },
  { name: "outputs of parts are parts of the outputs", run: rowByRow },
];
