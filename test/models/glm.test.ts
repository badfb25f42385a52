import { describe, expect, it } from "vitest";
import { GammaRegressor, PoissonRegressor, TweedieRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { CounterRng } from "#src/base/rng.js";
import { csrOfColumns } from "../csr-array.js";
import { expectClose, iterative, objective } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf } from "../golden/load-golden.js";

const golden = loadGolden("glm");

type Model = PoissonRegressor | GammaRegressor | TweedieRegressor;

function modelOf(name: string, params: Record<string, unknown>): Model {
  if (name.startsWith("poisson")) return new PoissonRegressor(params);
  return name.startsWith("gamma") ? new GammaRegressor(params) : new TweedieRegressor(params);
}

/** Largest entry of the objective's gradient, from scratch: `(1/W) Σ w (μ^(2−p) − y μ^(1−p)) [x, 1] + alpha·[coef, 0]`. */
function gradientNorm(
  columns: readonly number[][],
  y: readonly number[],
  w: readonly number[] | undefined,
  model: Model,
  power: number,
  log: boolean,
  alpha: number,
): number {
  const eta = y.map(
    (_, i) => model.intercept + columns.reduce((sum, column, j) => sum + column[i]! * model.coef[j]!, 0),
  );
  const weight = w ? w.reduce((sum, value) => sum + value, 0) : y.length;
  const slope = eta.map(
    (value, i) =>
      ((w?.[i] ?? 1) * (log ? Math.exp((2 - power) * value) - y[i]! * Math.exp((1 - power) * value) : value - y[i]!)) /
      weight,
  );
  const entries = columns.map(
    (column, j) => alpha * model.coef[j]! + slope.reduce((sum, value, i) => sum + value * column[i]!, 0),
  );
  if (model.getParams().fitIntercept) entries.push(slope.reduce((sum, value) => sum + value, 0));
  return Math.max(...entries.map(Math.abs));
}

describe("generalised linear models against scikit-learn", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const params = recordOf(expected, "params");
      const columns = data.columns!;
      const y = data.y as number[];
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      const model = modelOf(name, { ...params, tol: 1e-10 });
      const X = DistributedArray.fromColumns(columns, { partitions: 4 });
      await model.fit(X, y, options);
      expect(model.converged).toBe(true);
      expectClose([model.objective], [numberOf(expected, "objective")], objective, "objective");
      // scikit-learn's line search gives up on badly scaled columns: there the gradient norm below decides alone.
      if (numberOf(expected, "gradientNorm") < 1e-8) {
        expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
        expectClose([model.intercept], [numberOf(expected, "intercept")], iterative, "intercept");
        const head = columns[0]!.slice(0, 8).map((_, i) => columns.map((column) => column[i]!));
        expectClose(await model.predict(head), numbersOf(expected, "predictHead"), iterative, "predict");
        expectClose([await model.score(X, y, options)], [numberOf(expected, "score")], iterative, "score");
      }
      const power = name.startsWith("poisson") ? 1 : name.startsWith("gamma") ? 2 : Number(params["power"]);
      const log = name !== "tweedie-0";
      const scale = Math.max(...columns.flat().map(Math.abs));
      expect(gradientNorm(columns, y, data.sampleWeight, model, power, log, Number(params["alpha"]))).toBeLessThan(
        1e-8 * scale,
      );
    });
  }
});

