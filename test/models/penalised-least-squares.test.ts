import { describe, expect, it } from "vitest";
import {
  ElasticNet,
  ElasticNetCV,
  enetPath,
  Lasso,
  LassoCV,
  lassoPath,
  LinearRegression,
  Ridge,
  RidgeCV,
} from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { closedForm, expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("penalised-least-squares");
const names = (prefix: string): string[] => Object.keys(golden.cases).filter((name) => name.startsWith(prefix));

function inputs(
  data: GoldenData,
  partitions = 4,
): { X: DistributedArray; y: Float64Array; options: { sampleWeight?: Float64Array } } {
  return {
    X: DistributedArray.fromColumns(data.columns as number[][], { partitions }),
    y: Float64Array.from(data.y as number[]),
    options: data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {},
  };
}

/** Gradient of the smooth part at the coefficients: `−(1/W) Σ w (y − x·b − a) x`, and that of the intercept. */
function gradient(
  data: GoldenData,
  coef: ArrayLike<number>,
  intercept: number,
): { slopes: number[]; constant: number } {
  const columns = data.columns as number[][];
  const y = data.y as number[];
  const residual = y.map(
    (value, i) => value - intercept - columns.reduce((sum, column, j) => sum + column[i]! * coef[j]!, 0),
  );
  const w = data.sampleWeight ?? y.map(() => 1);
  const weight = w.reduce((sum, value) => sum + value, 0);
  return {
    slopes: columns.map((column) => -column.reduce((sum, value, i) => sum + w[i]! * residual[i]! * value, 0) / weight),
    constant: -residual.reduce((sum, value, i) => sum + w[i]! * value, 0) / weight,
  };
}

describe("Ridge against scikit-learn and extended precision", () => {
  for (const name of names("ridge").filter((each) => !each.startsWith("ridge-cv"))) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const { X, y, options } = inputs(data);
      const model = await new Ridge(recordOf(expected, "params")).fit(X, y, options);
      expectClose(model.coef, numbersOf(expected, "exactCoef"), closedForm(1e4), "coef");
      expectClose(model.coef, numbersOf(expected, "coef"), closedForm(1e6), "coef of scikit-learn");
      expectClose([model.intercept], [numberOf(expected, "intercept")], closedForm(1e4), "intercept");
      expectClose([await model.score(X, y, options)], [numberOf(expected, "score")], closedForm(), "score");
    });
  }

  it("without a penalty is least squares, also of minimum norm", async () => {
    const x = [1, 2, 3, 4, 5];
    const model = await new Ridge({ alpha: 0 }).fit(DistributedArray.fromColumns([x, x]), [2, 4, 6, 8, 10]);
    expectClose(model.coef, [1, 1], closedForm());
    expect(model.method).toBe("svd");
  });

  it("takes the factor of the data where the penalised columns are nearly dependent", async () => {
    const n = 50;
    const a = Array.from({ length: n }, (_, i) => Math.sin(i));
    const b = a.map((value, i) => value + 1e-7 * Math.cos(3 * i));
    const y = a.map((value, i) => value + 1e-3 * Math.cos(3 * i));
    const model = await new Ridge({ alpha: 1e-12, fitIntercept: false }).fit(
      DistributedArray.fromColumns([a, b], { partitions: 3 }),
      y,
    );
    expect(model.method).toBe("qr");
    // From rational arithmetic.
    expectClose(model.coef, [-1189.2134132401318, 1190.2134136256354], closedForm(1e5));
  });
});

