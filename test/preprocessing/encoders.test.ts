import { describe, expect, it } from "vitest";
import {
  FrequencyEncoder,
  LabelEncoder,
  OneHotEncoder,
  OrdinalEncoder,
  TargetEncoder,
  type Category,
} from "#preprocessing/index.js";
import {
  DataError,
  DistributedArray,
  DistributedDataFrame,
  LocalEngine,
  LocalMatrix,
  ParameterError,
  type PolarsFrame,
} from "#src/index.js";
import { goldenCase, loadGolden, numberOf, type GoldenData, type GoldenValue } from "../golden/load-golden.js";

type Cells = (string | null)[][];
type EncoderData = GoldenData & { cells?: Cells; newCells?: Cells };

const golden = loadGolden("encoders");
const of = (name: string): { data: EncoderData; expected: Record<string, GoldenValue> } => goldenCase(golden, name);
const rowsOf = <T>(columns: readonly (readonly T[])[]): T[][] =>
  (columns[0] ?? []).map((_, i) => columns.map((column) => column[i] as T));
const frameOf = (columns: Cells, partitions = 3): DistributedDataFrame =>
  DistributedDataFrame.fromColumns(Object.fromEntries(columns.map((column, j) => [`x${j}`, column])), { partitions });
const rowsIn = async (result: unknown): Promise<unknown[][]> => {
  const value = await result;
  if (value instanceof LocalMatrix) return value.toRows();
  const computed = await (value as DistributedDataFrame | DistributedArray).compute();
  return computed instanceof LocalMatrix ? computed.toRows() : ((computed as PolarsFrame).rows() as unknown[][]);
};
const columnsIn = (expected: Record<string, GoldenValue>, key: string): number[][] => expected[key] as number[][];

