import { describe, expect, it } from "vitest";
import { LinearRegression } from "#models/index.js";
import { goldenOptions, goldenX, weightsOf } from "../checks/golden-inputs.js";
import { closedForm, expectClose } from "../checks/tolerances.js";
import {
  goldenCase,
  loadGolden,
  numberOf,
  numbersOf,
  recordOf,
  type GoldenData,
  type GoldenValue,
} from "../golden/load-golden.js";

const golden = loadGolden("linear-regression");
// Condition of the centred, scaled columns: what the solution's digits depend on.
const COND: Record<string, number> = {
  "breast-cancer": 4.3e5,
  wine: 3.5e3,
  digits: 660,
  "multi-scale": 1e6,
  "mild-scale": 1e4,
};

async function fitted(data: GoldenData, fitIntercept: boolean): Promise<LinearRegression> {
  return new LinearRegression({ fitIntercept }).fit(goldenX(data), data.y as number[], goldenOptions(data));
}

/** The second oracle: weighted residuals are orthogonal to every column, and to the constant. */
function expectOrthogonalResiduals(
  model: LinearRegression,
  data: GoldenData,
  fitIntercept: boolean,
  what: string,
): void {
  const columns = (data.columns ?? []).map((column) => (data.dtype === "float32" ? column.map(Math.fround) : column));
  const y = data.y as number[];
  const w = weightsOf(data, y.length);
  const total = w.reduce((sum, v) => sum + v, 0);
  const residual = y.map(
    (value, i) =>
      value -
      model.intercept -
      columns.reduce((sum, column, j) => sum + (column[i] as number) * (model.coef[j] as number), 0),
  );
  const size = Math.sqrt(y.reduce((sum, value, i) => sum + (w[i] as number) * value ** 2, 0));
  const directions = columns.map((column) => {
    const mean = fitIntercept ? column.reduce((sum, x, i) => sum + (w[i] as number) * x, 0) / total : 0;
    return column.map((x) => x - mean);
  });
  if (fitIntercept) directions.push(y.map(() => 1));
  for (const [j, direction] of directions.entries()) {
    const dot = direction.reduce((sum, x, i) => sum + (w[i] as number) * x * (residual[i] as number), 0);
    const length = Math.sqrt(direction.reduce((sum, x, i) => sum + (w[i] as number) * x * x, 0));
    // The prediction of each row is known to a rounding of its largest term.
    const rounding = columns.reduce(
      (sum, column, k) => sum + Math.max(...column.map(Math.abs)) * Math.abs(model.coef[k] as number),
      Math.abs(model.intercept),
    );
    expect(Math.abs(dot), `${what}: residuals along column ${j}`).toBeLessThanOrEqual(
      1e-11 * length * size + 64 * Number.EPSILON * rounding * length * Math.sqrt(total),
    );
  }
}

function truth(expected: Record<string, GoldenValue>): Record<string, GoldenValue> {
  return recordOf(expected, "exact" in expected ? "exact" : "minimumNorm");
}

describe("LinearRegression against exact arithmetic and scikit-learn", () => {
  const names = Object.keys(golden.cases);
  it("covers every golden case", () => expect(names.length).toBeGreaterThanOrEqual(17));

  for (const name of names) {
    it(`finds the least squares of ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const fitIntercept = !name.includes("no-intercept");
      const model = await fitted(data, fitIntercept);
      const best = truth(expected);
      const tolerance = closedForm(COND[name.replace("-default-tol", "")] ?? 1);
      const coef = numbersOf(best, "coef");
      // Coefficients in units of their column's spread, so that each is held to its own digits.
      const spread = (data.columns ?? []).map((column) => {
        const mean = column.reduce((sum, x) => sum + x, 0) / column.length;
        return Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / column.length);
      });
      const unit = (values: ArrayLike<number>): number[] =>
        spread.map((s, j) => (values[j] as number) * (s > 1e-9 ? s : 1));
      expectClose(unit(model.coef), unit(coef), tolerance, `coef of ${name}`);
      const middle = (data.columns ?? []).reduce(
        (sum, column, j) => sum + Math.abs(coef[j] as number) * Math.max(...column.map(Math.abs)),
        1,
      );
      expectClose([model.intercept], [numberOf(best, "intercept")], tolerance, `intercept of ${name}`, middle);
      expectOrthogonalResiduals(model, data, fitIntercept, name);
      if (name !== "multi-scale-default-tol") expect(model.rank).toBe(numberOf(expected, "rank"));
      if (name === "float32" || name === "multi-scale-default-tol") return;
      const predicted = (await model.predict(goldenX(data)).compute()).toVector() as Float64Array;
      expectClose(
        predicted.subarray(0, 10),
        numbersOf(expected, "predictHead"),
        { rtol: 1e-8, atol: 1e-8 },
        `predictions of ${name}`,
      );
      const score = await model.score(goldenX(data), data.y as number[], goldenOptions(data));
      expectClose([score], [numberOf(expected, "r2")], { rtol: 1e-9, atol: 0 }, `R² of ${name}`);
    });
  }

  it("keeps all five columns of multi-scale data, where scikit-learn's default drops two", async () => {
    const { data } = goldenCase(golden, "multi-scale");
    expect((await fitted(data, true)).rank).toBe(5);
  });

  it("gives equal columns equal coefficients: the solution of minimum norm", async () => {
    const { data } = goldenCase(golden, "rank-deficient");
    const model = await fitted(data, true);
    expect(model.method).toBe("svd");
    expectClose([model.coef[0] as number], [model.coef[3] as number], closedForm(), "coef of equal columns");
    expect(Math.abs(model.coef[5] as number)).toBeLessThan(1e-13);
  });
});

describe("LinearRegression", () => {
  it("solves nearly dependent columns by the triangular factor", async () => {
    const X = Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.sin(i) + 1e-5 * Math.cos(3 * i)]);
    const y = X.map(([a = 0, b = 0]) => 2 * a - 3 * b + 1);
    const model = await new LinearRegression().fit(X, y);
    expect(model.method).toBe("qr");
    expectClose(model.coef, [2, -3], closedForm(1e6), "coef");
    expectClose([model.intercept], [1], closedForm(1e6), "intercept");
  });

  it("refuses weights that are all zero", async () => {
    await expect(new LinearRegression().fit([[1], [2]], [1, 2], { sampleWeight: [0, 0] })).rejects.toThrow(
      "LinearRegression.fit: all sample weights are zero. Give at least one row a positive weight.",
    );
  });

  it("refuses sums that overflow", async () => {
    await expect(new LinearRegression().fit([[1e200], [2e200], [-1e200]], [1, 2, 3])).rejects.toThrow(
      "the sums of squares overflow",
    );
  });
});
