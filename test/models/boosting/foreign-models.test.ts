import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  foreignLibraryOf,
  fromLightGBM,
  fromXGBoost,
  ImportedTreesClassifier,
  ImportedTreesRegressor,
} from "#models/index.js";
import { PartwiseError } from "#src/base/errors.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";
import { leftFloat, leftLimit } from "#src/numeric/trees/formats/float-limits.js";
import { rowScorer } from "#src/inference/index.js";
import { loadModel, saveModel } from "#src/persistence/index.js";

const FOLDER = new URL("../../golden/foreign/", import.meta.url);

interface Case {
  readonly name: string;
  readonly file: string;
  readonly library: "XGBoost" | "LightGBM";
  readonly objective: string;
  readonly prediction: number[] | number[][];
  readonly margin: number[] | number[][];
}

const { X, cases } = JSON.parse(readFileSync(new URL("expected.json", FOLDER), "utf8").replaceAll('"NaN"', "null")) as {
  X: (number | null)[][];
  cases: Case[];
};
const rows = X.map((row) => row.map((x) => x ?? NaN));
const bytesOf = ({ file }: Case): Uint8Array => readFileSync(new URL(file, FOLDER));
const read = (own: Case, bytes = bytesOf(own)): Promise<ImportedTreesClassifier | ImportedTreesRegressor> =>
  own.library === "XGBoost" ? fromXGBoost(bytes) : fromLightGBM(bytes);

const tableOf = (values: number[] | number[][]): number[][] => values.map((row) => [row].flat());

/** As close as the float32 sums of XGBoost are to sums of doubles, and 1e-6 for what LightGBM sums in doubles. */
function expectClose(got: readonly number[][], expected: readonly number[][], what: string): void {
  expect(got.length, what).toBe(expected.length);
  got.forEach((row, i) =>
    row.forEach((value, k) => {
      const right = expected[i]![k]!;
      expect(Math.abs(value - right), `${what}, row ${i}, output ${k}: ${value}, not ${right}`).toBeLessThanOrEqual(
        1e-6 * Math.max(1, Math.abs(right)),
      );
    }),
  );
}

async function predictedBy(model: ImportedTreesClassifier | ImportedTreesRegressor): Promise<number[][]> {
  if (model instanceof ImportedTreesClassifier) {
    const p = (await model.predictProba(rows)).toRows();
    return model.baselines.length === 1 ? p.map((row) => [row[1]!]) : p;
  }
  const values = await model.predict(rows);
  return values instanceof LocalMatrix ? values.toRows() : Array.from(values, (value) => [value]);
}

