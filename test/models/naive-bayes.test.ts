import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { crossValidate, KFold } from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("naive-bayes");
const CLOSE = { rtol: 1e-9, atol: 1e-11 };
const array = (columns: readonly (readonly number[])[], partitions: number): DistributedArray =>
  DistributedArray.fromColumns(columns, { partitions });
const priors = [0.5, 0.25, 0.25];
const makers: Record<string, () => GaussianNB | MultinomialNB | BernoulliNB | CategoricalNB> = {
  gaussian: () => new GaussianNB(),
  "gaussian smooth": () => new GaussianNB({ varSmoothing: 1e-2 }),
  "gaussian priors": () => new GaussianNB({ priors }),
  "gaussian weights": () => new GaussianNB({ varSmoothing: 0 }),
  multinomial: () => new MultinomialNB(),
  "multinomial weights": () => new MultinomialNB({ alpha: 0.3 }),
  "multinomial equal": () => new MultinomialNB({ fitPrior: false }),
  "multinomial priors": () => new MultinomialNB({ priors }),
  bernoulli: () => new BernoulliNB(),
  "bernoulli weights": () => new BernoulliNB({ alpha: 0.3 }),
  "bernoulli equal": () => new BernoulliNB({ fitPrior: false }),
  "bernoulli priors": () => new BernoulliNB({ priors }),
  categorical: () => new CategoricalNB(),
  "categorical weights": () => new CategoricalNB({ alpha: 0.3 }),
  "categorical equal": () => new CategoricalNB({ fitPrior: false }),
  "categorical priors": () => new CategoricalNB({ priors }),
  "categorical room": () => new CategoricalNB({ minCategories: 9 }),
  "bernoulli threshold": () => new BernoulliNB({ binarize: 1 }),
};

