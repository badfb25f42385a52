import { Matrix, inverse } from "ml-matrix";
import { describe, expect, it } from "vitest";
import {
  GeneralizedLinearRegressor,
  LinearRegression,
  LogisticRegression,
  PoissonRegressor,
  type CovarianceKind,
  type ModelSummary,
} from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { closedForm, expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, type GoldenValue } from "../golden/load-golden.js";

function expectTable(summary: ModelSummary, expected: Record<string, GoldenValue>, what: string): void {
  const { coefficients } = summary;
  for (const column of ["standardError", "pValue", "lower", "upper"] as const) {
    expectClose(coefficients[column], numbersOf(expected, column), iterative, `${what}: ${column}`);
  }
}

const kindOf = (name: string): CovarianceKind => {
  const kind = name.split("-")[1]!;
  return kind === "nonrobust" ? "classical" : kind === "cluster" ? "clustered" : (kind as CovarianceKind);
};

describe("summaries against statsmodels", () => {
  const golden = loadGolden("summaries");
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
      const y = data.y as number[];
      const fitIntercept = expected["fitIntercept"] === true;
      const covariance = kindOf(name);
      const options = { level: 0.9, covariance, ...(covariance === "clustered" ? { groups: data.groups! } : {}) };
      const model = name.startsWith("linear")
        ? await new LinearRegression({ fitIntercept }).fit(X, y)
        : await new LogisticRegression({ C: 1e13, tol: 1e-12, maxIter: 500 }).fit(X, y);
      const summary = await model.summary(X, y, options);
      expectClose(summary.coefficients.estimate, numbersOf(expected, "params"), iterative, "estimate");
      expectTable(summary, expected, name);
      const matrix = numbersOf(expected, "covariance");
      expectClose(summary.covarianceMatrix, matrix, { rtol: 1e-5, atol: 1e-8 }, "covariance");
      for (const one of ["logLikelihood", "aic", "bic"] as const) {
        expectClose([summary[one]], [numberOf(expected, one)], iterative, one);
      }
      expect(summary.notes).toEqual([]);
      if (name.startsWith("linear")) {
        for (const one of ["rSquared", "adjustedRSquared", "dispersion", "deviance"] as const) {
          expectClose([summary[one] ?? NaN], [numberOf(expected, one)], iterative, one);
        }
        expect(summary.residualDegreesOfFreedom).toBe(numberOf(expected, "dfResid"));
        if (covariance === "classical") {
          expectClose([summary.fTest!.statistic], [numberOf(expected, "fStatistic")], iterative, "F");
          expectClose(
            [summary.fTest!.pValue],
            [numberOf(expected, "fPValue")],
            { rtol: 1e-6, atol: 1e-9 },
            "p of F",
            1,
          );
        }
      } else {
        expectClose([summary.nullLogLikelihood], [numberOf(expected, "nullLogLikelihood")], iterative, "null");
        expectClose([summary.pseudoR2.mcFadden], [numberOf(expected, "mcFadden")], iterative, "McFadden");
      }
    });
  }
});

