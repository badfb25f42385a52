import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression, NeuralRegressor } from "#models/index.js";
import { FunctionTransformer, OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import { CounterRng } from "#src/base/rng.js";
import {
  ColumnTransformer,
  DistributedDataFrame,
  loadModel,
  makePipeline,
  readModelFile,
  saveModel,
} from "#src/index.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { verifyGoldenRows } from "#src/persistence/golden-rows.js";
import { asRows, checkData, cut } from "#src/testing/check-data.js";
import { DOUBLED } from "#src/testing/check-functions.js";
import { testSubjects } from "#src/testing/index.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-models-"));
/** `PARTWISE_FUZZ=100000` for the long run. */
const FUZZ_RUNS = Number(process.env["PARTWISE_FUZZ"] ?? 400);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = (name: string): string => join(folder, `${name.replaceAll(/\W+/g, "-")}.partwise`);

const flights = (): DistributedDataFrame =>
  DistributedDataFrame.fromColumns({
    airport: Array.from({ length: 60 }, (_, i) => ["BRQ", "PRG", "VIE", "OSR"][i % 4] as string),
    distance: Float64Array.from({ length: 60 }, (_, i) => 100 + 37 * (i % 11)),
    late: Float64Array.from({ length: 60 }, (_, i) => Number((i * 7) % 5 < 2)),
  });

const flightModel = () =>
  makePipeline(
    new ColumnTransformer({
      transformers: [
        ["airport", new OneHotEncoder({ sparseOutput: false }), ["airport"]],
        ["distance", new StandardScaler(), ["distance"]],
      ],
    }),
    new LogisticRegression(),
  );

async function savedFlightModel(name: string): Promise<string> {
  const frame = flights();
  const model = flightModel();
  await model.fit(frame.select("airport", "distance"), frame.column("late"));
  await saveModel(model, path(name), { data: frame, metrics: { auc: 0.7 }, metadata: { owner: "tests" } });
  return path(name);
}

const functionModules = [DOUBLED.module];