describe("naive Bayes", () => {
  for (const [name, make] of Object.entries(makers)) {
    it(`gives scikit-learn's probabilities: ${name}, for any partitioning`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const columns = data.columns as number[][];
      const few = columns.map((column) => [0, 17, 44, 60].map((i) => column[i] as number));
      for (const partitions of [1, 5]) {
        const { sampleWeight } = data;
        const model = await make().fit(
          array(columns, partitions),
          data.y as number[],
          sampleWeight ? { sampleWeight } : {},
        );
        const proba = await model.predictProba(array(few, 2)).compute();
        expectClose(proba.toFlat(), (expected["proba"] as number[][]).flat(), CLOSE, "probabilities");
        const joint = await (model.predictJointLogProba(array(few, 2)) as DistributedArray).compute();
        expectClose(joint.toFlat(), (expected["joint"] as number[][]).flat(), CLOSE, "joint");
        const labels = await model.predict(array(columns, partitions)).compute();
        expect([...(labels.toVector() as Float64Array)]).toEqual(expected["labels"]);
      }
    });
  }

  it("learns in batches, and merges, as in one fit; batches may lack classes", async () => {
    const rows = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom("a", "b", "c")),
      {
        minLength: 4,
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 3 }), async (list, cut) => {
        fc.pre(new Set(list.map(([, , label]) => label)).size > 1);
        const X = list.map(([a, b]) => [a, b]);
        const y = list.map(([, , label]) => label);
        for (const make of [
          () => new GaussianNB({ varSmoothing: 0.1 }),
          () => new MultinomialNB(),
          () => new BernoulliNB(),
          () => new CategoricalNB(),
        ]) {
          const whole = await (make() as GaussianNB).fit(X, y);
          const batches = make() as GaussianNB;
          await batches.partialFit(X.slice(0, cut), y.slice(0, cut));
          await batches.partialFit(X.slice(cut), y.slice(cut));
          expect(batches.classes).toEqual(whole.classes);
          const [a, b] = [await whole.predictProba(X), await batches.predictProba(X)];
          expectClose(a.toFlat(), b.toFlat(), { rtol: 1e-8, atol: 1e-10 }, "batches");
        }
      }),
      { numRuns: 15 },
    );
  });

  it("costs one scan in cross-validation, with the scores of a fit a fold", async () => {
    const { data } = goldenCase(golden, "gaussian");
    const X = array(data.columns as number[][], 3);
    const folds = await new KFold({ nSplits: 4 }).split(X);
    for (const model of [new GaussianNB(), new BernoulliNB()]) {
      const scoring = "neg_log_loss";
      const quick = await crossValidate(model, X, data.y as number[], { scoring, cv: new KFold({ nSplits: 4 }) });
      const plain = await crossValidate(model, X, data.y as number[], { scoring, cv: folds.slice() });
      expectClose(
        quick.testScores["score"] as Float64Array,
        plain.testScores["score"] as Float64Array,
        { rtol: 1e-9, atol: 1e-9 },
        "scores",
      );
    }
  });

  it("counts categories as a table by hand does, whichever of them a part has, and merges", async () => {
    const X = [
      [0, 3],
      [1, 0],
      [1, 1],
      [2, 0],
      [0, 0],
    ];
    const y = ["a", "b", "a", "b", "a"];
    const sampleWeight = [2, 1, 0, 1, 1];
    const model = await new CategoricalNB({ alpha: 0.5 }).fit(
      array([X.map(([a]) => a as number), X.map(([, b]) => b as number)], 4),
      y,
      { sampleWeight },
    );
    expect([...model.nCategories]).toEqual([3, 4]);
    expect(model.categoryCount.map((classes) => classes.map((counts) => [...counts]))).toEqual([
      [
        [3, 0, 0],
        [0, 1, 1],
      ],
      [
        [1, 0, 0, 2],
        [2, 0, 0, 0],
      ],
    ]);
    // P(row | class) as a product of shares: (count + alpha) / (rows of the class + alpha * categories).
    const share = (count: number, rows: number, categories: number): number =>
      (count + 0.5) / (rows + 0.5 * categories);
    const a = (3 / 5) * share(3, 3, 3) * share(2, 3, 4);
    const b = (2 / 5) * share(0, 2, 3) * share(0, 2, 4);
    const proba = await model.predictProba([[0, 3]]);
    expectClose(proba.toFlat(), [a / (a + b), b / (a + b)], CLOSE, "by hand");
    const left = await new CategoricalNB({ alpha: 0.5 })
      .fit(X.slice(1, 4), y.slice(1, 4), {
        sampleWeight: sampleWeight.slice(1, 4),
      })
      .catch((error: Error) => error.message);
    expect(left).toContain("one class only");
    const parts = [
      await new CategoricalNB({ alpha: 0.5 }).fit(X.slice(0, 2), y.slice(0, 2), { sampleWeight: [2, 1] }),
      await new CategoricalNB({ alpha: 0.5 }).fit(X.slice(3), y.slice(3), { sampleWeight: [1, 1] }),
    ] as const;
    const merged = CategoricalNB.merge(...parts);
    expectClose((await merged.predictProba(X)).toFlat(), (await model.predictProba(X)).toFlat(), CLOSE, "merged");
  });

  it("leaves a category out that fit had no room for, and refuses what is no code", async () => {
    const model = await new CategoricalNB().fit(
      [
        [0, 0],
        [1, 1],
      ],
      [0, 1],
    );
    const [unseen, alone] = [await model.predictProba([[1, 7]]), await new CategoricalNB().fit([[0], [1]], [0, 1])];
    expectClose(unseen.toFlat(), (await alone.predictProba([[1]])).toFlat(), CLOSE, "unseen");
    await expect(new CategoricalNB().fit(array([[0, 1, 2.5, 1]], 2), [0, 1, 0, 1])).rejects.toThrow(
      "X must hold category codes 0, 1, 2, ... (below 1000000); got 2.5 in column 0, partition 1, row 0",
    );
    await expect(new CategoricalNB().fit([[0], [1e6]], [0, 1])).rejects.toThrow("got 1000000 in column 0");
    await expect(model.predict([[0, -1]])).rejects.toThrow("CategoricalNB.predict: X must hold category codes");
    await expect(new CategoricalNB().fit([[0], [NaN]], [0, 1])).rejects.toThrow("NaN");
  });

  it("refuses negative counts, priors that are none, and rows of one class", async () => {
    await expect(new MultinomialNB().fit([[1], [-1]], [0, 1])).rejects.toThrow(
      "X must be >= 0, as it holds counts; got -1 in column 0",
    );
    await expect(new GaussianNB({ priors: [0.5, 0.6] }).fit([[1], [2]], [0, 1])).rejects.toThrow(
      "priors must sum to 1",
    );
    await expect(new GaussianNB({ priors }).fit([[1], [2]], [0, 1])).rejects.toThrow(
      "priors has 3 values, but there are 2",
    );
    await expect(new GaussianNB().fit([[1], [2]], [1, 1])).rejects.toThrow("y has one class only: 1");
    expect(() => new BernoulliNB({ alpha: 0 })).toThrow("alpha");
  });
});
