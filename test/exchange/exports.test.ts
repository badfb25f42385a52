import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GeneralizedLinearRegressor, LogisticRegression } from "#models/index.js";
import {
  KNNImputer,
  OneHotEncoder,
  PowerTransformer,
  SplineTransformer,
  StandardScaler,
} from "#preprocessing/index.js";
import {
  DistributedArray,
  DistributedDataFrame,
  exportJavaScript,
  exportOnnx,
  LocalMatrix,
  makePipeline,
  onnxModel,
  saveModel,
} from "#src/index.js";
import type { AnyEstimator } from "#src/estimator/registry.js";
import { columnsFor, exportedModels, targetFor, type Exported } from "./exported-models.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-exports-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OUTPUTS = {
  predict: "prediction",
  predictProba: "probability",
  decisionFunction: "decision",
  transform: "output",
} as const;
type Output = keyof typeof OUTPUTS;
type Answers = Partial<Record<Output, unknown[][]>>;

interface Case {
  readonly model: AnyEstimator;
  readonly names: readonly string[];
  readonly rows: readonly unknown[][];
  readonly answers: Answers;
  readonly javaScript: string;
  readonly onnx: string;
}

/** Fits, asks the model itself, and exports it. */
async function prepare({ make, X, y }: Exported, k: number): Promise<Case> {
  const columns = columnsFor(X);
  const names = Object.keys(columns);
  const frame = DistributedDataFrame.fromColumns({ ...columns, y: targetFor(y) } as never, { partitions: 3 });
  const model = make();
  const rows = frame.drop("y" as never);
  await (model as unknown as { fit(X: unknown, y: unknown): Promise<unknown> }).fit(rows, frame.column("y" as never));
  const javaScript = join(folder, `model-${k}.mjs`);
  const text = await exportJavaScript(model, javaScript);
  const answers: Answers = {};
  for (const output of Object.keys(OUTPUTS) as Output[])
    if (text.includes(`export function ${output}(`)) answers[output] = await askModel(model, output, rows);
  const onnx = join(folder, `model-${k}.onnx`);
  await exportOnnx(model, onnx);
  const length = columns[names[0]!]!.length;
  return {
    model,
    names,
    rows: Array.from({ length }, (_, i) => names.map((name) => columns[name]![i])),
    answers,
    javaScript,
    onnx,
  };
}

async function askModel(model: AnyEstimator, output: Output, rows: unknown): Promise<unknown[][]> {
  const lazy = (model as unknown as Record<Output, (X: unknown) => { compute(): Promise<unknown> }>)[output](rows);
  const result = await lazy.compute();
  if (!(result instanceof LocalMatrix)) {
    const frame = result as { columns: string[]; getColumn(name: string): { toArray(): unknown[] } };
    const columns = frame.columns.map((name) => [...frame.getColumn(name).toArray()]);
    return columns[0]!.map((_, i) => columns.map((column) => column[i] ?? Number.NaN));
  }
  const { classes } = model as unknown as { readonly classes?: readonly unknown[] };
  const labels = output === "predict" && typeof classes?.[0] === "string" ? classes : undefined;
  return result.toRows().map((row) => row.map((value) => (labels ? labels[value] : value)));
}

function close(got: unknown, wanted: unknown, digits: number, where: string): void {
  if (typeof wanted !== "number" || Number.isNaN(wanted)) expect(got, where).toEqual(wanted);
  else expect(Math.abs((got as number) - wanted), where).toBeLessThanOrEqual(digits * Math.max(Math.abs(wanted), 1e-9));
}

const cases = new Map<string, Case>();
beforeAll(async () => {
  for (const [k, one] of exportedModels.entries()) cases.set(one.name, await prepare(one, k));
});