describe("merge and subtract of ridge fits", () => {
  const { data } = goldenCase(golden, "ridge-weights");
  const part = (from: number, to: number): [DistributedArray, Float64Array, { sampleWeight: Float64Array }] => [
    DistributedArray.fromColumns(
      data.columns!.map((column) => column.slice(from, to)),
      { names: ["a", "b", "c", "d", "e", "f"] },
    ),
    Float64Array.from((data.y as number[]).slice(from, to)),
    { sampleWeight: Float64Array.from(data.sampleWeight!.slice(from, to)) },
  ];
  const make = (): Ridge => new Ridge({ alpha: 2, keepMoments: true });

  it("equal the fit on the same rows", async () => {
    const [whole, first, second] = [
      await make().fit(...part(0, 150)),
      await make().fit(...part(0, 40)),
      await make().fit(...part(40, 150)),
    ];
    const merged = Ridge.merge(first, second);
    const left = Ridge.subtract(whole, first);
    expectClose([...merged.coef, merged.intercept], [...whole.coef, whole.intercept], closedForm());
    expectClose([...left.coef, left.intercept], [...second.coef, second.intercept], closedForm());
    expect(merged.featureNames).toEqual(whole.featureNames);
    // Any number of times.
    const again = Ridge.subtract(Ridge.merge(merged, first), first);
    expectClose(again.coef, whole.coef, closedForm());
  });

  it("refuse models that did not keep their moments, other columns, and more rows than there are", async () => {
    const [whole, first] = [await make().fit(...part(0, 150)), await make().fit(...part(0, 40))];
    const bare = await new Ridge().fit(...part(0, 40));
    expect(() => Ridge.merge(whole, bare)).toThrow(
      "Ridge.merge: the second model did not keep its co-moments. Fit both with keepMoments: true.",
    );
    expect(() => Ridge.subtract(first, whole)).toThrow("no rows are left: 40 rows less 150");
    const renamed = await make().fit(
      DistributedArray.fromColumns(data.columns!, { names: ["a", "b", "x", "d", "e", "f"] }),
      data.y as number[],
    );
    expect(() => Ridge.merge(whole, renamed)).toThrow('column 2 is "c" in one model and "x" in the other');
  });
});

describe("RidgeCV against scikit-learn", () => {
  for (const name of names("ridge-cv")) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const { X, y, options } = inputs(data);
      const model = await new RidgeCV(recordOf(expected, "params")).fit(X, y, options);
      expect(model.alpha).toBe(numberOf(expected, "alpha"));
      expectClose(model.coef, numbersOf(expected, "coef"), closedForm(1e6), "coef");
      expectClose([model.intercept], [numberOf(expected, "intercept")], closedForm(1e6), "intercept");
      expectClose([model.bestScore], [numberOf(expected, "bestScore")], closedForm(1e6), "bestScore");
    });
  }

  it("scores leaving out one row as refitting without it does", async () => {
    const { data } = goldenCase(golden, "ridge-cv");
    const columns = data.columns!.map((column) => column.slice(0, 20));
    const y = (data.y as number[]).slice(0, 20);
    const model = await new RidgeCV({ alphas: [0.5, 5] }).fit(
      DistributedArray.fromColumns(columns, { partitions: 3 }),
      y,
    );
    const without = (values: readonly number[], i: number): number[] => values.filter((_, k) => k !== i);
    for (const [a, alpha] of [0.5, 5].entries()) {
      let sum = 0;
      for (let i = 0; i < y.length; i++) {
        const rest = await new Ridge({ alpha }).fit(
          DistributedArray.fromColumns(columns.map((column) => without(column, i))),
          without(y, i),
        );
        const [predicted] = await rest.predict([columns.map((column) => column[i]!)]);
        sum += (y[i]! - predicted!) ** 2;
      }
      expectClose([model.scores[a]!], [-sum / y.length], closedForm(1e4), `alpha ${alpha}`);
    }
  });

  it("needs as many rows as folds, and two to leave one out", async () => {
    await expect(new RidgeCV({ cv: 5 }).fit([[1], [2]], [1, 2])).rejects.toThrow(
      "RidgeCV.fit: X has 2 rows, fewer than cv = 5 folds.",
    );
    await expect(new RidgeCV().fit([[1]], [1])).rejects.toThrow("X has one row");
  });
});

