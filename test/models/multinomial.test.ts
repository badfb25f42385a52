import { describe, expect, it } from "vitest";
import { LogisticRegression, type LogisticRegressionParams } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { csrOfColumns } from "../csr-array.js";
import { expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf, type GoldenValue } from "../golden/load-golden.js";

const golden = loadGolden("multinomial");

interface Rows {
  readonly columns: readonly ArrayLike<number>[];
  /** Position of each row's class. */
  readonly codes: ArrayLike<number>;
  readonly w: ArrayLike<number>;
}

/** Largest entry of the objective's gradient, from scratch. */
function gradientNorm({ columns, codes, w }: Rows, model: LogisticRegression): number {
  const { C, fitIntercept } = model.getParams();
  const p = columns.length;
  const k = model.intercepts.length;
  const grad = Array.from({ length: k }, () => new Float64Array(p + 1));
  for (let i = 0; i < codes.length; i++) {
    const scores = Array.from({ length: k }, (_, c) =>
      columns.reduce((sum, column, j) => sum + column[i]! * model.coef[c * p + j]!, model.intercepts[c]!),
    );
    const top = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
    for (let c = 0; c < k; c++) {
      const residual = C * w[i]! * (Math.exp(scores[c]! - top) / total - (codes[i] === c ? 1 : 0));
      columns.forEach((column, j) => (grad[c]![j]! += residual * column[i]!));
      if (fitIntercept) grad[c]![p]! += residual;
    }
  }
  return Math.max(
    ...grad.flatMap((row, c) => Array.from(row, (value, j) => Math.abs(value + (j < p ? model.coef[c * p + j]! : 0)))),
  );
}

function paramsOf(expected: Record<string, GoldenValue>): Partial<LogisticRegressionParams> {
  return { ...(recordOf(expected, "params") as Partial<LogisticRegressionParams>), tol: 1e-9 };
}

describe("multinomial and class-weighted LogisticRegression against scikit-learn", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
      const y = data.y as number[];
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      const model = await new LogisticRegression(paramsOf(expected)).fit(X, y, options);
      expect(model.converged).toBe(true);
      expect(model.classes).toEqual(expected["classes"]);
      // The mean of the intercepts is free; both have it at 0.
      expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
      expectClose(model.intercepts, numbersOf(expected, "intercepts"), iterative, "intercepts");
      const head = Array.from({ length: 8 }, (_, i) => data.columns!.map((column) => column[i]!));
      const scores = (await model.decisionFunction(head)) as Float64Array | LocalMatrix;
      expectClose(
        "toFlat" in scores ? scores.toFlat() : scores,
        numbersOf(expected, "decisionHead"),
        iterative,
        "scores",
      );
      expectClose(
        (await model.predictProba(head)).toFlat(),
        numbersOf(expected, "probaHead"),
        iterative,
        "probabilities",
      );
      expect(await model.predict(head)).toEqual(expected["predictHead"]);
      expectClose([await model.score(X, y, options)], [numberOf(expected, "accuracy")], iterative, "accuracy");
    });
  }
});

describe("the multinomial optimum", () => {
  const n = 3000;
  const rng = new CounterRng(4, "multinomial test");
  const columns = [0, 1, 2, 3].map((j) =>
    Float64Array.from({ length: n }, (_, i) =>
      rng.uniform(i, j) < 0.4 ? 0 : Math.fround((j + 1) * rng.normal(i, 10 + j)),
    ),
  );
  const codes = Float64Array.from({ length: n }, (_, i) => {
    const u = columns[0]![i]! - 0.5 * columns[1]![i]! + rng.normal(i, 30);
    return u < -1 ? 0 : u < 0.5 ? 1 : 2;
  });
  const rows: Rows = { columns, codes, w: new Float64Array(n).fill(1) };

  it("has a vanishing gradient for dense, float and sparse rows", async () => {
    const inputs = {
      dense: DistributedArray.fromColumns(columns, { partitions: 4 }),
      float: DistributedArray.fromColumns(columns, { partitions: 4, dtype: "f32" }),
      sparse: csrOfColumns(columns, 4),
    };
    for (const [what, X] of Object.entries(inputs)) {
      const model = await new LogisticRegression({ tol: 1e-9 }).fit(X, codes);
      expect(model.converged, what).toBe(true);
      expect(gradientNorm(rows, model), what).toBeLessThan(1e-5);
      const predicted = (await model.predict(X).compute()).toVector() as Float64Array;
      const share = Array.from(predicted).filter((label, i) => label === codes[i]).length / n;
      expect(share, what).toBeGreaterThan(0.6);
    }
  });

  it("is the same where labels are words, booleans aside, and where a class is missing from a partition", async () => {
    const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => codes[a]! - codes[b]!);
    const sorted = columns.map((column) => Float64Array.from(order, (i) => column[i]!));
    const words = order.map((i) => ["low", "middle", "top"][codes[i]!]!);
    const [plain, named] = [
      await new LogisticRegression({ tol: 1e-9 }).fit(DistributedArray.fromColumns(columns, { partitions: 2 }), codes),
      await new LogisticRegression({ tol: 1e-9 }).fit(DistributedArray.fromColumns(sorted, { partitions: 6 }), words),
    ];
    expect(named.classes).toEqual(["low", "middle", "top"]);
    expectClose(named.coef, plain.coef, iterative);
    expectClose(named.intercepts, plain.intercepts, iterative);
  });

  it("takes many classes with coefficients apart, by blocks", async () => {
    const k = 180;
    const many = Float64Array.from({ length: n }, (_, i) => i % k);
    const model = await new LogisticRegression({ tol: 1e-8 }).fit(
      DistributedArray.fromColumns(columns, { partitions: 2 }),
      many,
    );
    expect(model.converged).toBe(true);
    expect(gradientNorm({ ...rows, codes: many }, model)).toBeLessThan(1e-4);
  });

  it("is kept by JSON, and has no single intercept", async () => {
    const model = await new LogisticRegression().fit(DistributedArray.fromColumns(columns, { partitions: 2 }), codes);
    const again = LogisticRegression.fromJSON(JSON.parse(JSON.stringify(model.toJSON())));
    expect(again.coef).toEqual(model.coef);
    expect(again.intercepts).toEqual(model.intercepts);
    expect(() => model.intercept).toThrow(
      "LogisticRegression: each of its 3 classes has an intercept. Use intercepts.",
    );
  });

  it("refuses weights for labels that are not there", async () => {
    await expect(new LogisticRegression({ classWeight: { 0: 1, 7: 2 } }).fit([[1], [2]], [0, 1])).rejects.toThrow(
      'classWeight has the label "7", which y lacks; it has 0, 1.',
    );
    expect(() => new LogisticRegression({ classWeight: { 0: -1 } })).toThrow("LogisticRegression: classWeight");
  });
});