describe("OneHotEncoder", () => {
  const options: Record<string, ConstructorParameters<typeof OneHotEncoder>[0]> = {
    default: {},
    "drop first": { drop: "first", handleUnknown: "ignore" },
    "drop if binary": { drop: "if_binary" },
    ignore: { handleUnknown: "ignore" },
    "min frequency": { minFrequency: 12, handleUnknown: "infrequent_if_exist" },
    "min frequency share": { minFrequency: 0.1, handleUnknown: "ignore" },
    "max categories": { maxCategories: 3, handleUnknown: "infrequent_if_exist" },
    "max categories and drop": { maxCategories: 3, drop: "first", handleUnknown: "infrequent_if_exist" },
  };
  for (const [name, params] of Object.entries(options)) {
    it(`gives scikit-learn's columns and names: ${name}`, async () => {
      const { data, expected } = of(`one-hot ${name}`);
      const cells = data.cells as Cells;
      const encoder = await new OneHotEncoder({ ...params, sparseOutput: false }).fit(frameOf(cells));
      expect(encoder.categories).toEqual(expected["categories"]);
      const names = (expected["names"] as string[]).map((one) => one.replace("infrequent_sklearn", "infrequent"));
      expect(encoder.getFeatureNamesOut()).toEqual(names);
      const rare = expected["infrequent"] as string[][];
      expect(encoder.infrequentCategories).toEqual(rare.length > 0 ? rare : [[], []]);
      expect(await rowsIn(encoder.transform(frameOf(cells)))).toEqual(rowsOf(columnsIn(expected, "transformed")));
      if (columnsIn(expected, "transformedNew").length > 0) {
        expect(await rowsIn(encoder.transform(frameOf(data.newCells as Cells, 2)))).toEqual(
          rowsOf(columnsIn(expected, "transformedNew")),
        );
      }
    });
  }

  it("takes categories in a given order, and missing values as a category", async () => {
    const given = of("one-hot given");
    const encoder = await new OneHotEncoder({
      categories: given.expected["given"] as string[][],
      sparseOutput: false,
    }).fit(frameOf(given.data.cells as Cells));
    expect(encoder.getFeatureNamesOut()).toEqual(given.expected["names"]);
    expect(await rowsIn(encoder.transform(frameOf(given.data.cells as Cells)))).toEqual(
      rowsOf(columnsIn(given.expected, "transformed")),
    );
    const holes = of("one-hot missing");
    const other = await new OneHotEncoder({ sparseOutput: false }).fit(frameOf(holes.data.cells as Cells));
    expect(other.categories).toEqual(holes.expected["categories"]);
    expect(await rowsIn(other.transform(frameOf(holes.data.cells as Cells)))).toEqual(
      rowsOf(columnsIn(holes.expected, "transformed")),
    );
  });

  it("takes distinct numbers of arrays as categories, in f64 and f32", async () => {
    const { data, expected } = of("one-hot numbers");
    const X = DistributedArray.fromColumns(data.columns as number[][], { partitions: 4 });
    const encoder = await new OneHotEncoder({ sparseOutput: false, dtype: "f32" }).fit(X);
    expect(encoder.categories).toEqual(expected["categories"]);
    const result = encoder.transform(X);
    expect(result.dtype).toBe("f32");
    expect(await rowsIn(result)).toEqual(rowsOf(columnsIn(expected, "transformed")));
  });

  it("writes compressed rows with the same entries, row for row what a table of positions gives", async () => {
    const { data } = of("one-hot missing");
    const cells = data.cells as Cells;
    for (const params of [{}, { drop: "first" as const }, { maxCategories: 3 }]) {
      const sparse = await new OneHotEncoder(params).fit(frameOf(cells));
      const dense = await new OneHotEncoder({ ...params, sparseOutput: false }).fit(frameOf(cells));
      const result = sparse.transform(frameOf(cells)) as DistributedArray;
      expect([result.layout, result.shape]).toEqual(["csr", [80, sparse.width]]);
      // Local rows come back dense.
      const rows = await rowsIn(sparse.transform(rowsOf(cells)));
      expect(rows).toEqual(await rowsIn(dense.transform(frameOf(cells))));
      expect(sparse.outputDensity).toBeCloseTo(rows.flat().filter((one) => one === 1).length / rows.flat().length, 12);
    }
    // Second oracle: positions in sorted lists, by hand.
    const encoder = await new OneHotEncoder({ sparseOutput: false }).fit(frameOf(cells));
    const lists = cells.map((column) =>
      [...new Set(column)].sort((a, b) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1)),
    );
    const byHand = rowsOf(cells).map((row) =>
      row.flatMap((cell, j) => (lists[j] as Category[]).map((one) => Number(one === cell))),
    );
    expect(await rowsIn(encoder.transform(frameOf(cells)))).toEqual(byHand);
  });

  it("gives the cells back, text, booleans and numbers", async () => {
    const frame = DistributedDataFrame.fromColumns(
      { city: ["b", "a", null, "b"], open: [true, false, null, true], stars: [3, 1, 3, 2] },
      { partitions: 2 },
    );
    for (const params of [{}, { drop: "first" as const }, { drop: "if_binary" as const, sparseOutput: false }]) {
      const encoder = await new OneHotEncoder(params).fit(frame);
      const back = (await encoder.inverseTransform(encoder.transform(frame))) as DistributedDataFrame;
      expect(back.schema).toEqual({ city: "String", open: "Bool", stars: "Float64" });
      expect((await back.compute()).rows()).toEqual((await frame.compute()).rows());
    }
    const numbers = await new OneHotEncoder().fit([[1], [5], [5]]);
    expect(
      await rowsIn(
        numbers.inverseTransform([
          [0, 1],
          [1, 0],
          [0, 0],
        ]),
      ),
    ).toEqual([[5], [1], [NaN]]);
    const rare = await new OneHotEncoder({ maxCategories: 2, sparseOutput: false }).fit(frame.select("city"));
    expect(rare.getFeatureNamesOut()).toEqual(["city_b", "city_infrequent"]);
    expect(await rowsIn(rare.inverseTransform(rare.transform(frame.select("city"))))).toEqual([
      ["b"],
      [null],
      [null],
      ["b"],
    ]);
  });

  it("reads whichever form a partition has: a file's frame, held bytes, Polars' categories", async () => {
    const cells = of("one-hot default").data.cells as Cells;
    const frame = frameOf(cells, 5);
    const expected = await rowsIn((await new OneHotEncoder({ sparseOutput: false }).fit(frame)).transform(frame));
    const engine = new LocalEngine({ threads: 2 });
    using held = await frame.persist({ engine });
    const encoder = await new OneHotEncoder({ sparseOutput: false }).fit(held);
    expect(await rowsIn(encoder.transform(held))).toEqual(expected);
    const categorical = frame.cast({ x0: "Categorical" });
    expect(
      await rowsIn((await new OneHotEncoder({ sparseOutput: false }).fit(categorical)).transform(categorical)),
    ).toEqual(expected);
    held.release();
    await engine.close();
  });

  it("tells long strings apart, also where they begin alike, and takes empty ones", async () => {
    const words = [
      "a long town name: north",
      "a long town name: south",
      "",
      "a long town name",
      "ä long töwn näme: 東京",
    ];
    const column = Array.from({ length: 40 }, (_, i) => words[(i * 7) % 5] as string);
    const frame = DistributedDataFrame.fromColumns({ x: column }, { partitions: 3 });
    using held = await frame.persist();
    for (const X of [frame, held]) {
      const encoder = await new OrdinalEncoder().fit(X);
      expect(encoder.categories).toEqual([[...words].sort()]);
      const sorted = [...words].sort();
      expect(await rowsIn(encoder.transform(X))).toEqual(column.map((word) => [sorted.indexOf(word)]));
    }
  });

  it("names column, partition, row and value of an unknown category, and the remedy", async () => {
    const encoder = await new OneHotEncoder().fit(frameOf([["a", "b", "a", "b"]], 2));
    const lazy = encoder.transform(frameOf([["a", "b", "b", "c"]], 2)) as DistributedArray;
    const error = await lazy.persist().catch((reason: unknown) => reason as DataError);
    expect((error as DataError).message).toBe(
      'OneHotEncoder.transform: column "x0", partition 1, row 1: "c" is not among its 2 categories. Use handleUnknown: "ignore", or fit on rows that have it.',
    );
    expect((error as DataError).details).toEqual({ column: "x0", partition: 1, row: 1 });
  });

  it("refuses what cannot be encoded", async () => {
    const frame = frameOf([["a", "b", "c"]], 1);
    await expect(new OneHotEncoder({ categoryLimit: 2 }).fit(frame)).rejects.toThrow(
      'column "x0" has more than 2 categories in partition 0 alone',
    );
    await expect(new OneHotEncoder({ categoryLimit: 2 }).fit(frameOf([["a", "b", "c"]], 3))).rejects.toThrow(
      'column "x0" has more than 2 categories. Drop it',
    );
    await expect(new OneHotEncoder({ categories: [["a"], ["b"]] }).fit(frame)).rejects.toThrow(
      "categories has 2 lists, but X has 1 columns",
    );
    await expect(new OneHotEncoder({ categories: [["a", "b"]] }).fit(frame)).rejects.toThrow(
      'partition 0, row 2: "c" is not among its 2 categories',
    );
    expect(() => new OneHotEncoder({ dtype: "f32" })).toThrow(ParameterError);
    const dates = DistributedDataFrame.fromColumns({ day: [new Date(0), new Date(1)] });
    await expect(new OneHotEncoder().fit(dates)).rejects.toThrow(
      'column "day" is Datetime(ms). Cast it to String, take its parts (DateFeatures), or drop it.',
    );
    const clash = DistributedDataFrame.fromColumns({ a: ["b_c", "d"], a_b: ["c", "e"] });
    await expect(new OneHotEncoder().fit(clash)).rejects.toThrow('two output columns would be called "a_b_c"');
    const encoder = await new OneHotEncoder().fit(frame);
    expect(() => encoder.transform(DistributedDataFrame.fromColumns({ x0: [1, 2] }))).toThrow(
      'column "x0" is number (Float64), but in fit it was text',
    );
  });

  it("counts weights: rows of weight 0 bring no category, and weight 5 is not rare", async () => {
    const frame = frameOf([["a", "b", "c", "c"]], 2);
    const encoder = await new OneHotEncoder({ minFrequency: 2 }).fit(frame, undefined, {
      sampleWeight: [0, 5, 1, 0.5],
    });
    expect(encoder.categories).toEqual([["b", "c"]]);
    expect(encoder.infrequentCategories).toEqual([["c"]]);
  });
});