describe("Lasso and ElasticNet against scikit-learn", () => {
  for (const name of [...names("lasso"), ...names("enet")].filter((each) => !/-(cv|path)/.test(each))) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const { X, y, options } = inputs(data);
      const params = recordOf(expected, "params") as {
        alpha: number;
        l1Ratio?: number;
        positive: boolean;
        fitIntercept: boolean;
      };
      const model = name.startsWith("lasso")
        ? new Lasso({ ...params, tol: 1e-13 })
        : new ElasticNet({ ...params, tol: 1e-13 });
      await model.fit(X, y, options);
      expect(model.converged).toBe(true);
      expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
      expectClose([model.intercept], [numberOf(expected, "intercept")], iterative, "intercept");
      // Second oracle: the optimality conditions, to rounding.
      const { slopes, constant } = gradient(data, model.coef, model.intercept);
      const l1 = params.alpha * (params.l1Ratio ?? 1);
      const l2 = params.alpha * (1 - (params.l1Ratio ?? 1));
      const size = Math.max(...slopes.map(Math.abs), l1, 1);
      slopes.forEach((slope, j) => {
        const b = model.coef[j]!;
        const smooth = slope + l2 * b;
        if (b !== 0) expect(Math.abs(smooth + l1 * Math.sign(b))).toBeLessThan(1e-7 * size);
        else expect(params.positive ? -smooth : Math.abs(smooth)).toBeLessThan(l1 + 1e-7 * size);
        if (params.positive) expect(b).toBeGreaterThanOrEqual(0);
      });
      if (params.fitIntercept) expect(Math.abs(constant)).toBeLessThan(1e-10 * size);
    });
  }

  it("reports a gap that bounds the distance to the minimum, and says when sweeps run out", async () => {
    const { data } = goldenCase(golden, "lasso-breast-cancer");
    const { X, y } = inputs(data);
    const warned: string[] = [];
    const listen = (warning: Error): void => void warned.push(`${warning.name}: ${warning.message}`);
    process.on("warning", listen);
    const rough = await new Lasso({ alpha: 1e-4, maxIter: 1 }).fit(X, y);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(rough.converged).toBe(false);
    expect(rough.nIter).toBe(1);
    expect(warned.join()).toContain("ConvergenceWarning: Lasso: not converged after 1 steps (duality gap");
    const exact = await new Lasso({ alpha: 1e-4, tol: 1e-13 }).fit(X, y);
    const objective = (model: Lasso): number => {
      const columns = data.columns!;
      const targets = data.y as number[];
      const sum = targets.reduce(
        (total, value, i) =>
          total + (value - model.intercept - columns.reduce((s, c, j) => s + c[i]! * model.coef[j]!, 0)) ** 2,
        0,
      );
      return sum / (2 * targets.length) + 1e-4 * model.coef.reduce((s, value) => s + Math.abs(value), 0);
    };
    expect(objective(rough) - objective(exact)).toBeLessThanOrEqual(rough.dualGap * (1 + 1e-9));
    expect(objective(rough)).toBeGreaterThan(objective(exact));
  });

  it("starts at the fit before with warmStart", async () => {
    const { data } = goldenCase(golden, "lasso-diabetes");
    const { X, y } = inputs(data);
    const model = await new Lasso({ alpha: 0.5, warmStart: true }).fit(X, y);
    const first = model.nIter;
    const coef = model.coef.slice();
    await model.fit(X, y);
    expect(model.nIter).toBeLessThan(first);
    expectClose(model.coef, coef, iterative);
  });

  it("gives constant columns the coefficient 0", async () => {
    const x = Array.from({ length: 30 }, (_, i) => Math.sin(i));
    const model = await new Lasso({ alpha: 1e-6 }).fit(
      DistributedArray.fromColumns([x, x.map(() => 0.1), x.map(() => 1e9)]),
      x.map((v) => 3 * v),
    );
    expect(Array.from(model.coef.slice(1))).toEqual([0, 0]);
    expectClose([model.coef[0]!], [3], { rtol: 1e-5, atol: 0 });
  });

  it("names what is not a number", async () => {
    const X = DistributedArray.fromColumns({ a: [1, 2, NaN, 4], b: [1, 1, 2, 3] }, { partitions: 2 });
    await expect(new Lasso().fit(X, [1, 2, 3, 4])).rejects.toThrow(
      'Lasso.fit: X has NaN in column "a", partition 1, row 0.',
    );
  });
});

