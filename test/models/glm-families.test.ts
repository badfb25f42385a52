import { describe, expect, it } from "vitest";
import { GeneralizedLinearRegressor, PoissonRegressor, TweedieRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { closedForm, expectClose, iterative, objective } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("glm-families");

const inverses: Record<string, (eta: number) => number> = {
  identity: (e) => e,
  log: Math.exp,
  logit: (e) => 1 / (1 + Math.exp(-e)),
  cloglog: (e) => 1 - Math.exp(-Math.exp(e)),
  // Simpson's rule on the density.
  probit: (e) => {
    const steps = 4000;
    const h = (e + 12) / steps;
    let sum = 0;
    for (let i = 0; i <= steps; i++) {
      const t = -12 + i * h;
      sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp(-0.5 * t * t);
    }
    return ((h / 3) * sum) / Math.sqrt(2 * Math.PI);
  },
  inverse: (e) => 1 / e,
  inverseSquared: (e) => e ** -0.5,
  sqrt: (e) => e * e,
  power: (e) => e * e,
};

const halves: Record<string, (y: number, m: number) => number> = {
  gaussian: (y, m) => (y - m) ** 2 / 2,
  binomial: (y, m) => (y > 0 ? y * Math.log(y / m) : 0) + (y < 1 ? (1 - y) * Math.log((1 - y) / (1 - m)) : 0),
  poisson: (y, m) => (y > 0 ? y * Math.log(y / m) : 0) - y + m,
  gamma: (y, m) => Math.log(m / y) + y / m - 1,
  inverseGaussian: (y, m) => (y - m) ** 2 / (2 * m * m * y),
  tweedie: (y, m) => y ** 0.4 / (-0.6 * 0.4) - (y * m ** -0.6) / -0.6 + m ** 0.4 / 0.4,
  negativeBinomial: (y, m) =>
    (y > 0 ? y * Math.log(y / m) : 0) - (y + 1 / 0.7) * Math.log((1 + 0.7 * y) / (1 + 0.7 * m)),
};

/** The deviance from scratch. */
function devianceOf(
  family: string,
  link: string,
  data: GoldenData,
  coef: readonly number[],
  intercept: number,
): number {
  return (data.y as number[]).reduce((sum, y, i) => {
    const shift = (data.offset?.[i] ?? 0) + (data.exposure ? Math.log(data.exposure[i]!) : 0);
    const eta = coef.reduce((s, c, j) => s + c * data.columns![j]![i]!, intercept + shift);
    return sum + 2 * (data.sampleWeight?.[i] ?? 1) * halves[family]!(y, inverses[link]!(eta));
  }, 0);
}

function modelOf(family: string, link: string, more: object = {}): GeneralizedLinearRegressor {
  return new GeneralizedLinearRegressor({
    family: family as "gaussian",
    link: link as "log",
    tol: 1e-10,
    ...(family === "tweedie" ? { variancePower: 1.6 } : {}),
    ...(family === "negativeBinomial" ? { overdispersion: 0.7 } : {}),
    ...(link === "power" ? { linkPower: 0.5 } : {}),
    ...more,
  });
}

function optionsOf(data: GoldenData): { sampleWeight?: number[]; offset?: number[]; exposure?: number[] } {
  const { sampleWeight, offset, exposure } = data;
  return {
    ...(sampleWeight ? { sampleWeight } : {}),
    ...(offset ? { offset } : {}),
    ...(exposure ? { exposure } : {}),
  };
}

describe("families and links against statsmodels", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const [family, link] = [String(expected["family"]), String(expected["link"])];
      const fitIntercept = expected["fitIntercept"] === true;
      const y = data.y as number[];
      const options = optionsOf(data);
      const model = modelOf(family, link, { fitIntercept });
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 4 });
      await model.fit(X, y, options);
      expect(model.converged).toBe(true);
      const found = fitIntercept ? [...model.coef, model.intercept] : model.coef;
      expectClose(found, numbersOf(expected, "params"), iterative, "coefficients");
      expectClose([model.deviance], [numberOf(expected, "deviance")], objective, "deviance");
      const from = Array.from(model.coef);
      expectClose(
        [devianceOf(family, link, data, from, model.intercept)],
        [model.deviance],
        objective,
        "deviance from scratch",
      );
      // No step in any direction makes it smaller.
      for (let j = fitIntercept ? -1 : 0; j < from.length; j++) {
        for (const step of [1e-4, -1e-4]) {
          const moved = from.map((value, k) => (k === j ? value + step : value));
          const deviance = devianceOf(family, link, data, moved, model.intercept + (j < 0 ? step : 0));
          expect(deviance).toBeGreaterThan(model.deviance - 1e-9 * Math.abs(model.deviance));
        }
      }
      if (expected["weights"] === "frequency") {
        expectClose([model.dispersion], [numberOf(expected, "scale")], iterative, "dispersion");
      }
      const head = X.columns([0, 1, 2]);
      const { offset, exposure } = options;
      const means = await model
        .predict(head, { ...(offset ? { offset } : {}), ...(exposure ? { exposure } : {}) })
        .compute();
      expectClose(
        (means.toVector() as Float64Array).slice(0, 6),
        numbersOf(expected, "predictHead"),
        iterative,
        "means",
      );
      const score = 1 - numberOf(expected, "deviance") / numberOf(expected, "nullDeviance");
      // statsmodels' null model has an intercept also where the model has none, and knows the offset.
      expectClose([await model.score(X, y, options)], [score], iterative, "score");
    });
  }
});