describe("summaries of families and links", () => {
  const golden = loadGolden("glm-families");
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const family = String(expected["family"]);
      const link = String(expected["link"]);
      const model = new GeneralizedLinearRegressor({
        family: family as "gaussian",
        link: link as "log",
        tol: 1e-10,
        fitIntercept: expected["fitIntercept"] === true,
        ...(family === "tweedie" ? { variancePower: 1.6 } : {}),
        ...(family === "negativeBinomial" ? { overdispersion: 0.7 } : {}),
        ...(link === "power" ? { linkPower: 0.5 } : {}),
      });
      const { sampleWeight, offset, exposure, groups } = data;
      const options = {
        ...(sampleWeight ? { sampleWeight } : {}),
        ...(offset ? { offset } : {}),
        ...(exposure ? { exposure } : {}),
      };
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 4 });
      const y = data.y as number[];
      await model.fit(X, y, options);
      const weights = expected["weights"] as "frequency" | "variance";
      const common = { ...options, weights, level: 0.9 };
      const summary = await model.summary(X, y, common);
      expectTable(summary, expected, "classical");
      expect(summary.notes).toEqual([]);
      const figures = [summary.pearson, summary.dispersion, summary.residualDegreesOfFreedom];
      expectClose(
        figures,
        ["pearson", "scale", "dfResid"].map((key) => numberOf(expected, key)),
        iterative,
        "figures",
      );
      if (expected["fitIntercept"] === true) {
        expectClose([summary.nullDeviance], [numberOf(expected, "nullDeviance")], iterative, "null deviance");
      }
      if (expected["logLikelihood"] !== undefined) {
        expectClose(
          [summary.logLikelihood, summary.aic, summary.bic],
          ["logLikelihood", "aic", "bic"].map((key) => numberOf(expected, key)),
          iterative,
          "likelihood, AIC, BIC",
        );
      } else expect(summary.logLikelihood).toBeNaN();
      for (const covariance of ["HC0", "HC1", "HC2", "HC3"] as const) {
        const robust = await model.summary(X, y, { ...common, covariance });
        expectClose(robust.coefficients.standardError, numbersOf(expected, covariance), iterative, covariance);
      }
      if (expected["clustered"] !== undefined) {
        const golden2 = groups ?? loadGolden("glm-families").inputs["groups"]!.groups!;
        const clustered = await model.summary(X, y, { ...common, covariance: "clustered", groups: golden2 });
        expectClose(clustered.coefficients.standardError, numbersOf(expected, "clustered"), iterative, "clustered");
        expect(clustered.groups).toBe(new Set(golden2).size);
      }
    });
  }
});

const rows = [
  [1, 5],
  [2, 3],
  [3, 8],
  [4, 1],
  [5, 9],
  [6, 2],
  [7, 7],
  [8, 4],
];
const target = [2.1, 2.3, 4.9, 3.2, 7.7, 4.1, 7.9, 6.0];
const groups = ["a", "a", "b", "b", "c", "c", "d", "d"];