describe("a model file", () => {
  for (const subject of testSubjects) {
    it(`gives ${subject.name} back with the same bits`, async () => {
      const data = checkData(subject);
      const { X, y } = cut(data, [data.rows]);
      const model = subject.make();
      await model.fit(X, y);
      const saved = await saveModel(model as never, path(subject.name), { data: X });
      const loaded = await loadModel(path(subject.name), { trustModules: functionModules });
      expect(JSON.stringify(loaded)).toBe(JSON.stringify(model));
      expect(saved.bytes).toBe(readFileSync(path(subject.name)).byteLength);
      expect(saved).toMatchObject({ goldenRows: 32, trainingRows: data.rows });
    });
  }

  it("keeps a pipeline over text columns, its columns, types, rows, scores and notes", async () => {
    const file = await readModelFile(await savedFlightModel("pipeline"));
    expect(file.input).toEqual({
      nFeatures: 2,
      names: ["airport", "distance"],
      dtypes: ["String", "Float64"],
      trainingRows: 60,
    });
    expect(file).toMatchObject({ metrics: { auc: 0.7 }, metadata: { owner: "tests" } });
    expect(file.golden?.rows).toBe(32);
    expect(file.sketch).toMatchObject({
      rows: 60,
      columns: [
        { name: "airport", kind: "category", missing: 0, categories: ["BRQ", "OSR", "PRG", "VIE"], others: 0 },
        { name: "distance", kind: "number", min: 100, max: 470, missing: 0 },
      ],
    });
    const loaded = await loadModel<ReturnType<typeof flightModel>>(path("pipeline"));
    const proba = (await loaded.predictProba({ airport: ["PRG"], distance: [137] })) as LocalMatrix;
    expect(proba.rows).toBe(1);
  });

  it("counts the rows of a sketch's bins exactly where a column has few values", async () => {
    const X = { a: Float64Array.from({ length: 100 }, (_, i) => (i < 50 ? 0 : i % 10 === 0 ? NaN : i)) };
    const scaler = await new StandardScaler().fit(X);
    await saveModel(scaler, path("bins"), { data: X });
    const { sketch } = await readModelFile(path("bins"));
    const [column] = (sketch as never as { columns: { counts: Float64Array; edges: Float64Array; missing: number }[] })
      .columns;
    expect(column?.missing).toBe(5);
    expect(column?.counts[0]).toBe(50);
    expect(column?.counts.reduce((a, b) => a + b, 0)).toBe(95);
    expect(column?.edges.length).toBe((column?.counts.length ?? 0) - 1);
  });

  it("verifies itself with random rows where it was saved without data", async () => {
    const data = checkData({ task: "regressor" });
    const scaler = await new StandardScaler().fit(asRows(data));
    expect(await saveModel(scaler, path("no data"))).toMatchObject({ goldenRows: 32, trainingRows: undefined });
    expect((await readModelFile(path("no data"))).golden?.columns).toHaveLength(3);
    await loadModel(path("no data"));
  });

  it("says when no rows could be made for a model of text, and loads it all the same", async () => {
    const frame = flights();
    const model = await new OneHotEncoder().fit(frame.select("airport"));
    expect(await saveModel(model, path("text"))).toMatchObject({ goldenRows: 0 });
    expect((await loadModel<OneHotEncoder>(path("text"))).getFeatureNamesOut()).toContain("airport_BRQ");
  });

  it("is whole or not there: a failed save leaves the file before it and nothing beside it", async () => {
    const scaler = await new StandardScaler().fit([[1], [2]]);
    const target = path("whole");
    await saveModel(scaler, target);
    const before = readFileSync(target);
    const inline = Object.assign(scaler.clone(), {});
    await expect(saveModel(inline, target)).rejects.toThrow("StandardScaler is not fitted yet");
    expect(readFileSync(target).equals(before)).toBe(true);
    await expect(saveModel(scaler, join(target, "below.partwise"))).rejects.toThrow(/saveModel: cannot write .*a file/);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

describe("a file that is not what it should be", () => {
  const rehash = (bytes: Buffer): Buffer => {
    const end = bytes.byteLength - 32;
    createHash("sha256").update(bytes.subarray(0, end)).digest().copy(bytes, end);
    return bytes;
  };
  const load = async (bytes: Uint8Array): Promise<unknown> => {
    writeFileSync(path("bad"), bytes);
    return loadModel(path("bad"));
  };

  it("is refused by what is wrong with it", async () => {
    const good = readFileSync(await savedFlightModel("good"));
    const edited = (edit: (text: string) => string): Buffer => {
      const header = Number(good.readBigUInt64LE(16));
      const text = edit(
        good
          .subarray(32, 32 + header)
          .toString("utf8")
          .trimEnd(),
      ).padEnd(header, " ");
      expect(Buffer.byteLength(text)).toBe(header);
      return rehash(Buffer.concat([good.subarray(0, 32), Buffer.from(text), good.subarray(32 + header)]));
    };
    await expect(load(Buffer.from("PK\u0003\u0004 a zip file"))).rejects.toThrow(/not a partwise model file/);
    await expect(load(Buffer.alloc(0))).rejects.toThrow(/not a partwise model file/);
    await expect(load(good.subarray(0, 20))).rejects.toThrow(/has 20 bytes and should have 64: it was cut short/);
    await expect(load(good.subarray(0, good.length - 5))).rejects.toThrow(/cut short/);
    const flipped = Buffer.from(good);
    flipped[200] = (flipped[200] ?? 0) ^ 1;
    await expect(load(flipped)).rejects.toThrow(/does not match its checksum/);
    const newer = Buffer.from(good);
    newer.writeUInt32LE(9, 8);
    await expect(load(newer)).rejects.toThrow(/layout version 9; this partwise reads 1 to 1. Update partwise/);
    await expect(load(edited((text) => text.replace('"kind":"Pipeline"', '"kind":"Pipelime"')))).rejects.toThrow(
      /there is no estimator "Pipelime"; did you mean Pipeline/,
    );
    await expect(load(edited((text) => text.replace('"Float64Array"', '"Float99Array"')))).rejects.toThrow(
      /array of the unknown type "Float99Array"/,
    );
    await expect(
      load(edited((text) => text.replace(/"\$array":\["Float64Array",0,(\d)/, '"$array":["Float64Array",0,9'))),
    ).rejects.toThrow(/Model file|is .* and was|cannot be restored|golden/);
    await expect(loadModel(join(folder, "nowhere.partwise"))).rejects.toThrow(/there is no such file. Check the path/);
    await expect(loadModel(folder)).rejects.toThrow(/it is a folder/);
  });

  it("is refused where arrays share bytes, which would make more of them than the file has", async () => {
    const scaler = await new StandardScaler().fit([
      [1, 5],
      [2, 7],
    ]);
    await saveModel(scaler, path("shared"));
    const good = readFileSync(path("shared"));
    const places = good.toString("latin1").match(/"Float64Array",\d\d,/g) as string[];
    const bytes = Buffer.from(good.toString("latin1").replace(places[1] as string, places[0] as string), "latin1");
    expect(bytes.equals(good)).toBe(false);
    await expect(load(rehash(bytes))).rejects.toThrow(/the arrays at \d+ overlap/);
  });

  it("is read whole and verified where it is larger than what is read at once", async () => {
    const words = Array.from({ length: 300 }, (_, i) => Float64Array.from({ length: 5_000 }, (__, k) => i * k));
    const large = Float64Array.from({ length: 700_000 }, (_, i) => i / 7);
    const scaler = await new StandardScaler().fit([[1], [2]]);
    const metadata = { odd: Uint8Array.of(1, 2, 3), words, empty: new Float64Array(), large, last: Uint8Array.of(4) };
    await saveModel(scaler, path("large"), { metadata });
    expect((await readModelFile(path("large"))).metadata).toEqual(metadata);
    const bytes = readFileSync(path("large"));
    bytes[bytes.length - 3_000_000] = (bytes[bytes.length - 3_000_000] ?? 0) ^ 1;
    await expect(load(bytes)).rejects.toThrow(/does not match its checksum/);
  });

  it("runs no code that it names, unless its module is trusted", async () => {
    const module = `data:text/javascript,globalThis.partwiseWasHere=1;export const f=(columns)=>columns`;
    const model = new FunctionTransformer({ func: { module, export: "f" } });
    await model.fit([[1], [2]]);
    await saveModel(model, path("code"));
    delete (globalThis as Record<string, unknown>)["partwiseWasHere"];
    await expect(loadModel(path("code"))).rejects.toThrow(/calls a function of the module "data:text.*trustModules/);
    expect("partwiseWasHere" in globalThis).toBe(false);
    expect(await loadModel(path("code"), { trustModules: [module] })).toBeInstanceOf(FunctionTransformer);
  });

  it("is refused when the model answers otherwise than when it was saved", async () => {
    const scaler = await new StandardScaler().fit([
      [1, 5],
      [2, 7],
    ]);
    await saveModel(scaler, path("other"));
    const bytes = readFileSync(path("other"));
    const at = bytes.indexOf(Buffer.from(Float64Array.of(1.5, 6).buffer));
    expect(at).toBeGreaterThan(0);
    bytes.writeDoubleLE(1.75, at);
    await expect(load(rehash(bytes))).rejects.toThrow(
      /transform of golden row \d+ is .* and was .* when the model was saved/,
    );
    await expect(loadModel(path("bad"), { verify: false })).resolves.toBeDefined();
  });

  /** The file with number `row` of a method's first column changed. */
  const answered = (bytes: Buffer, method: string, row: number, change: (value: number) => number): Buffer => {
    const header = Number(bytes.readBigUInt64LE(16));
    const { golden } = JSON.parse(bytes.subarray(32, 32 + header).toString("utf8")) as {
      golden: { outputs: Record<string, { $array: [string, number, number] }[]> };
    };
    const at = 32 + header + golden.outputs[method]![0]!.$array[1] + 8 * row;
    bytes.writeDoubleLE(change(bytes.readDoubleLE(at)), at);
    return rehash(bytes);
  };

  it("is compared to what its kind of model computes with: a network may answer in single precision", async () => {
    const X = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i)]);
    const y = X.map(([a = 0, b = 0]) => 3 * a - b);
    const network = await new NeuralRegressor({ hiddenLayers: [4], epochs: 3, randomState: 1 }).fit(X, y);
    const linear = await new LinearRegression().fit(X, y);
    for (const [model, off, error] of [
      [network, 1e-6, undefined],
      [network, 0.05, /predict of golden row \d+ is .* and was/],
      [linear, 1e-6, /predict of golden row \d+ is .* and was/],
    ] as const) {
      await saveModel(model as never, path("answers"), { data: X });
      const bytes = readFileSync(path("answers"));
      // The largest of them, because differences count as a share of it.
      const values = (await (model as typeof linear).predict(X.slice(0, 32))) as Float64Array;
      const row = values.reduce((most, value, i) => (Math.abs(value) > Math.abs(values[most]!) ? i : most), 0);
      const changed = load(answered(bytes, "predict", row, (value) => value * (1 + off)));
      if (error) await expect(changed).rejects.toThrow(error);
      else await expect(changed).resolves.toBeDefined();
    }
  });

  it("lets a class pass that was as probable as another, where models compute in single precision", async () => {
    const columns = [{ name: "x", dtype: "Float64", values: Float64Array.of(1, 2) }];
    const proba = [Float64Array.of(0.50004, 0.9), Float64Array.of(0.49996, 0.1)];
    const golden = { rows: 2, named: false, columns, outputs: { predict: [["a", "a"]], predictProba: proba } };
    const says = (...labels: string[]) =>
      ({ kind: "Test", predict: async () => labels, predictProba: async () => new LocalMatrix(proba, 2) }) as never;
    await verifyGoldenRows("File", says("b", "a"), { ...golden, tolerance: 1e-4 });
    await expect(verifyGoldenRows("File", says("a", "b"), { ...golden, tolerance: 1e-4 })).rejects.toThrow(
      /row 1 is "b"/,
    );
    await expect(verifyGoldenRows("File", says("b", "a"), golden)).rejects.toThrow(/row 0 is "b" and was "a"/);
  });

  it(
    "never crashes, hangs or loads something else, whatever was changed in it",
    async () => {
      const seeds = [await savedFlightModel("fuzz")].map((name) => readFileSync(name));
      const runs = FUZZ_RUNS;
      const rng = new CounterRng(3, "model files");
      let loaded = 0;
      for (let run = 0; run < runs; run++) {
        const seed = seeds[run % seeds.length] as Buffer;
        const bytes = Buffer.from(seed);
        const changes = 1 + rng.integer(run, 4, 1);
        for (let k = 0; k < changes; k++) {
          const at = rng.integer(run, bytes.byteLength - 32, 2 + 3 * k);
          const kind = rng.integer(run, 3, 3 + 3 * k);
          if (kind === 0) bytes[at] = rng.integer(run, 256, 4 + 3 * k);
          else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << rng.integer(run, 8, 4 + 3 * k));
          else bytes.copyWithin(at, rng.integer(run, bytes.byteLength - 64, 4 + 3 * k), bytes.byteLength - 40);
        }
        try {
          // With the right checksum, so that what is below it is tried and not the checksum.
          await load(rehash(bytes));
          loaded += 1;
        } catch (error) {
          expect((error as Error).name, String((error as Error).stack)).toMatch(
            /^(DataError|ParameterError|NotFittedError|FitError|TaskError|FileError|MemoryLimitError)$/,
          );
        }
      }
      // Changes of what does not matter (a name in the notes, the last digits of a number) load; most do not.
      expect(loaded).toBeLessThan(runs / 2);
    },
    Math.max(120_000, 100 * FUZZ_RUNS),
  );
});

describe("files of earlier versions", () => {
  const kept = new URL("files/", import.meta.url);
  it("are kept, one a version, and load", async () => {
    const names = readdirSync(kept).filter((name) => name.endsWith(".partwise"));
    expect(names).toContain("layout-1-pipeline.partwise");
    for (const name of names) {
      expect(existsSync(new URL(name, kept))).toBe(true);
      expect(await loadModel(new URL(name, kept).pathname)).toBeDefined();
    }
  });
});
