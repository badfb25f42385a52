import { describe, expect, it } from "vitest";
import { CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { goldenCase, loadGolden, numbersOf, recordOf, type GoldenValue } from "../../golden/load-golden.js";
import { csrOf } from "./csr-of.js";

const golden = loadGolden("text");
const CLASSES = { count: CountVectorizer, tfidf: TfidfVectorizer, hashing: HashingVectorizer };

const RENAMED: Readonly<Record<string, string>> = {
  ngram_range: "ngramRange",
  strip_accents: "stripAccents",
  token_pattern: "tokenPattern",
  stop_words: "stopWords",
  min_df: "minDf",
  max_df: "maxDf",
  max_features: "maxFeatures",
  n_features: "nFeatures",
  alternate_sign: "alternateSign",
  use_idf: "useIdf",
  smooth_idf: "smoothIdf",
  sublinear_tf: "sublinearTf",
};

function paramsOf(expected: Record<string, GoldenValue>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(recordOf(expected, "options")).map(([key, value]) => [RENAMED[key] ?? key, value]),
  );
}

async function expectRows(array: DistributedArray, expected: Record<string, GoldenValue>, digits = 14): Promise<void> {
  const found = await csrOf(array);
  expect(found.shape).toEqual(numbersOf(expected, "shape"));
  expect(found.indptr).toEqual(numbersOf(expected, "indptr"));
  expect(found.indices).toEqual(numbersOf(expected, "indices"));
  const values = numbersOf(expected, "values");
  found.values.forEach((value, k) => expect(value).toBeCloseTo(values[k] ?? NaN, digits));
}

const documentsOf = (data: unknown): string[] => (data as { cells: string[][] }).cells[0] as string[];

describe("vectorizers of text against scikit-learn", () => {
  const names = Object.keys(golden.cases).filter((name) => /^(count|tfidf|hashing) (english|world|made) /.test(name));

  it("has cases for all of them", () => {
    expect(names.length).toBeGreaterThan(65);
  });

  it.each(names)("%s", async (name) => {
    const { data, expected } = goldenCase(golden, name);
    const documents = documentsOf(data);
    const make = CLASSES[name.split(" ")[0] as keyof typeof CLASSES];
    // Three partitions, one of them empty: the limits are about all documents.
    const column = (from: number, to: number): DistributedDataFrame =>
      DistributedDataFrame.fromColumns(
        { text: documents.slice(from, to) },
        { partitions: 1, schema: { text: "String" } },
      );
    const frame = DistributedDataFrame.concat(column(0, 4), column(4, 4), column(4, documents.length));
    const vectorizer = new make(paramsOf(expected));
    await expectRows(await vectorizer.fitTransform(frame.column("text")), expected);
    if (expected["names"]) expect(vectorizer.getFeatureNamesOut()).toEqual(expected["names"]);
    if (expected["idf"]) {
      const idf = numbersOf(expected, "idf");
      (vectorizer as TfidfVectorizer).idf.forEach((value, j) => expect(value).toBeCloseTo(idf[j] ?? NaN, 14));
    }
  });
});

describe("TfidfTransformer against scikit-learn", () => {
  const names = Object.keys(golden.cases).filter((name) => name.startsWith("tfidf transformer "));

  it.each(names)("%s", async (name) => {
    const { data, expected } = goldenCase(golden, name);
    if (!data.csr) throw new Error(`${name} has no counts.`);
    const { indptr, indices, data: values, shape } = data.csr;
    const counts = DistributedArray.fromCsr({ indptr, indices, values, cols: shape[1] }, { partitions: 3 });
    const tfidf = await new TfidfTransformer(paramsOf(expected)).fit(counts);
    await expectRows(tfidf.transform(counts), expected);
    if (expected["idf"]) {
      const idf = numbersOf(expected, "idf");
      tfidf.idf.forEach((value, j) => expect(value).toBeCloseTo(idf[j] ?? NaN, 14));
    }
  });
});
