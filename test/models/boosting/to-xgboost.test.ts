import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  fromLightGBM,
  fromXGBoost,
  HistGradientBoostingClassifier,
  HistGradientBoostingRegressor,
  toXGBoost,
} from "#models/index.js";

const FOLDER = new URL("../../golden/foreign/", import.meta.url);
const rows = (
  JSON.parse(readFileSync(new URL("expected.json", FOLDER), "utf8").replaceAll('"NaN"', "null")) as {
    X: (number | null)[][];
  }
).X.map((row) => row.map((x) => x ?? NaN));

/** Margins of a model and of what XGBoost would read, row by row. */
async function expectSameMargins(model: Parameters<typeof toXGBoost>[0]): Promise<void> {
  const again = await fromXGBoost(Buffer.from(toXGBoost(model)));
  const binary = await fromXGBoost(toXGBoost(model, { format: "ubj" }));
  expect(binary.trees).toEqual(again.trees);
  for (const row of rows) {
    // Values of float32, which both sides compare alike.
    const values = row.map(Math.fround);
    const [got, right] = [again.marginsOfRow(values), model.marginsOfRow(values)];
    expect(binary.marginsOfRow(values)).toEqual(got);
    expect(got.length).toBe(right.length);
    got.forEach((value, k) =>
      expect(Math.abs(value - right[k]!)).toBeLessThan(2e-6 * Math.max(1, Math.abs(right[k]!))),
    );
  }
}

describe("models written for XGBoost", () => {
  it.each([
    "xgboost-regression.json",
    "xgboost-categorical.json",
    "xgboost-one-hot.ubj",
    "xgboost-multiclass.json",
    "xgboost-dart.json",
    "xgboost-poisson.json",
    "lightgbm-categorical.txt",
    "lightgbm-multiclass.txt",
    "lightgbm-binary.txt",
  ])("are read with the same margins: %s", async (file) => {
    const bytes = readFileSync(new URL(file, FOLDER));
    const model = await (file.startsWith("x") ? fromXGBoost(bytes) : fromLightGBM(bytes));
    await expectSameMargins(model);
    const again = await fromXGBoost(Buffer.from(toXGBoost(model)));
    expect(again.constructor).toBe(model.constructor);
    expect(again.link).toBe(model.link);
  });

  it("are our own, too, with missing values and categories of many sides", async () => {
    const y = rows.map((row, i) => (row[0]! || 0) + (i % 3) + (Number.isNaN(row[3]!) ? 2 : 0));
    const X = rows.map((row) => row.map(Math.fround));
    for (const loss of ["squared_error", "poisson"] as const) {
      const model = await new HistGradientBoostingRegressor({ loss, maxIter: 6, minSamplesLeaf: 1 }).fit(
        X,
        loss === "poisson" ? y.map(Math.abs) : y,
      );
      await expectSameMargins(model);
    }
    const classes = await new HistGradientBoostingClassifier({ maxIter: 6, minSamplesLeaf: 1 }).fit(
      X,
      y.map((_, i) => i % 3),
    );
    await expectSameMargins(classes);
    const again = await fromXGBoost(Buffer.from(toXGBoost(classes)));
    expect(await again.predict(X)).toEqual(await classes.predict(X));
  });

  it("tell real numbers from whole ones, as XGBoost asks", async () => {
    const text = toXGBoost(await fromXGBoost(new URL("xgboost-regression.json", FOLDER)));
    const list = (key: string): string[] => new RegExp(`"${key}":\\[([^\\]]*)\\]`).exec(text)![1]!.split(",");
    for (const key of ["split_conditions", "base_weights", "loss_changes", "sum_hessian"])
      for (const written of list(key)) expect(written).toMatch(/[.e]/);
    for (const key of ["left_children", "default_left", "split_indices", "parents"])
      for (const written of list(key)) expect(written).toMatch(/^-?\d+$/);
  });

  it("have right children after the left ones, also where sets of categories change sides", async () => {
    const model = await fromXGBoost(new URL("xgboost-categorical.json", FOLDER));
    const { learner } = JSON.parse(toXGBoost(model)) as {
      learner: {
        gradient_booster: {
          model: { trees: { left_children: number[]; right_children: number[]; parents: number[] }[] };
        };
      };
    };
    for (const { left_children, right_children, parents } of learner.gradient_booster.model.trees)
      left_children.forEach((left, k) => {
        if (left < 0) return;
        expect([right_children[k], parents[left], parents[left + 1]]).toEqual([left + 1, k, k]);
      });
  });

  it("have the types in UBJ that XGBoost's own files have", async () => {
    const file = readFileSync(new URL("xgboost-one-hot.ubj", FOLDER));
    const own = Buffer.from(toXGBoost(await fromXGBoost(file), { format: "ubj" }));
    const typesOf = (bytes: Buffer): Record<string, string> =>
      Object.fromEntries(
        Array.from(bytes.toString("latin1").matchAll(/([a-z_]{3,})\[\$(.)#/g), ([, key, type]) => [key!, type!]),
      );
    const theirs = typesOf(file);
    expect(Object.keys(theirs).length).toBeGreaterThan(12);
    for (const [key, type] of Object.entries(typesOf(own))) expect([key, type]).toEqual([key, theirs[key]]);
    expect(() => toXGBoost({} as never, { format: "xml" as never })).toThrow('format must be "json" or "ubj"');
  });

  it("cannot hold zeros that are missing, nor links that XGBoost does not have", async () => {
    const zero = await fromLightGBM(new URL("lightgbm-zero-missing.txt", FOLDER));
    expect(() => toXGBoost(zero)).toThrow("zeros are missing values");
    const sqrt = await fromLightGBM(new URL("lightgbm-sqrt.txt", FOLDER));
    expect(() => toXGBoost(sqrt)).toThrow('no link like that of "regression sqrt"');
  });
});