describe("a fit over a sample and many rows", () => {
  it("has the gradient norm of an optimum for dense, float and sparse rows", async () => {
    const n = 90_000;
    const rng = new CounterRng(3, "glm test");
    const columns = [0, 1, 2].map((j) =>
      Float64Array.from({ length: n }, (_, i) => (rng.uniform(i, j) < 0.5 ? 0 : Math.fround(rng.normal(i, 10 + j)))),
    );
    const mean = (i: number): number => Math.exp(0.3 + 0.5 * columns[0]![i]! - 0.4 * columns[1]![i]!);
    const y = Float64Array.from({ length: n }, (_, i) => mean(i) * (0.2 + 1.6 * rng.uniform(i, 20)));
    const inputs = [
      DistributedArray.fromColumns(columns, { partitions: 3 }),
      DistributedArray.fromColumns(columns, { partitions: 3, dtype: "f32" }),
      csrOfColumns(columns, 3),
    ];
    const plain = columns.map((column) => Array.from(column));
    for (const [make, power] of [
      [() => new PoissonRegressor({ alpha: 0.1, tol: 1e-9 }), 1],
      [() => new GammaRegressor({ alpha: 0.1, tol: 1e-9 }), 2],
    ] as const) {
      let first: Float64Array | undefined;
      for (const X of inputs) {
        const model = await make().fit(X, y);
        expect(model.converged).toBe(true);
        expect(model.nIter).toBeLessThan(8);
        first ??= model.coef;
        expectClose(model.coef, first, iterative);
      }
      const model = await make().fit(inputs[0]!, y);
      expect(gradientNorm(plain, Array.from(y), undefined, model, power, true, 0.1)).toBeLessThan(1e-8);
    }
  });
});

describe("targets that a family cannot have", () => {
  const X = DistributedArray.fromColumns([[1, 2, 3, 4, 5, 6]], { partitions: 2 });

  it("are named by partition and row", async () => {
    await expect(new PoissonRegressor().fit(X, [1, 0, 2, 3, -2, 1])).rejects.toThrow(
      "PoissonRegressor.fit: y must be >= 0; got -2 in partition 1, row 1.",
    );
    await expect(new GammaRegressor().fit(X, [1, 2, 0, 3, 2, 1])).rejects.toThrow(
      "GammaRegressor.fit: y must be > 0; got 0 in partition 0, row 2.",
    );
    await expect(new TweedieRegressor({ power: 1.5 }).fit(X, [1, 2, 0, 3, -1, 1])).rejects.toThrow(
      "y must be >= 0; got -1 in partition 1, row 1",
    );
    await new TweedieRegressor({ power: 1.5 }).fit(X, [1, 2, 0, 3, 1, 1]);
    await new TweedieRegressor().fit(X, [1, -2, 0, 3, 1, 1]);
  });

  it("are refused when all are zero, where the intercept would be minus infinity", async () => {
    await expect(new PoissonRegressor().fit(X, [0, 0, 0, 0, 0, 0])).rejects.toThrow(
      "the mean of y is 0, which has no logarithm",
    );
  });

  it("go with links and powers", async () => {
    await expect(new TweedieRegressor({ power: 1.5, link: "identity" }).fit(X, [1, 2, 1, 3, 1, 1])).rejects.toThrow(
      'link must be "auto" or "log" for power 1.5; got "identity"',
    );
    expect(() => new TweedieRegressor({ power: 0.5 })).toThrow("TweedieRegressor: power must be 0 or >= 1; got 0.5.");
  });
});

describe("degenerate generalised linear models", () => {
  it("fit a target without variation, and one without noise", async () => {
    const X = DistributedArray.fromColumns([[1, 2, 3, 4, 5, 6]], { partitions: 2 });
    const constant = await new PoissonRegressor({ alpha: 0 }).fit(X, [3, 3, 3, 3, 3, 3]);
    expect(constant.converged).toBe(true);
    expectClose(await constant.predict([[0], [9]]), [3, 3], iterative);
    const exact = await new GammaRegressor({ alpha: 0 }).fit(X, [1, 2, 4, 8, 16, 32]);
    expect(exact.converged).toBe(true);
    expectClose([exact.coef[0]!, exact.intercept], [Math.log(2), -Math.log(2)], iterative);
    expectClose([await exact.score(X, [1, 2, 4, 8, 16, 32])], [1], iterative);
    expect(exact.objective).toBeLessThan(1e-10);
  });

  it("tell that iterations ran out", async () => {
    const warned: string[] = [];
    const listen = (warning: Error): void => void warned.push(warning.message);
    process.on("warning", listen);
    const { data } = goldenCase(golden, "poisson-wide");
    const model = await new PoissonRegressor({ maxIter: 1, alpha: 1e-3 }).fit(
      DistributedArray.fromColumns(data.columns!),
      data.y as number[],
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(model.converged).toBe(false);
    expect(warned.join()).toContain("PoissonRegressor: not converged after 1 iterations");
  });
});
