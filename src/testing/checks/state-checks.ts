import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError } from "../../base/errors.js";
import { DistributedArray } from "../../collections/array/distributed-array.js";
import { InlineEngine } from "../../engine/inline/inline-engine.js";
import { LocalEngine } from "../../engine/local/local-engine.js";
import type { EstimatorJson } from "../../estimator/estimator.js";
import { assert, assertClose, errorOf } from "../compare.js";
import { asRows, checkData, cut, evenly } from "../check-data.js";
import { assertSameNumbers, everythingOf, numbersOf, outputMethods, outputsOf } from "../outputs.js";
import type { CheckEntry, CheckedEstimator, TestSubject } from "../subject.js";

async function survivesJson(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const { X, y } = cut(data, [60, 60]);
  const model = subject.make();
  const unfitted = subject.fromJSON(JSON.parse(JSON.stringify(model.toJSON())) as EstimatorJson);
  assert(!unfitted.isFitted, `${subject.name}: an unfitted estimator comes back fitted from JSON.`);
  await model.fit(X, y);
  const json = model.toJSON();
  const expected = await everythingOf(subject, model, X);
  for (const [what, copy] of [
    ["JSON text", JSON.parse(JSON.stringify(json)) as EstimatorJson],
    ["structuredClone", structuredClone(json)],
  ] as const) {
    const again = subject.fromJSON(copy);
    assert(again.isFitted, `${subject.name}: a fitted estimator comes back unfitted from ${what}.`);
    assertSameNumbers(subject, `after ${what}`, await everythingOf(subject, again, X), expected, 0);
    assert(
      JSON.stringify(again.toJSON()) === JSON.stringify(json),
      `${subject.name}: its JSON changes on the way through ${what}.`,
    );
    assert(
      again.featureNames?.join() === model.featureNames?.join(),
      `${subject.name}: featureNames are lost in ${what}.`,
    );
  }
  await errorOf(`${subject.name}: JSON of another class`, () => subject.fromJSON({ ...json, kind: "NoSuchEstimator" }));
  await errorOf(`${subject.name}: JSON of a later version`, () => subject.fromJSON({ ...json, version: 1e6 }));
}

async function failureChangesNothing(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const { X, y } = cut(data, [60, 60]);
  const columns = data.columns.map((column) => column.slice());
  (columns[2] as Float64Array)[110] = Infinity;
  const bad = cut({ ...data, columns }, [60, 60]);
  const fresh = subject.make();
  await errorOf(`${subject.name}: infinity in X`, () => fresh.fit(bad.X, bad.y));
  assert(!fresh.isFitted, `${subject.name}: a failed fit left a fitted estimator.`);
  const model = subject.make();
  await model.fit(X, y);
  const before = JSON.stringify(model.toJSON());
  await errorOf(`${subject.name}: infinity in X`, () => model.fit(bad.X, bad.y));
  assert(JSON.stringify(model.toJSON()) === before, `${subject.name}: a failed fit changed the fitted state.`);
  if (model.partialFit) {
    await errorOf(`${subject.name}: infinity in X`, () => model.partialFit?.(bad.X, bad.y));
    assert(JSON.stringify(model.toJSON()) === before, `${subject.name}: a failed partialFit changed the fitted state.`);
  }
}

async function abortStops(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const { X, y } = cut(data, evenly(data.rows, 12));
  for (const make of [() => new InlineEngine(), () => new LocalEngine({ threads: 2 })]) {
    const engine = make();
    const model = subject.make();
    await model.fit(X, y, { engine });
    const before = JSON.stringify(model.toJSON());
    const held = engine.heldBytes;
    // Stopped before it starts, at its first task, and at its first report.
    for (const when of ["before", "task", "progress"] as const) {
      const controller = new AbortController();
      if (when === "before") controller.abort();
      const off = engine.on("task", () => when === "task" && controller.abort());
      const what = `${subject.name}, ${engine.name} engine, aborted ${when === "before" ? "before the fit" : `at the first ${when} event`}`;
      const error = await errorOf(what, () =>
        model.fit(X, y, {
          engine,
          signal: controller.signal,
          ...(when === "progress" ? { onProgress: () => controller.abort() } : {}),
        }),
      ).catch((failure: unknown) => {
        // A fit of one pass may be complete when it first reports.
        if (when === "progress" && subject.onePass) return undefined;
        throw failure;
      });
      off();
      if (error)
        assert(error instanceof AbortedError, `${what}: expected an AbortedError, got ${error.name}: ${error.message}`);
      assert(JSON.stringify(model.toJSON()) === before, `${what}: the fitted state changed.`);
      await holdsAgain(what, engine, held);
    }
    await engine.close();
  }
}

/** Memory comes back when running tasks have ended, which may be a little after the call has. */
async function holdsAgain(what: string, engine: { readonly heldBytes: number }, bytes: number): Promise<void> {
  for (let tries = 0; tries < 250 && engine.heldBytes !== bytes; tries++) await sleep(20);
  assert(engine.heldBytes === bytes, `${what}: the engine holds ${engine.heldBytes} bytes, ${bytes} before.`);
}