describe("offsets and exposures", () => {
  const columns = { a: [0, 1, 2, 3, 4, 5, 6, 7], b: [1, 0, 2, 1, 0, 3, 1, 2] };
  const y = [1, 0, 3, 2, 1, 6, 4, 9];
  const exposure = [1, 0.5, 2, 1, 0.25, 1.5, 1, 2];

  it("come from columns of the frame, in partitions of any size, or as a vector", async () => {
    const model = await new PoissonRegressor({ alpha: 0.1, tol: 1e-10 }).fit(columns, y, { exposure });
    for (const partitions of [1, 3, 8]) {
      const frame = DistributedDataFrame.fromColumns({ ...columns, y, time: exposure }, { partitions });
      const other = await new PoissonRegressor({ alpha: 0.1, tol: 1e-10 }).fit(
        frame.select("a", "b"),
        frame.column("y"),
        {
          exposure: frame.column("time"),
        },
      );
      expectClose(other.coef, model.coef, closedForm(1e4));
      const means = await other.predict(frame.select("a", "b"), { exposure: frame.column("time") }).compute();
      expectClose(means.toVector() as Float64Array, await model.predict(columns, { exposure }), iterative);
    }
  });

  it("are one: an exposure is the offset of its logarithm, and multiplies the mean", async () => {
    const a = await new TweedieRegressor({ power: 1.5, tol: 1e-10 }).fit(columns, y, { exposure });
    const b = await new TweedieRegressor({ power: 1.5, tol: 1e-10 }).fit(columns, y, {
      offset: exposure.map(Math.log),
    });
    expectClose(a.coef, b.coef, closedForm());
    const plain = await a.predict(columns);
    const exposed = await a.predict(columns, { exposure });
    expectClose(
      exposed,
      plain.map((mean, i) => mean * exposure[i]!),
      closedForm(),
    );
    expect(await a.score(columns, y, { exposure })).toBeCloseTo(
      await b.score(columns, y, { offset: exposure.map(Math.log) }),
      12,
    );
  });

  it("are refused where they are wrong, by partition and row", async () => {
    const X = DistributedArray.fromColumns(columns, { partitions: 4 });
    await expect(new PoissonRegressor().fit(X, y, { exposure: [1, 1, 1, 1, 1, 0, 1, 1] })).rejects.toThrow(
      "PoissonRegressor.fit: exposure must be > 0; got 0 in partition 2, row 1.",
    );
    await expect(new PoissonRegressor().fit(X, y, { offset: [1, 1, 1, NaN, 1, 0, 1, 1] })).rejects.toThrow(
      "PoissonRegressor.fit: offset has NaN in partition 1, row 1.",
    );
    await expect(new PoissonRegressor().fit(X, y, { offset: [1, 2] })).rejects.toThrow("X has 8 rows but offset has 2");
    await expect(new GeneralizedLinearRegressor().fit(X, y, { exposure })).rejects.toThrow(
      'exposure needs the log link, under which the mean is proportional to it; the link is "identity"',
    );
    const model = await new PoissonRegressor().fit(X, y, { exposure });
    await expect(model.predict(columns, { exposure: [1, 1, 1, 1, 1, 1, 1, -1] })).rejects.toThrow(
      "PoissonRegressor.predict: exposure must be > 0; got -1 in partition 0, row 7.",
    );
  });

  it("reach the sample and all rows of a large fit", async () => {
    const n = 90_000;
    const x = Float64Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898));
    const time = Float64Array.from({ length: n }, (_, i) => 1 + (i % 7));
    const counts = Float64Array.from({ length: n }, (_, i) => Math.round(time[i]! * Math.exp(0.5 * x[i]! + 1)));
    const X = DistributedArray.fromColumns([x], { partitions: 3 });
    const model = await new PoissonRegressor({ alpha: 0, tol: 1e-9 }).fit(X, counts, { exposure: time });
    const composed = await new GeneralizedLinearRegressor({
      family: "poisson",
      link: "power",
      linkPower: 0,
      tol: 1e-9,
    }).fit(X, counts, { offset: time.map(Math.log) });
    let [slope, level] = [0, 0];
    x.forEach((value, i) => {
      const error = counts[i]! - time[i]! * Math.exp(model.coef[0]! * value + model.intercept);
      slope += error * value;
      level += error;
    });
    expect(Math.max(Math.abs(slope), Math.abs(level)) / n).toBeLessThan(1e-7);
    expectClose(composed.coef, model.coef, iterative);
  });
});

