import { describe, expect, it } from "vitest";
import * as models from "#models/index.js";
import * as preprocessing from "#preprocessing/index.js";
import { Pipeline } from "#src/compose/pipeline.js";
import { Estimator } from "#src/estimator/estimator.js";
import { checkNames, estimatorChecks, testSubjects, type TestSubject } from "#src/testing/index.js";

for (const subject of testSubjects) {
  describe(subject.name, () => {
    for (const check of estimatorChecks(subject)) it(check.name, () => check.run());
  });
}

/** Estimators that the checks cannot fit, and where they are held to the same. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  HistGradientBoostingRanker: "its fit needs groups, which the checks do not pass: test/models/boosting/ranker.test.ts",
};

describe("the registry of test subjects", () => {
  it("has every exported estimator", () => {
    // What takes text is tested as a step: the checks' rows are numbers.
    const parts = (made: object): object[] =>
      made instanceof Pipeline ? [made, ...made.getParams().steps.map(([, step]) => Object(step) as object)] : [made];
    const tested = new Set<unknown>(
      testSubjects.flatMap((subject) => parts(subject.make()).map((made) => made.constructor)),
    );
    // What has no fit (models of other libraries) has tests of its own.
    const exported = Object.entries({ ...models, ...preprocessing, Pipeline }).filter(
      ([, value]) =>
        typeof value === "function" && value.prototype instanceof Estimator && "fit" in Object(value.prototype),
    );
    expect(exported.length).toBeGreaterThanOrEqual(4);
    expect(exported.filter(([, Class]) => !tested.has(Class)).map(([name]) => name)).toEqual(Object.keys(ELSEWHERE));
  });

  it("names each subject once", () => {
    const names = testSubjects.map((subject) => subject.name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("estimatorChecks", () => {
  const [first] = testSubjects as [TestSubject, ...TestSubject[]];
  const passing = "fitting twice gives the same state bit for bit";

  it("has names that are not repeated, and chooses by what the subject says of itself", () => {
    expect(new Set(checkNames()).size).toBe(checkNames().length);
    const names = (subject: TestSubject): string[] => estimatorChecks(subject).map((check) => check.name);
    const weightless = names({ ...first, weights: false });
    expect(names(first).filter((name) => !weightless.includes(name))).toEqual([
      "a bad weight is named",
      "weight 1 is no weight, 2 the row twice, 0 without it",
    ]);
    expect(names(first)).not.toContain("one class is refused");
  });

  it("reports a skipped check that passes", async () => {
    const skipped = estimatorChecks({ ...first, skip: [{ check: passing, reason: "not yet" }] });
    const check = skipped.find((one) => one.name === `${passing} (skipped: not yet)`);
    await expect(check?.run()).rejects.toThrow(
      `"${passing}" is skipped (not yet), but it passes. Take it off the list.`,
    );
  });

  it("lets a skipped check fail", async () => {
    const model = first.make();
    // Another estimator at every call.
    const broken: TestSubject = {
      ...first,
      make: () => {
        const made = first.make();
        Object.defineProperty(made, "toJSON", { value: () => ({ ...model.toJSON(), salt: (salt += 1) }) });
        return made;
      },
      skip: [{ check: passing, reason: "salted" }],
    };
    let salt = 0;
    await estimatorChecks(broken)
      .find((one) => one.name.startsWith(passing))
      ?.run();
    await expect(
      estimatorChecks({ ...broken, skip: [] })
        .find((one) => one.name === passing)
        ?.run(),
    ).rejects.toThrow("fitting twice gives another state");
  });

  it("refuses to skip what is not a check of the subject", () => {
    expect(() => estimatorChecks({ ...first, skip: [{ check: "one class is refused", reason: "?" }] })).toThrow(
      'it skips "one class is refused", which is not among its checks',
    );
  });
});