describe("LassoCV and ElasticNetCV against scikit-learn", () => {
  for (const name of [...names("lasso-cv"), ...names("enet-cv")]) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const { X, y, options } = inputs(data, 7);
      const params = recordOf(expected, "params");
      const model = name.startsWith("lasso")
        ? new LassoCV({ ...params, tol: 1e-12 })
        : new ElasticNetCV({ ...params, tol: 1e-12 });
      await model.fit(X, y, options);
      expectClose(model.alphas, numbersOf(expected, "alphas"), closedForm(), "alphas");
      expectClose(model.msePath, numbersOf(expected, "msePath"), iterative, "msePath");
      expectClose([model.alpha], [numberOf(expected, "alpha")], closedForm(), "alpha");
      expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
      if (model instanceof ElasticNetCV) expect(model.l1Ratio).toBe(numberOf(expected, "l1Ratio"));
    });
  }
});

describe("lassoPath and enetPath", () => {
  it("agree with scikit-learn on centred data", async () => {
    for (const [name, path] of [
      ["lasso-path", (X, y) => lassoPath(X, y, { nAlphas: 15, tol: 1e-13 })],
      ["enet-path", (X, y) => enetPath(X, y, { l1Ratio: 0.4, eps: 1e-2, nAlphas: 10, tol: 1e-13 })],
    ] as [string, (X: DistributedArray, y: Float64Array) => ReturnType<typeof lassoPath>][]) {
      const { data, expected } = goldenCase(golden, name);
      const { X, y } = inputs(data);
      const { alphas, coefs, intercepts } = await path(X, y);
      expectClose(alphas, numbersOf(expected, "alphas"), closedForm(), `${name}: alphas`);
      expectClose(
        coefs.flatMap((coef) => Array.from(coef)),
        numbersOf(expected, "coefs"),
        iterative,
        `${name}: coefs`,
      );
      expect(coefs[0]!.every((value) => value === 0)).toBe(true);
      expect(intercepts.length).toBe(alphas.length);
    }
  });

  it("take penalties in any order, and refuse what is out of range", async () => {
    const X = [[1], [2], [4]];
    const { alphas } = await lassoPath(X, [1, 2, 3], { alphas: [0.1, 1, 0.5] });
    expect(Array.from(alphas)).toEqual([1, 0.5, 0.1]);
    await expect(enetPath(X, [1, 2, 3], { l1Ratio: 0 })).rejects.toThrow(
      "enetPath: l1Ratio must be above 0 and at most 1; got 0.",
    );
    await expect(lassoPath(X, [1, 2, 3], { alphas: [-1] })).rejects.toThrow(
      "lassoPath: alphas must be numbers above 0; got -1.",
    );
  });
});

describe("merge and subtract of least-squares fits", () => {
  it("equal the fit on the same rows, and refuse dependent columns", async () => {
    const { data } = goldenCase(golden, "ridge");
    const y = data.y as number[];
    const make = (from: number, to: number): Promise<LinearRegression> =>
      new LinearRegression({ keepMoments: true }).fit(
        DistributedArray.fromColumns(
          data.columns!.map((c) => c.slice(from, to)),
          { partitions: 2 },
        ),
        y.slice(from, to),
      );
    const [whole, first, second] = [await make(0, 150), await make(0, 60), await make(60, 150)];
    const merged = LinearRegression.merge(first, second);
    const left = LinearRegression.subtract(whole, second);
    expectClose([...merged.coef, merged.intercept], [...whole.coef, whole.intercept], closedForm());
    expectClose([...left.coef, left.intercept], [...first.coef, first.intercept], closedForm());
    // The moments stay with the model in JSON.
    const loaded = LinearRegression.fromJSON(merged.toJSON());
    expectClose(LinearRegression.subtract(loaded, first).coef, second.coef, closedForm());
    const few = await make(0, 3);
    expect(() => LinearRegression.merge(few, few)).toThrow("too nearly dependent to solve from co-moments alone");
  });
});