describe("OrdinalEncoder", () => {
  it("gives scikit-learn's codes, for unknown and missing values too", async () => {
    const { data, expected } = of("ordinal");
    const encoder = await new OrdinalEncoder({
      handleUnknown: "use_encoded_value",
      unknownValue: -1,
      encodedMissingValue: -2,
    }).fit(frameOf(data.cells as Cells));
    expect(encoder.categories).toEqual(expected["categories"]);
    expect(await rowsIn(encoder.transform(frameOf(data.cells as Cells)))).toEqual(
      rowsOf(columnsIn(expected, "transformed")),
    );
    expect(await rowsIn(encoder.transform(frameOf(data.newCells as Cells)))).toEqual(
      rowsOf(columnsIn(expected, "transformedNew")),
    );
    expect(await rowsIn(encoder.inverseTransform(encoder.transform(frameOf(data.cells as Cells))))).toEqual(
      rowsOf(data.cells as Cells),
    );
  });

  it("checks its special codes when it is fitted", async () => {
    const X = [["a"], ["b"]];
    await expect(new OrdinalEncoder({ handleUnknown: "use_encoded_value" }).fit(X)).rejects.toThrow(
      "unknownValue must be a number",
    );
    await expect(new OrdinalEncoder({ unknownValue: 3 }).fit(X)).rejects.toThrow(
      'unknownValue must be null with handleUnknown "error"; got 3',
    );
    await expect(new OrdinalEncoder({ handleUnknown: "use_encoded_value", unknownValue: 1 }).fit(X)).rejects.toThrow(
      "must not be a code of a category; got 1",
    );
    const encoder = await new OrdinalEncoder().fit(X);
    await expect(encoder.transform([["c"]])).rejects.toThrow('row 0: "c" is not among its 2 categories');
  });
});

