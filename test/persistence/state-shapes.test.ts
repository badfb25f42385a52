import { describe, expect, it } from "vitest";
import "#models/index.js";
import "#preprocessing/index.js";
import { estimatorFromJSON, registeredKinds } from "#src/estimator/registry.js";
import { checkStateShapes, shapedKinds } from "#src/estimator/state-shapes.js";
import { fuzzState, fuzzSubjects } from "#src/testing/fuzz-state.js";

const RUNS = Number(process.env["FUZZ_STATES"] ?? 300);

describe("the state of a model from a file", () => {
  it("is checked by a table that names kinds which are there, and fits every subject as it is", async () => {
    expect(shapedKinds().filter((kind) => !registeredKinds().includes(kind))).toEqual([]);
    for (const { json } of await fuzzSubjects()) expect(estimatorFromJSON(json)).toBeDefined();
  });

  it("is refused by field and length", () => {
    const state = { nFeatures: 2, featureNames: ["a", "b"], coef: Float64Array.of(1, 2), intercept: 0 };
    expect(() => checkStateShapes("Ridge", state)).not.toThrow();
    const bad = (change: object) => () => checkStateShapes("Ridge", { ...state, ...change } as never);
    expect(bad({ coef: Float64Array.of(1) })).toThrow(
      "Ridge: its state is damaged: coef has 1 values where the columns ask for 2. Save the model again.",
    );
    expect(bad({ coef: null })).toThrow("coef is null, not a list of 2");
    expect(bad({ nFeatures: 2 ** 40 })).toThrow("nFeatures is 1099511627776, not a number of columns");
    expect(bad({ featureNames: ["a"] })).toThrow("featureNames has 1 values");
    expect(() =>
      checkStateShapes("LogisticRegression", {
        ...state,
        coef: Float64Array.of(1, 2, 3, 4),
        intercepts: Float64Array.of(0, 0),
        classes: ["x", "y", "z"],
      }),
    ).toThrow("intercepts has 2 values for 3 classes");
  });

  it(
    "never crashes or hangs what loads it, whatever was changed in it",
    async () => {
      const subjects = await fuzzSubjects();
      let refused = 0;
      for (let run = 0; run < RUNS; run++) if ((await fuzzState(subjects, run)) === "refused") refused += 1;
      expect(refused).toBeGreaterThan(RUNS / 10);
    },
    60_000 + 200 * RUNS,
  );
});
