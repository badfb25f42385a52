import { describe, expect, it } from "vitest";
import { LinearRegression } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray, TransformedTargetRegressor } from "#src/index.js";
import { goldenCase, loadGolden, numberOf } from "../golden/load-golden.js";

const { data, expected } = goldenCase(loadGolden("encoders"), "transformed target");
const [a = [], , b = []] = data.columns as number[][];
const y = (data as { positive?: number[] }).positive as number[];
const X = DistributedArray.fromColumns([a, b], { partitions: 3 });

describe("TransformedTargetRegressor", () => {
  it("gives scikit-learn's predictions and score, by a function and by a transformer", async () => {
    const log = await new TransformedTargetRegressor({ regressor: new LinearRegression(), func: "log" }).fit(X, y);
    const scaled = await new TransformedTargetRegressor({
      regressor: new LinearRegression(),
      transformer: new StandardScaler(),
    }).fit(X, y);
    const values = async (model: TransformedTargetRegressor): Promise<number[]> =>
      Array.from((await model.predict(X).compute()).toVector(), Number);
    (await values(log)).forEach((value, i) =>
      expect(value).toBeCloseTo((expected["log"] as number[])[i] as number, 11),
    );
    (await values(scaled)).forEach((value, i) =>
      expect(value).toBeCloseTo((expected["scaled"] as number[])[i] as number, 11),
    );
    expect(await log.score(X, y)).toBeCloseTo(numberOf(expected, "score"), 11);
    // Second oracle: an affine change of the target changes nothing for least squares.
    const plain = await new LinearRegression().fit(X, y);
    const direct = Array.from((await plain.predict(X).compute()).toVector(), Number);
    (await values(scaled)).forEach((value, i) => expect(value).toBeCloseTo(direct[i] as number, 11));
  });

  it("inverts each function", async () => {
    const x = [[0], [1], [2], [3]];
    for (const [func, of] of [
      ["identity", (z: number) => z],
      ["log", Math.exp],
      ["log1p", Math.expm1],
      ["sqrt", (z: number) => z * z],
    ] as const) {
      const model = await new TransformedTargetRegressor({ regressor: new LinearRegression(), func }).fit(
        x,
        x.map(([z = 0]) => of(z + 1)),
      );
      expect((await model.predict([[4]]))[0]).toBeCloseTo(of(5), 8);
    }
  });

  it("names a target outside the function's domain, and refuses parts that cannot work", async () => {
    const model = new TransformedTargetRegressor({ regressor: new LinearRegression(), func: "log" });
    await expect(model.fit([[1], [2]], [1, 0])).rejects.toThrow(
      'y must be > 0 for func "log"; got 0 in partition 0, row 1. Shift y, or use another func.',
    );
    expect(() => new TransformedTargetRegressor({ regressor: new StandardScaler() })).toThrow(
      "regressor must be able to predict",
    );
    expect(
      () => new TransformedTargetRegressor({ regressor: new LinearRegression(), transformer: new LinearRegression() }),
    ).toThrow("transform and inverseTransform");
    const both = new TransformedTargetRegressor({
      regressor: new LinearRegression(),
      transformer: new StandardScaler(),
      func: "log",
    });
    await expect(both.fit([[1]], [1])).rejects.toThrow('func must be "identity" beside a transformer; got "log"');
  });

  it("sets parameters of its parts, and comes back from JSON", async () => {
    const model = new TransformedTargetRegressor({
      regressor: new LinearRegression(),
      transformer: new StandardScaler(),
    });
    model.setParams({ regressor__fitIntercept: false, transformer__withMean: false });
    expect((model.regressor as LinearRegression).getParams().fitIntercept).toBe(false);
    await model.fit(X, y);
    const again = TransformedTargetRegressor.fromJSON(
      JSON.parse(JSON.stringify(model.toJSON())) as ReturnType<TransformedTargetRegressor["toJSON"]>,
    );
    expect(await again.predict([[1, 2]])).toEqual(await model.predict([[1, 2]]));
  });
});