describe("TargetEncoder", () => {
  for (const kind of ["continuous", "binary"]) {
    for (const smooth of ["auto", 0, 10] as const) {
      it(`gives scikit-learn's encodings: ${kind}, smooth ${smooth}`, async () => {
        const { data, expected } = of(`target ${kind} ${smooth === "auto" ? smooth : smooth.toFixed(1)}`);
        const encoder = await new TargetEncoder({ smooth }).fit(frameOf(data.cells as Cells), data.y as number[]);
        (expected["encodings"] as number[][]).forEach((list, j) =>
          list.forEach((value, k) => expect(encoder.encodings[j]?.[k]).toBeCloseTo(value, 12)),
        );
        expect(encoder.targetMean).toBeCloseTo(numberOf(expected, "targetMean"), 13);
        expect(encoder.classes).toEqual(kind === "binary" ? ["no", "yes"] : undefined);
        const found = (await rowsIn(encoder.transform(frameOf(data.newCells as Cells)))) as number[][];
        rowsOf(columnsIn(expected, "transformedNew")).forEach((row, i) =>
          row.forEach((value, j) => expect(found[i]?.[j]).toBeCloseTo(value, 12)),
        );
      });
    }
  }

  it("encodes each training row by the rows of the other folds, the same for any partitioning", async () => {
    const { data } = of("target continuous auto");
    const cells = data.cells as Cells;
    const y = data.y as number[];
    const encoder = new TargetEncoder({ cv: 4, randomState: 3 });
    const crossed = (await rowsIn(encoder.fitTransform(frameOf(cells, 3), y))) as number[][];
    const again = (await rowsIn(
      new TargetEncoder({ cv: 4, randomState: 3 }).fitTransform(frameOf(cells, 7), y),
    )) as number[][];
    crossed.forEach((row, i) => row.forEach((value, j) => expect(again[i]?.[j]).toBeCloseTo(value, 12)));
    // Second oracle: what a row gets does not change with its own target, and is an encoding fitted without its fold.
    const other = y.map((value, i) => (i === 5 ? value + 1000 : value));
    const moved = (await rowsIn(
      new TargetEncoder({ cv: 4, randomState: 3 }).fitTransform(frameOf(cells, 3), other),
    )) as number[][];
    const fold = moved.flatMap((row, i) =>
      row.every((value, j) => Math.abs(value - (crossed[i]?.[j] ?? 0)) < 1e-9) ? [i] : [],
    );
    expect(fold).toContain(5);
    expect(fold.length).toBeGreaterThan(8);
    expect(fold.length).toBeLessThan(40);
    const rest = y.map((_, i) => i).filter((i) => !fold.includes(i));
    const without = await new TargetEncoder().fit(
      rest.map((i) => cells.map((column) => column[i] as string)),
      rest.map((i) => y[i] as number),
    );
    const byHand = (await rowsIn(
      without.transform(fold.map((i) => cells.map((column) => column[i] as string))),
    )) as number[][];
    fold.forEach((i, k) => crossed[i]?.forEach((value, j) => expect(value).toBeCloseTo(byHand[k]?.[j] ?? NaN, 12)));
    // The encoder itself is fitted on all rows.
    const whole = await new TargetEncoder().fit(frameOf(cells), y);
    whole.encodings.forEach((list, j) =>
      list.forEach((value, k) => expect(encoder.encodings[j]?.[k]).toBeCloseTo(value, 12)),
    );
  });

  it("refuses a missing y, more than two classes of text, and everything in one fold", async () => {
    await expect(new TargetEncoder().fit([["a"], ["b"]])).rejects.toThrow("TargetEncoder.fit: y is missing");
    await expect(new TargetEncoder().fit([["a"], ["b"], ["b"]], ["u", "v", "w"])).rejects.toThrow(
      "y has more than two classes",
    );
    await expect(new TargetEncoder().fitTransform([["a"]], [1])).rejects.toThrow(
      "all of the 1 rows are in one of 5 folds",
    );
  });
});