describe("a summary", () => {
  it("has the sandwich of matrices, multiplied out", async () => {
    const model = await new LinearRegression().fit(rows, target);
    const A = new Matrix(rows.map((row) => [...row, 1]));
    const bread = inverse(A.transpose().mmul(A));
    const fitted = A.mmul(Matrix.columnVector([...model.coef, model.intercept]));
    const residual = target.map((value, i) => value - fitted.get(i, 0));
    const lever = rows.map((_, i) => A.getRowVector(i).mmul(bread).mmul(A.getRowVector(i).transpose()).get(0, 0));
    const meat = Matrix.zeros(3, 3);
    residual.forEach((r, i) => {
      const row = A.getRowVector(i);
      meat.add(
        row
          .transpose()
          .mmul(row)
          .mul((r / (1 - lever[i]!)) ** 2),
      );
    });
    const covariance = bread.mmul(meat).mmul(bread);
    const hc3 = await model.summary(rows, target, { covariance: "HC3" });
    expectClose(hc3.covarianceMatrix, covariance.to1DArray(), closedForm(1e4), "HC3");
    const sums = new Map<string, Matrix>();
    residual.forEach((r, i) => {
      const own = sums.get(groups[i]!) ?? Matrix.zeros(1, 3);
      sums.set(groups[i]!, own.add(A.getRowVector(i).mul(r)));
    });
    const between = [...sums.values()].reduce((sum, s) => sum.add(s.transpose().mmul(s)), Matrix.zeros(3, 3));
    const clustered = bread
      .mmul(between)
      .mmul(bread)
      .mul(((4 / 3) * 7) / 5);
    const found = await model.summary(rows, target, { covariance: "clustered", groups });
    expectClose(found.covarianceMatrix, clustered.to1DArray(), closedForm(1e4), "clustered");
    expect(found.coefficients.degreesOfFreedom).toBe(3);
  });

  it("has HC1 from HC0 by the degrees of freedom, also of several classes", async () => {
    const labels = ["x", "y", "x", "z", "z", "y", "z", "x"];
    const model = await new LogisticRegression({ C: 10 }).fit(rows, labels);
    const hc0 = await model.summary(rows, labels, { covariance: "HC0" });
    const hc1 = await model.summary(rows, labels, { covariance: "HC1" });
    const factor = 8 / (8 - 6);
    expectClose(
      hc1.covarianceMatrix,
      hc0.covarianceMatrix.map((v) => factor * v),
      closedForm(),
    );
  });

  it("is the same for any partitioning, empty partitions and sparse rows included", async () => {
    const y = [1, 0, 3, 1, 6, 2, 5, 4];
    const model = await new PoissonRegressor({ alpha: 0, tol: 1e-10 }).fit(rows, y);
    const parts = (sizes: readonly number[]): DistributedArray => {
      let at = 0;
      return DistributedArray.concat(
        sizes.map((size) => {
          const columns = [0, 1].map((j) => Float64Array.from(rows.slice(at, at + size), (row) => row[j]!));
          at += size;
          return DistributedArray.fromColumns(columns, { partitions: 1 });
        }),
      );
    };
    const csr = DistributedArray.fromCsr({
      indptr: Int32Array.from({ length: 9 }, (_, i) => 2 * i),
      indices: Int32Array.from({ length: 16 }, (_, k) => k % 2),
      values: Float64Array.from(rows.flat()),
      cols: 2,
    });
    for (const covariance of ["classical", "HC1", "HC3", "clustered"] as const) {
      const options = { covariance, ...(covariance === "clustered" ? { groups } : {}) };
      const first = await model.summary(rows, y, options);
      for (const X of [parts([8]), parts([3, 0, 5]), parts([0, 1, 1, 1, 2, 3]), csr]) {
        const other = await model.summary(X, y, options);
        expectClose(other.covarianceMatrix, first.covarianceMatrix, closedForm(1e3), covariance);
        expectClose([other.logLikelihood], [first.logLikelihood], closedForm());
      }
    }
  });

  it("counts weight 2 as the row twice, and weight 0 as no row", async () => {
    const w = [1, 2, 1, 3, 0, 1, 2, 1];
    const take = <T>(values: readonly T[]): T[] => values.flatMap((v, i) => Array.from({ length: w[i]! }, () => v));
    const labels = ["x", "y", "x", "z", "z", "y", "z", "x"];
    for (const kind of ["classical", "HC0", "HC1", "HC2", "HC3", "clustered"] as const) {
      const one = kind === "clustered" ? { groups } : {};
      const many = kind === "clustered" ? { groups: take(groups) } : {};
      const linear = await new LinearRegression().fit(rows, target, { sampleWeight: w });
      const a = await linear.summary(rows, target, { sampleWeight: w, covariance: kind, ...one });
      const b = await linear.summary(take(rows), take(target), { covariance: kind, ...many });
      expectClose(a.coefficients.pValue, b.coefficients.pValue, closedForm(1e4), kind);
      expectClose([a.aic, a.bic], [b.aic, b.bic], closedForm(), `${kind}: criteria`);
      if (kind === "HC2" || kind === "HC3") continue;
      const multi = await new LogisticRegression({ C: 10 }).fit(rows, labels, { sampleWeight: w });
      const c = await multi.summary(rows, labels, { sampleWeight: w, covariance: kind, ...one });
      const d = await multi.summary(take(rows), take(labels), { covariance: kind, ...many });
      expectClose(c.covarianceMatrix, d.covarianceMatrix, closedForm(1e5), `${kind}: multinomial`);
    }
  });

  it("keeps its digits where columns are far from 0", async () => {
    const far = rows.map(([a, b]) => [a! + 1e6, b! + 1e6]);
    const near = await (await new LinearRegression().fit(rows, target)).summary(rows, target, { covariance: "HC3" });
    const moved = await (await new LinearRegression().fit(far, target)).summary(far, target, { covariance: "HC3" });
    const slopes = (s: ModelSummary): Float64Array => s.coefficients.standardError.subarray(0, 2);
    expectClose(slopes(moved), slopes(near), iterative);
  });

  it("says what a penalty does to it", async () => {
    const y = [1, 0, 3, 1, 6, 2, 5, 4];
    const free = await new PoissonRegressor({ alpha: 0, tol: 1e-10 }).fit(rows, y);
    const shrunk = await new PoissonRegressor({ alpha: 1, tol: 1e-10 }).fit(rows, y);
    expect((await free.summary(rows, y)).notes).toEqual([]);
    const { notes } = await shrunk.summary(rows, y);
    expect(notes[0]).toContain('moves "x');
    expect(notes[0]).toContain("A penalty, class weights, an early stop");
  });

  it("takes a dispersion of choice, and has no likelihood for a quasi-family", async () => {
    const y = [1, 0, 3, 1, 6, 2, 5, 4];
    const model = await new PoissonRegressor({ alpha: 0, tol: 1e-10 }).fit(rows, y);
    const plain = await model.summary(rows, y);
    const quasi = await model.summary(rows, y, { dispersion: "pearson" });
    const fixed = await model.summary(rows, y, { dispersion: 4 });
    const ratio = quasi.coefficients.standardError.map((v, j) => v / plain.coefficients.standardError[j]!);
    expectClose(
      ratio,
      ratio.map(() => Math.sqrt(quasi.pearson / 5)),
      closedForm(),
    );
    expectClose(
      fixed.coefficients.standardError,
      plain.coefficients.standardError.map((v) => 2 * v),
      closedForm(),
    );
    expect(quasi.aic).toBeNaN();
    expect(quasi.notes[0]).toContain("quasi-likelihood");
    expect((await model.summary(rows, y, { dispersion: "deviance" })).dispersion).toBeCloseTo(plain.deviance / 5, 12);
  });

  it("prints as a table, one line a coefficient", async () => {
    const columns = { speed: rows.map((row) => row[0]!), load: rows.map((row) => row[1]!) };
    const model = await new LinearRegression().fit(columns, target);
    const text = String(await model.summary(columns, target, { covariance: "HC1" }));
    expect(text.split("\n").slice(0, 4)).toEqual([
      "LinearRegression: gaussian, link identity",
      "8 observations, robust (HC1) standard errors, intervals of 95 %",
      "",
      expect.stringMatching(/^ +estimate +std. error +t +p +lower +upper$/),
    ]);
    expect(text).toMatch(/\nspeed +0\.\d+ +0\.\d+ +\d+\.\d\d +(<0\.0001|0\.\d{4}) /);
    expect(text).toMatch(/\nintercept /);
    expect(text).toMatch(/\nadjusted R² +0\.9/);
    expect(text).not.toContain("Note");
  });

  it("says which class it is the probability of, and goes to JSON as lists", async () => {
    const labels = ["low", "low", "low", "high", "low", "high", "high", "high"];
    const model = await new LogisticRegression({ C: 1 }).fit(rows, labels);
    const summary = await model.summary(rows, labels);
    expect(summary.outcome).toBe('"low" against "high"');
    expect(String(summary).split("\n")[0]).toBe('LogisticRegression: binomial, link logit, "low" against "high"');
    const json = JSON.parse(JSON.stringify(summary)) as { coefficients: { estimate: number[] }; aic: number };
    expect(json.coefficients.estimate).toEqual([...model.coef, model.intercept]);
    expect(json.aic).toBe(summary.aic);
  });

  it("names dependent columns and wrong options", async () => {
    const dependent = rows.map(([a, b]) => [a!, b!, a! + b!]);
    const model = await new LinearRegression().fit(dependent, target);
    await expect(model.summary(dependent, target)).rejects.toThrow('"x2" has nothing that the columns before it lack');
    const plain = await new LinearRegression().fit(rows, target);
    const summary = (options: object): Promise<unknown> => plain.summary(rows, target, options);
    await expect(summary({ covariance: "HC4" })).rejects.toThrow("covariance must be one of classical, HC0");
    await expect(summary({ covariance: "clustered" })).rejects.toThrow('"clustered" needs groups');
    await expect(summary({ groups })).rejects.toThrow('groups are for covariance "clustered"');
    await expect(summary({ covariance: "clustered", groups: groups.map(() => "a") })).rejects.toThrow("one group only");
    await expect(summary({ dispersion: -1 })).rejects.toThrow("dispersion must be");
    await expect(summary({ weights: "rows" })).rejects.toThrow('weights must be "frequency" or "variance"');
    await expect(plain.summary([[1]], [1])).rejects.toThrow("X has 1 columns, but the fit saw 2");
    const labels = ["x", "y", "x", "z", "z", "y", "z", "x"];
    const multi = await new LogisticRegression().fit(rows, labels);
    await expect(multi.summary(rows, labels, { covariance: "HC3" })).rejects.toThrow("one leverage a row");
  });
});