describe("a generalised linear regressor", () => {
  const X = [[0.5], [1], [2], [3], [4], [5]];
  const y = [1, 3, 2, 5, 4, 7];

  it("starts where it was when warm", async () => {
    const model = new GeneralizedLinearRegressor({ family: "gamma", link: "inverse", warmStart: true, tol: 1e-9 });
    await model.fit(X, y);
    const first = model.nIter;
    await model.fit(X, y);
    expect(first).toBeGreaterThan(1);
    expect(model.nIter).toBeLessThan(2);
  });

  it("has the penalty in its objective: the gradient of the penalised deviance is 0", async () => {
    const data = { columns: [X.map((row) => row[0]!)], y };
    const model = await modelOf("poisson", "sqrt", { alpha: 0.3 }).fit(X, y);
    const at = (b: number, a: number): number =>
      devianceOf("poisson", "sqrt", data, [b], a) / 2 / y.length + 0.15 * b * b;
    const [b, a] = [model.coef[0]!, model.intercept];
    const best = at(b, a);
    expectClose([best], [model.objective], objective);
    for (const [db, da] of [
      [1e-4, 0],
      [-1e-4, 0],
      [0, 1e-4],
      [0, -1e-4],
    ] as const) {
      expect(at(b + db, a + da)).toBeGreaterThan(best);
    }
  });

  it("refuses targets, parameters and links that do not go together", async () => {
    const fit = (params: object, target = y): Promise<unknown> => new GeneralizedLinearRegressor(params).fit(X, target);
    await expect(fit({ family: "binomial" })).rejects.toThrow("y must be >= 0 and <= 1; got 3 in partition 0, row 1");
    await expect(fit({ family: "binomial" }, [1, 1, 1, 1, 1, 1])).rejects.toThrow("y is 1 in every row. It needs both");
    await expect(fit({ family: "inverseGaussian" }, [1, 2, 0, 1, 1, 1])).rejects.toThrow("y must be > 0; got 0");
    await expect(fit({ family: "negativeBinomial" }, [1, 2, -1, 1, 1, 1])).rejects.toThrow("y must be >= 0; got -1");
    await expect(fit({ family: "poisson", link: "probit" })).rejects.toThrow('link "probit" is for probabilities');
    await expect(fit({ family: "poisson", variancePower: 1.5 })).rejects.toThrow(
      'variancePower is for family "tweedie"',
    );
    await expect(fit({ overdispersion: 2 })).rejects.toThrow('overdispersion is for family "negativeBinomial"');
    await expect(fit({ linkPower: 2 })).rejects.toThrow('linkPower is for link "power"');
    expect(() => new GeneralizedLinearRegressor({ alpha: -1 })).toThrow("alpha must be >= 0; got -1");
  });
});