describe("FrequencyEncoder", () => {
  it("gives shares or counts, 0 or an error for the unknown", async () => {
    const cells = of("one-hot default").data.cells as Cells;
    const town = cells[0] as string[];
    const share = (value: string): number => town.filter((one) => one === value).length / town.length;
    const encoder = await new FrequencyEncoder().fit(frameOf(cells.slice(0, 1)));
    expect(await rowsIn(encoder.transform(frameOf([["Bern", "Lugano", "Zug"]])))).toEqual([
      [share("Bern")],
      [0],
      [share("Zug")],
    ]);
    const counts = await new FrequencyEncoder({ normalize: false, handleUnknown: "error" }).fit(
      frameOf(cells.slice(0, 1)),
    );
    expect(await rowsIn(counts.transform(frameOf([["Bern"]], 1)))).toEqual([[share("Bern") * town.length]]);
    await expect(rowsIn(counts.transform(frameOf([["Lugano"]], 1)))).rejects.toThrow(
      '"Lugano" is not among its 5 categories',
    );
    expect(await rowsIn(encoder.transform([["Basel"]]))).toEqual([[share("Basel")]]);
  });
});

describe("LabelEncoder", () => {
  it("codes labels of lists, columns and vectors, and gives them back", async () => {
    const labels = ["b", "a", "c", "a"];
    const encoder = await new LabelEncoder().fit(labels);
    expect(encoder.classes).toEqual(["a", "b", "c"]);
    expect(encoder.transform(labels)).toEqual(Float64Array.of(1, 0, 2, 0));
    expect(encoder.inverseTransform([2, 0])).toEqual(["c", "a"]);
    const series = DistributedDataFrame.fromColumns({ y: labels }, { partitions: 2 }).column("y");
    const lazy = (await new LabelEncoder().fitTransform(series)) as DistributedArray;
    expect((await lazy.compute()).toVector()).toEqual(Float64Array.of(1, 0, 2, 0));
    const numbers = DistributedArray.fromVector([7, 3, 7, 5], { partitions: 2 });
    const coded = await new LabelEncoder().fit(numbers);
    expect(coded.classes).toEqual([3, 5, 7]);
    expect((await coded.transform(numbers).compute()).toVector()).toEqual(Float64Array.of(2, 0, 2, 1));
    const again = LabelEncoder.fromJSON(
      JSON.parse(JSON.stringify(encoder.toJSON())) as ReturnType<LabelEncoder["toJSON"]>,
    );
    expect(again.classes).toEqual(encoder.classes);
  });

  it("refuses unknown, missing and mixed labels", async () => {
    const encoder = await new LabelEncoder().fit(["a", "b"]);
    expect(() => encoder.transform(["a", "z"])).toThrow('row 1: "z" is not among the 2 classes');
    expect(() => encoder.inverseTransform([2])).toThrow("row 0 is 2; codes are 0 to 1");
    expect(() => new LabelEncoder().classes).toThrow("not fitted yet");
    await expect(new LabelEncoder().fit(["a", 1])).rejects.toThrow("y has 1 among labels that are strings");
    await expect(new LabelEncoder().fit([])).rejects.toThrow("y has no labels");
    const holes = DistributedDataFrame.fromColumns({ y: ["a", null] }).column("y");
    await expect(new LabelEncoder().fit(holes)).rejects.toThrow('column "y" has missing labels');
  });
});