async function lazyStaysLazy(subject: TestSubject): Promise<void> {
  const { X, y } = cut(checkData(subject), [60, 60]);
  const engine = new InlineEngine();
  const held = await X.persist({ engine });
  const model = subject.make();
  await model.fit(held, y, { engine });
  let tasks = 0;
  engine.on("task", () => (tasks += 1));
  const lazy = outputMethods(subject).map((method) => [method, model[method]?.(held)] as const);
  await sleep(0);
  assert(
    tasks === 0,
    `${subject.name}: ${tasks} task events came from calling ${outputMethods(subject).join(", ")} on a distributed array.`,
  );
  for (const [method, result] of lazy) {
    assert(result instanceof DistributedArray, `${subject.name}: ${method} of a distributed array has to be one.`);
    assert(
      result.partitions === held.partitions && result.rows === 120,
      `${subject.name}: ${method} does not keep partitions and rows.`,
    );
    await result.compute();
  }
  assert(tasks > 0, `${subject.name}: nothing ran when the outputs were computed.`);
  held.release();
  await engine.close();
}

async function nothingLeaks(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const { X, y } = cut(data, evenly(data.rows, 6));
  const engine = new LocalEngine({ threads: 2 });
  const empty = engine.heldBytes;
  const model = subject.make();
  await model.fit(X, y, { engine });
  await outputsOf(subject, model, X, engine);
  await holdsAgain(`${subject.name}: after fit and outputs on lazy rows`, engine, empty);
  const [heldX, heldY] = [await X.persist({ engine }), await y.persist({ engine })];
  const held = engine.heldBytes;
  assert(held > empty, `${subject.name}: persist() holds nothing.`);
  await model.fit(heldX, heldY);
  // One of them persisted, the other lazy: what the caller holds has to outlive the fit.
  await model.fit(heldX, y, { engine });
  await outputsOf(subject, model, heldX);
  await holdsAgain(`${subject.name}: after fit and outputs on persisted rows`, engine, held);
  await heldX.compute();
  heldX.release();
  heldY.release();
  await holdsAgain(`${subject.name}: after release`, engine, empty);
  await engine.close();
}

async function valuesAgree(subject: TestSubject): Promise<void> {
  const data = checkData(subject);
  const X = asRows(data);
  const model = subject.make();
  const result = await model.fit(X, data.y);
  assert(result === model, `${subject.name}: fit has to resolve to the estimator itself.`);
  const methods = outputMethods(subject);
  if (subject.task === "classifier") await labelsAgree(subject, model, X, data.y);
  if (subject.task === "regressor" && subject.score === undefined && model.score) {
    const predicted = await numbersOf(model.predict?.(X));
    const mean = data.y.reduce((sum, value) => sum + value, 0) / data.rows;
    const total = data.y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const left = data.y.reduce((sum, value, i) => sum + (value - (predicted[i] ?? NaN)) ** 2, 0);
    assertClose(
      `${subject.name}: score against R² of predict`,
      [await model.score(X, data.y)],
      [1 - left / total],
      1e-12,
    );
  }
  if (model.inverseTransform && methods.includes("transform")) {
    const { X: array } = cut(data, [60, 60]);
    const back = await numbersOf(model.inverseTransform(model.transform?.(array) as DistributedArray));
    assertClose(`${subject.name}: inverseTransform of transform`, back, X.flat(), 1e-12);
  }
}

async function labelsAgree(
  subject: TestSubject,
  model: CheckedEstimator,
  X: number[][],
  y: Float64Array,
): Promise<void> {
  const predicted = await numbersOf(model.predict?.(X));
  const labels = new Set(y);
  assert(
    predicted.every((label) => labels.has(label)),
    `${subject.name}: predict gives labels that are not in y.`,
  );
  const methods = outputMethods(subject);
  if (model.predictProba && methods.includes("predictProba")) {
    const proba = await numbersOf(model.predictProba(X));
    const classes = [...labels].sort((a, b) => a - b);
    const k = classes.length;
    predicted.forEach((label, i) => {
      const row = proba.slice(i * k, (i + 1) * k);
      const sum = row.reduce((total, p) => total + p, 0);
      assert(Math.abs(sum - 1) <= 1e-15 * k, `${subject.name}: the probabilities of row ${i} add up to ${sum}.`);
      assert(
        row[classes.indexOf(label)] === Math.max(...row),
        `${subject.name}: row ${i} is predicted ${label}, which is not the most probable label.`,
      );
    });
  }
  if (model.decisionFunction && methods.includes("decisionFunction") && labels.size === 2) {
    const decision = await numbersOf(model.decisionFunction(X));
    const [low, high] = [Math.min(...labels), Math.max(...labels)];
    predicted.forEach((label, i) => {
      assert(
        label === ((decision[i] ?? 0) > 0 ? high : low),
        `${subject.name}: row ${i} is predicted ${label} at decision ${decision[i]}.`,
      );
    });
  }
  if (model.score) {
    const share = predicted.filter((label, i) => label === y[i]).length / y.length;
    assertClose(`${subject.name}: score against the share of right labels`, [await model.score(X, y)], [share], 1e-15);
    assert(share > 0.6, `${subject.name}: it labels only ${share} of its own training rows as they are.`);
  }
}

/** The fitted state: what leaves it alone, what it keeps, what it lets go. */
export const stateChecks: readonly CheckEntry[] = [
  { name: "a model comes back from JSON and structuredClone bit for bit", run: survivesJson },
  { name: "a failed fit leaves the previous model", run: failureChangesNothing },
  { name: "an abort stops the fit, leaves the previous model and frees memory", run: abortStops },
  { name: "outputs of distributed rows stay lazy", run: lazyStaysLazy },
  { name: "nothing is held after fit and release", run: nothingLeaks },
  { name: "fitted values agree with each other", run: valuesAgree },
];