describe("models of XGBoost and LightGBM", () => {
  it.each(cases)("predict as the library did: $name", async (own) => {
    const model = await read(own);
    expect(foreignLibraryOf(bytesOf(own))).toBe(own.library);
    expect([model.library, model.objective.split(" ")[0]]).toEqual([own.library, own.objective]);
    expectClose((await model.decisionFunction(rows)).toRows(), tableOf(own.margin), "margin");
    expectClose(await predictedBy(model), tableOf(own.prediction), "prediction");
    // One row at a time, without any engine: the same bits.
    const margins = (await model.decisionFunction(rows)).toRows();
    expect(rows.map((row) => Array.from(model.marginsOfRow(row)))).toEqual(margins);
    const predicted = await predictedBy(model);
    const output = model instanceof ImportedTreesClassifier ? "predictProba" : "predict";
    const score = await rowScorer(model as never, { output });
    expect(score.batchSteps).toEqual([]);
    const scored = rows.map((row) => [score(row)].flatMap((one) => (one instanceof Float64Array ? [...one] : [one])));
    expect(scored.map((row) => (row.length > predicted[0]!.length ? row.slice(1) : row))).toEqual(predicted);
  });

  it("predict on the most probable class, by name where classes are named", async () => {
    const own = cases.find(({ name }) => name === "XGBoost multiclass")!;
    const classes = ["low", "middle", "high"];
    const model = (await fromXGBoost(bytesOf(own), { classes })) as ImportedTreesClassifier;
    const best = tableOf(own.prediction).map((row) => classes[row.indexOf(Math.max(...row))]);
    expect(await model.predict(rows)).toEqual(best);
    expect(await model.score(rows, best as string[])).toBe(1);
    expect(model.probabilitiesOfRow(rows[0]!)).toEqual(
      Float64Array.from((await model.predictProba(rows)).toRows()[0]!),
    );
  });

  it("predict the same in files, for frames of partitions, and by as many trees as there is time for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "partwise-foreign-"));
    for (const name of ["XGBoost categorical", "LightGBM multiclass", "LightGBM zero-missing"]) {
      const model = await read(cases.find((own) => own.name === name)!);
      const path = join(folder, "model.partwise");
      await saveModel(model, path);
      const loaded = (await loadModel(path)) as unknown as typeof model;
      const json = (model.constructor as typeof ImportedTreesRegressor).fromJSON(
        JSON.parse(JSON.stringify(model)) as EstimatorJson,
      );
      const expected = (await model.decisionFunction(rows)).toRows();
      expect((await loaded.decisionFunction(rows)).toRows()).toEqual(expected);
      expect((await json.decisionFunction(rows)).toRows()).toEqual(expected);
      const split = await model.decisionFunction(DistributedArray.fromRows(rows, { partitions: 5 })).compute();
      expect(split.toRows()).toEqual(expected);
      const all = model.trees.offsets.length - 1;
      expect(model.marginsOfRowWithin(rows[0]!, 1e6)).toEqual({
        margins: model.marginsOfRow(rows[0]!),
        trees: all,
      });
      expect(model.marginsOfRowWithin(rows[0]!, -1).trees).toBeLessThanOrEqual(all);
    }
    rmSync(folder, { recursive: true });
  });

  it("compare as XGBoost does, after rounding to float32", () => {
    for (const t of [0, 1, -1, 0.1, 1e-45, -1e-45, 3.4028234663852886e38, 1.17549435e-38, 123456.7].map(Math.fround)) {
      const limit = leftLimit(t);
      expect(Math.fround(limit) < t, `${t}`).toBe(true);
      const after = new Float64Array([limit]);
      const bits = new BigInt64Array(after.buffer);
      bits[0]! += limit > 0 ? 1n : -1n;
      if (limit === 0) after[0] = 5e-324;
      expect(Math.fround(after[0]!) < t, `above ${t}`).toBe(false);
      expect(leftFloat(limit)).toBe(t);
    }
  });

  it("are refused with what to do where they are no trees, or not these", async () => {
    const text = new TextDecoder().decode(bytesOf(cases.find(({ name }) => name === "LightGBM regression")!));
    const xgboost = JSON.parse(
      new TextDecoder().decode(bytesOf(cases.find(({ name }) => name === "XGBoost regression")!)),
    ) as { learner: { gradient_booster: { name: string }; objective: { name: string } } };
    const lightgbm = (changed: string): Promise<unknown> => fromLightGBM(new TextEncoder().encode(changed));
    await expect(lightgbm(text.replace("is_linear=0", "is_linear=1"))).rejects.toThrow("linear_tree=false");
    await expect(lightgbm(text.replace("objective=regression", "objective=own"))).rejects.toThrow('objective "own"');
    await expect(lightgbm("hello")).rejects.toThrow("does not begin as a text file of LightGBM's");
    await expect(lightgbm(text.replace("end of trees", ""))).rejects.toThrow("no end of trees");
    await expect(fromXGBoost(new TextEncoder().encode("binf..."))).rejects.toThrow("neither JSON nor UBJ");
    await expect(fromXGBoost(new URL("nothing.json", FOLDER))).rejects.toThrow("cannot read");
    const { learner } = xgboost;
    await expect(fromXGBoost({ learner: { ...learner, gradient_booster: { name: "gblinear" } } })).rejects.toThrow(
      '"gbtree" and "dart" only',
    );
    await expect(fromXGBoost({ learner: { ...learner, objective: { name: "survival:aft" } } })).rejects.toThrow(
      "survival:aft",
    );
    await expect(fromXGBoost({ learner, more: 1 }, { classes: [0, 1] })).rejects.toThrow("is no classifier");
    const model = await fromXGBoost(xgboost);
    await expect(async () => model.predict([[1, 2]])).rejects.toThrow("columns");
    expect(() => model.marginsOfRow([1, 2])).toThrow("the row has 2 values, and the model 6 columns");
  });

  it("never crash or hang the reader when they are damaged", async () => {
    let state = 7;
    const below = (n: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const chosen = ["XGBoost binary", "XGBoost one-hot", "XGBoost categorical", "LightGBM categorical"];
    const sources = chosen.map((name) => {
      const own = cases.find((one) => one.name === name)!;
      return { own, whole: bytesOf(own) };
    });
    let refused = 0;
    for (let k = 0; k < 5000; k++) {
      const { own, whole } = sources[k % sources.length]!;
      let bytes = Uint8Array.from(whole);
      for (let hits = 1 + below(3); hits > 0; hits--) {
        const at = below(bytes.length);
        const kind = below(4);
        // A byte is changed, digits are, a piece is lost or doubled.
        if (kind === 0) bytes[at] = below(256);
        else if (kind === 1) bytes[at] = 48 + below(10);
        else {
          const [head, tail] = [
            bytes.subarray(0, kind === 2 ? at : at + 9),
            bytes.subarray(kind === 2 ? at + below(40) : at),
          ];
          bytes = new Uint8Array(head.length + tail.length);
          bytes.set(head);
          bytes.set(tail, head.length);
        }
      }
      try {
        const model = await read(own, bytes);
        const margins = model.marginsOfRow(Array.from({ length: model.nFeatures }, (_, j) => rows[k % 10]![j] ?? 0));
        expect(margins.every((margin) => typeof margin === "number")).toBe(true);
      } catch (error) {
        if (!(error instanceof PartwiseError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});
