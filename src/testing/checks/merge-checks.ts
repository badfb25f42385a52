import type { EstimatorJson } from "../../estimator/estimator.js";
import { assert, assertMentions, errorOf, toleranceOf } from "../compare.js";
import { cut, checkData, evenly, takeRows, type CheckData } from "../check-data.js";
import { assertSameNumbers, everythingOf } from "../outputs.js";
import type { CheckEntry, CheckedEstimator, TestSubject } from "../subject.js";

type Merge = (a: CheckedEstimator, b: CheckedEstimator) => CheckedEstimator;

function mergeOf(subject: TestSubject): Merge | undefined {
  const Class = subject.make().constructor as { merge?: Merge };
  return Class.merge?.bind(Class);
}

const makeMergeable = (subject: TestSubject): CheckedEstimator => subject.makeWith({ ...subject.mergeable });

/** Sums of a few rows are exact to the last digits whatever their order, where the fit has a closed form. */
function mergeTolerance(subject: TestSubject): number {
  const tolerance = toleranceOf(subject.solution);
  return subject.task === "transformer" ? Math.min(tolerance, 1e-12) : tolerance;
}

interface Part {
  readonly data: CheckData;
  readonly weights: Float64Array | undefined;
}

/** The rows in uneven parts, with and without weights, of which a few are 0. */
function* splits(subject: TestSubject): Generator<{ what: string; whole: Part; parts: Part[] }> {
  const data = checkData(subject);
  const all = Float64Array.from({ length: data.rows }, (_, i) => [1, 2, 0, 3, 1, 1, 2][i % 7] ?? 1);
  const counts = [50, 23, 47];
  for (const weighted of subject.weights ? [false, true] : [false]) {
    let at = 0;
    const parts = counts.map((count): Part => {
      const rows = Array.from({ length: count }, (_, i) => at + i);
      at += count;
      const weights = weighted ? Float64Array.from(rows, (i) => all[i] ?? 1) : undefined;
      return { data: takeRows(data, rows), weights };
    });
    yield { what: weighted ? "weighted rows" : "rows", whole: { data, weights: weighted ? all : undefined }, parts };
  }
}

function inputs({ data, weights }: Part, partitions: number): Parameters<CheckedEstimator["fit"]> {
  const { X, y, w } = cut(data, evenly(data.rows, partitions), weights ? { w: weights } : {});
  return [X, y, w ? { sampleWeight: w } : {}];
}

async function fittedOn(subject: TestSubject, part: Part, partitions: number): Promise<CheckedEstimator> {
  const model = makeMergeable(subject);
  await model.fit(...inputs(part, partitions));
  return model;
}

async function mergesToUnion(subject: TestSubject): Promise<void> {
  const merge = mergeOf(subject) as Merge;
  const tolerance = mergeTolerance(subject);
  for (const { what, whole, parts } of splits(subject)) {
    const [rows] = inputs(whole, 1);
    const expected = await everythingOf(subject, await fittedOn(subject, whole, 4), rows);
    const [a, b, c] = (await Promise.all(parts.map((part, k) => fittedOn(subject, part, k + 1)))) as [
      CheckedEstimator,
      CheckedEstimator,
      CheckedEstimator,
    ];
    const before = [a, b, c].map((model) => JSON.stringify(model.toJSON()));
    for (const [how, merged] of [
      ["(a + b) + c", merge(merge(a, b), c)],
      ["a + (b + c)", merge(a, merge(b, c))],
      ["c + (a + b)", merge(c, merge(a, b))],
      ["(a + b) + c through JSON", merge(throughJson(subject, merge(a, b)), throughJson(subject, c))],
    ] as const) {
      const label = `${how} against the fit on all ${what}`;
      assertSameNumbers(subject, label, await everythingOf(subject, merged, rows), expected, tolerance);
    }
    [a, b, c].forEach((model, k) =>
      assert(JSON.stringify(model.toJSON()) === before[k], `${subject.name}: merge changed what it was given.`),
    );
  }
  const { data } = (splits(subject).next().value as { whole: Part }).whole;
  const narrow = { data: { ...data, names: ["a", "b"], columns: data.columns.slice(0, 2) }, weights: undefined };
  const renamed = { data: { ...data, names: ["a", "b", "d"] }, weights: undefined };
  const own = await fittedOn(subject, { data, weights: undefined }, 2);
  for (const other of [narrow, renamed]) {
    const strange = await fittedOn(subject, other, 2);
    const error = await errorOf(`${subject.name}: merge of other columns`, () => merge(own, strange));
    assertMentions(`${subject.name}: merge of other columns`, error, [`${own.kind}.merge`, /columns/u]);
  }
}

function throughJson(subject: TestSubject, model: CheckedEstimator): CheckedEstimator {
  return subject.fromJSON(JSON.parse(JSON.stringify(model.toJSON())) as EstimatorJson);
}

async function addsUp(subject: TestSubject): Promise<void> {
  for (const { what, whole, parts } of splits(subject)) {
    const [rows] = inputs(whole, 1);
    const expected = await everythingOf(subject, await fittedOn(subject, whole, 3), rows);
    for (const order of subject.anyRowOrder ? [parts, [...parts].reverse()] : [parts]) {
      let model = makeMergeable(subject);
      for (const part of order) {
        const result = await model.partialFit?.(...inputs(part, 2));
        assert(result === model, `${subject.name}: partialFit has to resolve to the estimator.`);
        // As from one day to the next.
        model = throughJson(subject, model);
      }
      const label = `partialFit in batches against the fit on all ${what}`;
      assertSameNumbers(subject, label, await everythingOf(subject, model, rows), expected, mergeTolerance(subject));
    }
  }
}

const merges = (subject: TestSubject): boolean => mergeOf(subject) !== undefined;

/** Estimators whose fitted states add up. */
export const mergeChecks: readonly CheckEntry[] = [
  { name: "merged fits equal the fit on all rows, in any grouping", when: merges, run: mergesToUnion },
  {
    name: "partialFit in batches equals one fit",
    when: (subject) => subject.make().partialFit !== undefined,
    run: addsUp,
  },
];