describe("exportJavaScript", () => {
  for (const { name, sameBits } of exportedModels)
    it(`answers as the model: ${name}`, async () => {
      const { rows, names, answers, javaScript } = cases.get(name)!;
      const module = (await import(pathToFileURL(javaScript).href)) as Record<Output, (row: unknown) => unknown> & {
        columns: string[];
      };
      expect(module.columns).toEqual(names);
      expect(Object.keys(answers).length).toBeGreaterThan(0);
      for (const [output, wanted] of Object.entries(answers) as [Output, unknown[][]][])
        rows.forEach((row, i) => {
          const got = [module[output](row)].flat();
          if (sameBits) expect(got, `${output} of row ${i}`).toEqual(wanted[i]);
          else wanted[i]!.forEach((value, j) => close(got[j], value, 1e-13, `${output} of row ${i}`));
        });
      const [first] = Object.keys(answers) as [Output];
      expect(module[first](Object.fromEntries(names.map((own, j) => [own, rows[1]![j]])))).toEqual(
        module[first](rows[1]),
      );
    });

  it("runs in a process of its own, with nothing else in its folder", () => {
    const { javaScript, rows, answers } = cases.get("ColumnTransformer of text and numbers")!;
    const script = `import { predict, predictProba } from ${JSON.stringify(pathToFileURL(javaScript).href)};
      console.log(JSON.stringify(${JSON.stringify(rows.slice(1, 9))}.map((row) => [predict(row), predictProba(row)])));`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    (JSON.parse(stdout) as [number, number[]][]).forEach(([label, probabilities], i) => {
      expect(label).toBe(answers.predict![i + 1]![0]);
      probabilities.forEach((p, j) => close(p, answers.predictProba![i + 1]![j], 1e-13, `row ${i}`));
    });
    expect(readFileSync(javaScript, "utf8")).not.toMatch(/^import|require\(/m);
  });

  it("says what is wrong with a row", async () => {
    const { javaScript } = cases.get("OneHotEncoder, first dropped")!;
    const { transform } = (await import(pathToFileURL(javaScript).href)) as { transform(row: unknown): number[] };
    expect(() => transform(["Brno"])).toThrow("The row has 1 values; the model takes 5: city, kind, a, b, c.");
    expect(() => transform({ city: "Brno" })).toThrow('The row has no "kind"');
    expect(() => transform([1, "day", 0, 0, 0])).toThrow('Column "city" is 1; the model takes text.');
    expect(() => transform(["Graz", "day", 0, 0, 0])).toThrow('column "city" has "Graz", which fit has not seen');
    expect(() => transform(null)).toThrow("A row is an array of values");
  });

  it("refuses what the transformers refuse, and goes on beyond knots and quantiles as they do", async () => {
    const x = Array.from({ length: 40 }, (_, i) => [1 + (i % 17) / 4]);
    const write = async (model: { fit(X: unknown): Promise<unknown> }, name: string) => {
      await model.fit(x);
      const path = join(folder, name);
      await exportJavaScript(model as never, path);
      return (await import(pathToFileURL(path).href)) as { transform(row: unknown): number[] };
    };
    const power = await write(new PowerTransformer({ method: "box-cox" }), "box-cox.mjs");
    expect(() => power.transform([-1])).toThrow('column "x0" has -1, and Box-Cox needs values above 0');
    const strict = await write(new SplineTransformer({ extrapolation: "error" }), "strict.mjs");
    expect(() => strict.transform([99])).toThrow('column "x0" has 99; its knots are from 1 to 5');
    for (const extrapolation of ["constant", "linear", "continue", "periodic"] as const) {
      const model = new SplineTransformer({ extrapolation });
      const { transform } = await write(model, `${extrapolation}.mjs`);
      const rows = [[-3], [0.99], [1], [5], [5.5], [40]];
      expect(rows.map((row) => transform(row))).toEqual((await model.transform(rows)).toRows());
      const onnx = join(folder, `${extrapolation}.onnx`);
      await exportOnnx(model, onnx);
      const read = await onnxModel(onnx, { runtime: "onnxruntime-web" });
      const scored = await read.predict(DistributedArray.fromRows(rows)).compute();
      (scored as LocalMatrix)
        .toRows()
        .forEach((row, i) =>
          row.forEach((value, k) => close(value, transform(rows[i]!)[k], 1e-12, `${extrapolation} ${i}`)),
        );
    }
  });

  it("keeps hostile names as data", async () => {
    const name = '"]; globalThis.hacked = 1; //\u2028\n`${1}';
    const model = await new StandardScaler().fit({ [name]: [1, 2, 3] });
    const path = join(folder, "names.mjs");
    await exportJavaScript(model, path);
    const module = (await import(pathToFileURL(path).href)) as { columns: string[]; transform(row: unknown): number[] };
    expect(module.columns).toEqual([name]);
    expect(module.transform({ [name]: 2 })).toEqual([0]);
    expect("hacked" in globalThis).toBe(false);
  });
});

describe("exportOnnx", () => {
  for (const { name } of exportedModels)
    it(`answers as the model: ${name}`, async () => {
      const { rows, names, answers, onnx } = cases.get(name)!;
      const model = await onnxModel(onnx, { runtime: "onnxruntime-web" });
      expect([...(model.columns ?? [])].sort()).toEqual([...names].sort());
      const columns = Object.fromEntries(names.map((own, j) => [own, rows.map((row) => row[j])]));
      const scored = await model
        .predict(DistributedDataFrame.fromColumns(columns as never, { partitions: 2 }))
        .compute();
      const wanted = rows.map((_, i) => (Object.keys(answers) as Output[]).flatMap((output) => answers[output]![i]!));
      expect(scored.columns.length).toBe(wanted[0]!.length);
      scored.columns.forEach((own, j) =>
        [...scored.getColumn(own).toArray()].forEach((value, i) =>
          close(typeof value === "bigint" ? Number(value) : value, wanted[i]![j], 1e-12, `${own} of row ${i}`),
        ),
      );
    });

  it("takes float32 where it is asked to, and names columns as scoreDataset does", async () => {
    const { model } = cases.get("LogisticRegression of three classes")!;
    const path = join(folder, "single.onnx");
    await exportOnnx(model, path, { inputType: "float32", outputs: ["predict", "predictProba"] });
    const read = await onnxModel(path, { runtime: "onnxruntime-web" });
    expect(read.inputs).toEqual([{ name: "X", type: "float32", shape: [-1, 3] }]);
    expect(read.outputs).toEqual({
      prediction: "String",
      probability_high: "Float64",
      probability_late: "Float64",
      probability_low: "Float64",
    });
  });

  it("sends codes that fit has not seen where the model sends them, and missing ones", async () => {
    const { model, onnx, javaScript } = cases.get("HistGradientBoostingRegressor with sets of categories")!;
    const rows = [9, 10, 98, 500, Number.NaN].flatMap((a) => [0, 4, 7, 40, Number.NaN].map((c) => [a, 0.5, c]));
    const expected = (await askModel(model, "predict", DistributedArray.fromRows(rows))).flat();
    const { predict } = (await import(pathToFileURL(javaScript).href)) as { predict(row: unknown): number };
    rows.forEach((row, i) => close(predict(row), expected[i], 1e-13, `row ${i}`));
    const columns = Object.fromEntries(["a", "b", "c"].map((own, j) => [own, rows.map((row) => row[j]!)]));
    const read = await onnxModel(onnx, { runtime: "onnxruntime-web" });
    const scored = await read.predict(DistributedDataFrame.fromColumns(columns)).compute();
    [...scored.getColumn(scored.columns[0]!).toArray()].forEach((value, i) =>
      close(value, expected[i], 1e-12, `row ${i}`),
    );
  });

  it("encodes a category that fit has not seen as the model does", async () => {
    const model = await onnxModel(cases.get("TargetEncoder")!.onnx, { runtime: "onnxruntime-web" });
    const rows = { city: ["Graz"], kind: ["day"], a: [0.5], b: [1], c: [1] };
    const scored = await model.predict(DistributedDataFrame.fromColumns(rows)).compute();
    expect(Number.isFinite(scored.getColumn(scored.columns[0]!).get(0))).toBe(true);
  });

  it("writes the same bytes each time", async () => {
    const { model, onnx } = cases.get("HistGradientBoostingClassifier")!;
    expect(Buffer.from(await exportOnnx(model, join(folder, "again.onnx")))).toEqual(readFileSync(onnx));
  });
});

describe("exports", () => {
  it("name the step that has no form outside partwise", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => [i, (i * 7) % 5]);
    const y = rows.map(([a]) => (a! > 9 ? 1 : 0));
    const neighbours = await makePipeline(new KNNImputer({ nNeighbors: 2 }), new LogisticRegression()).fit(rows, y);
    await expect(exportOnnx(neighbours, join(folder, "no.onnx"))).rejects.toThrow(
      "exportOnnx: the step fillFromNeighbours cannot be exported: there is no form of it (fillFromNeighbours) outside partwise yet.",
    );
    const probit = await new GeneralizedLinearRegressor({ family: "binomial", link: "probit" }).fit(rows, y);
    await expect(exportJavaScript(probit, join(folder, "no.mjs"))).rejects.toThrow(
      "the normal distribution of its link probit has no exact form in these formats; use logit",
    );
  });

  it("refuse what is not fitted, outputs that are not there, and paths that cannot be written", async () => {
    await expect(exportOnnx(new StandardScaler(), join(folder, "no.onnx"))).rejects.toThrow(
      "the StandardScaler is not fitted yet",
    );
    const scaler = await new StandardScaler().fit([[1], [2]]);
    await expect(exportOnnx(scaler, join(folder, "no.onnx"), { outputs: ["predict"] })).rejects.toThrow(
      "the StandardScaler has no predict. It has transform.",
    );
    await expect(exportJavaScript(scaler, join(folder, "nothing", "no.js"))).rejects.toThrow("cannot write");
    await expect(exportOnnx({} as never, join(folder, "no.onnx"))).rejects.toThrow("model must be a fitted estimator");
    const city = await new OneHotEncoder().fit(DistributedDataFrame.fromColumns({ city: ["a", "b"] }));
    await expect(exportOnnx(city, join(folder, "no.onnx"), { schema: { town: "String" } })).rejects.toThrow(
      'schema names "town"',
    );
  });

  it("are what `partwise convert` writes by the ending of the name", async () => {
    const { model, onnx, javaScript } = cases.get("Ridge")!;
    const path = join(folder, "ridge.partwise");
    await saveModel(model, path);
    const main = new URL("../../dist/src/cli/main.js", import.meta.url).pathname;
    for (const [ending, same] of [
      ["onnx", onnx],
      ["mjs", javaScript],
    ] as const) {
      const to = join(folder, `ridge.${ending}`);
      const { status, stdout } = spawnSync(process.execPath, [main, "convert", path, to], { encoding: "utf8" });
      expect([status, stdout]).toEqual([0, `Ridge written to ${to}\n`]);
      expect(readFileSync(to)).toEqual(readFileSync(same));
    }
    writeFileSync(join(folder, "ridge.txt"), "");
    const refused = spawnSync(process.execPath, [main, "convert", path, join(folder, "ridge.txt")], {
      encoding: "utf8",
    });
    expect(refused.stderr).toContain("End it in .partwise, .json, .onnx, .js or .mjs.");
  });
});
