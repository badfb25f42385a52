import { NotFittedError, ParameterError, show } from "../../base/errors.js";
import { badValues, otherValue } from "../bad-values.js";
import { assert, assertMentions, errorOf } from "../compare.js";
import { asRows, checkData } from "../check-data.js";
import { outputMethods } from "../outputs.js";
import type { CheckEntry, TestSubject } from "../subject.js";

async function canBeMade(subject: TestSubject): Promise<void> {
  const model = subject.make();
  assert(!model.isFitted, `${subject.name}: a new estimator says that it is fitted.`);
  assert(model.kind.length > 0, `${subject.name}: it has no kind.`);
  for (const param of model.table.describe()) {
    assert(param.description.length > 0, `${subject.name}: the parameter ${param.name} has no description.`);
    assert(param.name in model.getParams(), `${subject.name}: getParams() lacks ${param.name}.`);
  }
}

async function badValuesAreRefused(subject: TestSubject): Promise<void> {
  for (const param of subject.make().table.describe()) {
    for (const value of badValues(param)) {
      const what = `${subject.name}: ${param.name} = ${show(value)}`;
      for (const attempt of [
        () => subject.makeWith({ [param.name]: value }),
        () => subject.make().setParams({ [param.name]: value }),
      ]) {
        const error = await errorOf(what, attempt);
        assert(
          error instanceof ParameterError,
          `${what}: expected a ParameterError, got ${error.name}: ${error.message}`,
        );
        assertMentions(what, error, [`${subject.make().kind}: `, param.name, `got ${show(value)}`]);
      }
    }
  }
}

async function unknownNamesAreRefused(subject: TestSubject): Promise<void> {
  const model = subject.make();
  const [first] = model.table.describe();
  if (!first) return;
  const what = `${subject.name}: an unknown parameter`;
  for (const attempt of [
    () => subject.makeWith({ [`${first.name}x`]: 1 }),
    () => model.setParams({ [`${first.name}x`]: 1 }),
  ]) {
    const error = await errorOf(what, attempt);
    assert(error instanceof ParameterError, `${what}: expected a ParameterError, got ${error.name}: ${error.message}`);
    assertMentions(what, error, [model.kind]);
  }
  assertMentions(what, await errorOf(what, () => subject.makeWith({ [`${first.name}x`]: 1 })), [
    `Did you mean ${show(first.name)}?`,
  ]);
}

async function paramsRoundTrip(subject: TestSubject): Promise<void> {
  const model = subject.make();
  const before = model.getParams() as Record<string, unknown>;
  const copy = model.clone();
  assert(copy !== model && !copy.isFitted, `${subject.name}: clone() has to give another, unfitted estimator.`);
  assert(copy.kind === model.kind, `${subject.name}: clone() is a ${copy.kind}.`);
  assert(
    JSON.stringify(copy.toJSON()) === JSON.stringify(model.toJSON()),
    `${subject.name}: clone() has other parameters than the original.`,
  );
  for (const param of model.table.describe()) {
    const other = otherValue(param);
    if (other === undefined) continue;
    assert(
      copy.setParams({ [param.name]: other }) === copy,
      `${subject.name}: setParams() has to return the estimator.`,
    );
    const now = copy.getParams() as Record<string, unknown>;
    assert(
      Object.is(now[param.name], other),
      `${subject.name}: after setParams, ${param.name} is ${show(now[param.name])}, not ${show(other)}.`,
    );
    const again = copy.clone().getParams() as Record<string, unknown>;
    assert(Object.is(again[param.name], other), `${subject.name}: clone() lost ${param.name}.`);
  }
  const after = model.getParams() as Record<string, unknown>;
  for (const [name, value] of Object.entries(before)) {
    assert(Object.is(after[name], value), `${subject.name}: changing a clone changed ${name} of the original.`);
  }
  // What getParams gives is a copy: writing to it must not reach the estimator.
  for (const name of Object.keys(after)) after[name] = undefined;
  for (const [name, value] of Object.entries(model.getParams())) {
    assert(value !== undefined, `${subject.name}: writing to the result of getParams() changed ${name}.`);
  }
}

async function fittingComesFirst(subject: TestSubject): Promise<void> {
  const model = subject.make();
  const X = asRows(checkData(subject, 4));
  const attempts: [string, () => unknown][] = [
    ...outputMethods(subject).map((method): [string, () => unknown] => [method, () => model[method]?.(X)]),
    ...subject.attributes.map((name): [string, () => unknown] => [
      name,
      () => (model as unknown as Record<string, unknown>)[name],
    ]),
    ["nFeatures", () => model.nFeatures],
  ];
  if (model.score) attempts.push(["score", () => model.score?.(X, checkData(subject, 4).y)]);
  for (const [name, attempt] of attempts) {
    const what = `${subject.name}: ${name} before fit`;
    const error = await errorOf(what, attempt);
    assert(error instanceof NotFittedError, `${what}: expected a NotFittedError, got ${error.name}: ${error.message}`);
    assertMentions(what, error, ["fit"]);
  }
}

/** Parameters, and what happens before a fit. */
export const parameterChecks: readonly CheckEntry[] = [
  { name: "can be made without a fit, and every parameter is described", run: canBeMade },
  { name: "bad parameter values are refused by owner, parameter and value", run: badValuesAreRefused },
  { name: "an unknown parameter is refused with the nearest name", run: unknownNamesAreRefused },
  { name: "getParams, setParams and clone agree", run: paramsRoundTrip },
  { name: "everything that needs a fit says so before it", run: fittingComesFirst },
];
