import pl from "nodejs-polars";
import { describe, expect, it } from "vitest";
import { LogisticRegression } from "#models/index.js";
import {
  CountVectorizer,
  HashingVectorizer,
  StandardScaler,
  TfidfTransformer,
  TfidfVectorizer,
} from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { ColumnTransformer } from "#src/compose/column-transformer.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";
import { csrOf } from "./csr-of.js";

const WORDS = "red wine white bread café naïve 漢字 sea the of x1 Wine".split(" ");

/** Documents of 0 to 9 words, some with characters beyond ASCII, the same each time. */
const documents = (count: number, seed = 1): string[] =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: (i * 7 + seed) % 10 }, (_unused, k) => WORDS[(i * i + 3 * k * k + seed) % WORDS.length]).join(
      i % 3 === 0 ? ", " : " ",
    ),
  );

/** The documents in partitions of these row counts. */
function cut(docs: readonly string[], counts: readonly number[]): DistributedDataFrame {
  let at = 0;
  return DistributedDataFrame.concat(
    ...counts.map((count) =>
      DistributedDataFrame.fromColumns(
        { text: docs.slice(at, (at += count)) },
        { partitions: 1, schema: { text: "String" } },
      ),
    ),
  );
}

/** Counts by JavaScript's own means: a second opinion. */
function countByHand(docs: readonly string[]): { names: string[]; rows: Map<string, number>[] } {
  const rows = docs.map((doc) => {
    const counts = new Map<string, number>();
    for (const [word] of doc.toLowerCase().matchAll(/[\p{L}\p{N}_]{2,}/gu))
      counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  });
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  return { names: names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))), rows };
}

const LAYOUTS = [[60], [30, 30], [0, 1, 0, 58, 1, 0], [7, 13, 20, 20], Array.from({ length: 60 }, () => 1)];

describe("vocabularies", () => {
  const docs = documents(60);

  it("count what one counts by hand, in the order of code points", async () => {
    const { names, rows } = countByHand(docs);
    const vectorizer = new CountVectorizer();
    const found = await csrOf(await vectorizer.fitTransform(docs));
    expect(vectorizer.getFeatureNamesOut()).toEqual(names);
    rows.forEach((row, i) => {
      const entries = found.indices.slice(found.indptr[i], found.indptr[i + 1]);
      expect(entries).toEqual(names.flatMap((name, j) => (row.has(name) ? [j] : [])));
      expect(found.values.slice(found.indptr[i], found.indptr[i + 1])).toEqual(
        entries.map((j) => row.get(names[j] ?? "")),
      );
    });
    expect([...vectorizer.documentFrequencies]).toEqual(
      names.map((name) => rows.filter((row) => row.has(name)).length),
    );
    expect(vectorizer.vocabulary.get("wine")).toBe(names.indexOf("wine"));
    expect(vectorizer.outputDensity).toBeCloseTo(found.values.length / (60 * names.length), 14);
  });

  it("are the same for any partitions, engine and number of threads", async () => {
    const make = (): TfidfVectorizer => new TfidfVectorizer({ ngramRange: [1, 2], minDf: 2, maxDf: 0.6 });
    const first = await make().fit(docs);
    const expected = JSON.stringify(first.toJSON().state);
    const rows = await csrOf(first.transform(docs));
    for (const engine of [new InlineEngine(), new LocalEngine({ threads: 1 }), new LocalEngine({ threads: 2 })]) {
      for (const counts of LAYOUTS) {
        const frame = cut(docs, counts);
        const vectorizer = await make().fit(frame, undefined, { engine });
        const state = JSON.stringify({ ...(vectorizer.toJSON().state as object), featureNames: undefined });
        expect(state).toBe(JSON.stringify({ ...JSON.parse(expected), featureNames: undefined }));
        expect(await csrOf(vectorizer.transform(frame), engine)).toEqual(rows);
      }
      await engine.close();
    }
  });

  it("read the documents once to fit, and not at all with a given vocabulary", async () => {
    const engine = new InlineEngine();
    let tasks = 0;
    engine.on("task", ({ state }) => (tasks += state === "done" ? 1 : 0));
    const frame = cut(docs, [20, 20, 20]);
    await new TfidfVectorizer().fit(frame, undefined, { engine });
    expect(tasks).toBe(3);
    await new CountVectorizer({ vocabulary: ["wine"] }).fit(frame, undefined, { engine });
    await new HashingVectorizer().fit(frame, undefined, { engine });
    expect(tasks).toBe(3);
    await engine.close();
  });

  it("take weights as repeated or absent documents", async () => {
    const weights = docs.map((_, i) => [1, 0, 2, 3][i % 4] ?? 1);
    const repeated = docs.flatMap((doc, i) => Array.from({ length: weights[i] ?? 0 }, () => doc));
    for (const vocabulary of [null, ["wine", "sea", "漢字"]]) {
      const a = await new TfidfVectorizer({ vocabulary }).fit(cut(docs, [25, 35]), undefined, {
        sampleWeight: weights,
      });
      const b = await new TfidfVectorizer({ vocabulary }).fit(repeated);
      expect(a.getFeatureNamesOut()).toEqual(b.getFeatureNamesOut());
      expect(a.idf).toEqual(b.idf);
      expect(a.nDocuments).toBe(repeated.length);
    }
  });

  it("of parts merge to that of the whole, in any grouping, also batch by batch", async () => {
    const params = { minDf: 3, maxDf: 0.5, maxFeatures: 7, ngramRange: [1, 2] as const };
    for (const [Class, more] of [
      [CountVectorizer, {}],
      [TfidfVectorizer, { smoothIdf: false }],
      [TfidfVectorizer, { minDf: 1, maxDf: 1, maxFeatures: null, vocabulary: ["the sea", "wine"] }],
    ] as const) {
      const make = (): CountVectorizer => new Class({ ...params, ...more }) as unknown as CountVectorizer;
      const merge = Class.merge as unknown as (a: CountVectorizer, b: CountVectorizer) => CountVectorizer;
      const state = (made: CountVectorizer): string => JSON.stringify(made.toJSON().state);
      const whole = state(await make().fit(docs));
      const [a, b, c] = (await Promise.all(
        [docs.slice(0, 11), docs.slice(11, 40), docs.slice(40)].map((part) => make().partialFit(part)),
      )) as [CountVectorizer, CountVectorizer, CountVectorizer];
      expect(state(merge(merge(a, b), c))).toBe(whole);
      expect(state(merge(a, merge(b, c)))).toBe(whole);
      const batches = make();
      for (let from = 0; from < docs.length; from += 13) await batches.partialFit(docs.slice(from, from + 13));
      expect(state(batches)).toBe(whole);
    }
  });

  it("come back from JSON, and become small without what the limits left out", async () => {
    const vectorizer = await new TfidfVectorizer({ maxFeatures: 4 }).fit(docs);
    const expected = await csrOf(vectorizer.transform(docs));
    const again = TfidfVectorizer.fromJSON(JSON.parse(JSON.stringify(vectorizer.toJSON())) as EstimatorJson);
    expect(await csrOf(again.transform(docs))).toEqual(expected);
    const before = JSON.stringify(again.toJSON()).length;
    expect(JSON.stringify(again.forgetPruned().toJSON()).length).toBeLessThan(before);
    expect(await csrOf(again.transform(docs))).toEqual(expected);
    await expect(again.partialFit(docs)).rejects.toThrow(/forgetPruned.*Fit again/);
  });

  it("grow far beyond their first room, with long terms too", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `a${i} b${i}${"z".repeat(i % 97)} c${i % 10} a${i}`);
    many.push("y".repeat(100_000));
    const { names, rows } = countByHand(many);
    const vectorizer = await new CountVectorizer().fit(many);
    expect(vectorizer.getFeatureNamesOut()).toEqual(names);
    const { values } = await csrOf(vectorizer.transform(many));
    expect(values.length).toBe(rows.reduce((sum, row) => sum + row.size, 0));
    expect(values.reduce((sum, value) => sum + value, 0)).toBe(3000 * 4 + 1);
  });
});

describe("what vectorizers take and give", () => {
  const docs = documents(24);

  it("is a list, a column, a frame or a record of one column, lazily", async () => {
    const frame = cut(docs, [10, 14]);
    const vectorizer = await new CountVectorizer().fit(docs);
    const expected = await csrOf(vectorizer.transform(docs));
    for (const X of [frame, frame.column("text"), { text: docs }, docs.map((doc) => [doc])]) {
      expect(await csrOf(vectorizer.transform(X))).toEqual(expected);
      const other = await new CountVectorizer().fit(X);
      expect(other.getFeatureNamesOut()).toEqual(vectorizer.getFeatureNamesOut());
    }
    const categorical = DistributedDataFrame.fromColumns({ text: docs }, { schema: { text: "Categorical" } });
    expect(await csrOf(vectorizer.transform(categorical))).toEqual(expected);
    // Another engine than that of the fit, and a filter in between: partitions arrive in other forms.
    expect(
      await csrOf(vectorizer.transform((await frame.persist()).filter(pl.col("text").neq(pl.lit("none"))))),
    ).toEqual(expected);
  });

  it("has terms that fit has not seen left out", async () => {
    const vectorizer = await new CountVectorizer().fit(["red wine"]);
    expect(await csrOf(vectorizer.transform(["red bread", "bread"]))).toEqual({
      shape: [2, 2],
      indptr: [0, 1, 1],
      indices: [0],
      values: [1],
    });
  });

  it("hashes without a fit", async () => {
    const lone = new HashingVectorizer({ nFeatures: 64 });
    const fitted = await new HashingVectorizer({ nFeatures: 64 }).fit(docs);
    expect(await csrOf(lone.transform(docs))).toEqual(await csrOf(fitted.transform(docs)));
    expect(fitted.getFeatureNamesOut()).toHaveLength(64);
  });

  it("gives counts and their weights in one as in two steps", async () => {
    const counts = await new CountVectorizer().fitTransform(docs);
    const two = await csrOf((await new TfidfTransformer().fit(counts)).transform(counts));
    expect(await csrOf(await new TfidfVectorizer().fitTransform(docs))).toEqual(two);
    const dense = DistributedArray.fromRows([
      [3, 0, 1],
      [2, 0, 0],
      [0, 0, 0],
    ]);
    const weighed = await (await new TfidfTransformer({ norm: "l1" }).fit(dense)).transform(dense).compute();
    const idf = [Math.log(4 / 3) + 1, Math.log(4) + 1, Math.log(2) + 1] as const;
    const size = 3 * idf[0] + idf[2];
    expect(weighed.toRows()).toEqual([
      [(3 * idf[0]) / size, 0, idf[2] / size],
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  it("goes through pipelines and column transformers, sparse all the way", async () => {
    const labels = docs.map((doc) => (/wine/i.test(doc) ? "wine" : "other"));
    const frame = DistributedDataFrame.fromColumns(
      { text: docs, length: docs.map((doc) => doc.length), label: labels },
      { partitions: 3 },
    );
    const columns = new ColumnTransformer({
      transformers: [
        ["words", new TfidfVectorizer(), "text"],
        ["size", new StandardScaler(), ["length"]],
      ],
      sparseThreshold: 1,
    });
    const model = makePipeline(columns, new LogisticRegression({ C: 100 }));
    await model.fit(frame.select("text", "length"), frame.column("label"));
    expect(columns.sparseOutput).toBe(true);
    expect(model.getFeatureNamesOut().slice(-2)).toEqual(["words__x1", "size__length"]);
    expect(await model.score(frame.select("text", "length"), frame.column("label"))).toBe(1);
    const short = makePipeline(new HashingVectorizer({ nFeatures: 512 }), new LogisticRegression({ C: 100 }));
    await short.fit(docs, labels);
    expect(await short.predict(docs)).toEqual(labels);
  });
});

describe("bad text", () => {
  const wine = ["red wine", "white wine"];

  it("is named: null, numbers, several columns, a string, nothing", async () => {
    const nulls = DistributedDataFrame.concat(
      cut(wine, [2]),
      DistributedDataFrame.fromColumns({ text: ["a", null] }, { partitions: 1, schema: { text: "String" } }),
    );
    await expect(new CountVectorizer().fit(nulls)).rejects.toThrow(
      'CountVectorizer.fit: column "text", partition 1, row 1: null is no text. Fill it first (frame.fillNull({ "text": "" })), or drop such rows.',
    );
    await expect(csrOf(new HashingVectorizer().transform(nulls))).rejects.toThrow(
      /HashingVectorizer.transform: column "text", partition 1, row 1/,
    );
    await expect(new CountVectorizer().fit({ n: [1, 2] })).rejects.toThrow('column "n" is f64, not text');
    await expect(new CountVectorizer().fit([[1], [2]])).rejects.toThrow(/not text/);
    await expect(new CountVectorizer().fit({ a: wine, b: wine })).rejects.toThrow(
      /2 columns \("a", "b"\).*ColumnTransformer/,
    );
    await expect(new CountVectorizer().fit("wine" as never)).rejects.toThrow(
      'X is one string; got "wine". Pass a list',
    );
    for (const none of [[], { text: [] as string[] }, cut([], [0, 0])]) {
      await expect(new CountVectorizer().fit(none)).rejects.toThrow(/no rows|not text/);
    }
  });

  it("leaves no vocabulary, and says which limit took it", async () => {
    await expect(new CountVectorizer().fit(["a b", "", "c"])).rejects.toThrow(/no document has a term.*tokenPattern/);
    await expect(new CountVectorizer({ stopWords: ["red", "white", "wine"] }).fit(wine)).rejects.toThrow(/stopWords/);
    await expect(new CountVectorizer({ minDf: 3 }).fit(wine)).rejects.toThrow(
      "maxDf (1) allows 2 of 2 documents, fewer than the 3 that minDf (3) asks.",
    );
    await expect(new CountVectorizer({ minDf: 2, maxDf: 0.99 }).fit(wine)).rejects.toThrow(
      /Lower minDf or raise maxDf/,
    );
    await expect(new CountVectorizer({ minDf: 2 }).fit(["red", "white"])).rejects.toThrow(
      "of 2 terms in 2 documents 2 are in fewer than minDf (2) asks: 2. Lower minDf.",
    );
    await expect(new CountVectorizer({ maxDf: 0.5 }).fit(["red", "red"])).rejects.toThrow(
      "1 in more than maxDf (0.5) allows: 1. Raise maxDf.",
    );
    const later = await new CountVectorizer({ minDf: 2 }).partialFit(["red"]);
    expect(() => later.transform(["red"])).toThrow(/vocabulary is empty/);
    expect((await later.partialFit(["red", "wine"])).getFeatureNamesOut()).toEqual(["red"]);
  });

  it("does not come from parameters that contradict each other", () => {
    const cases: [() => unknown, RegExp][] = [
      [
        () => new CountVectorizer({ ngramRange: [3, 1] }),
        /ngramRange must be \[low, high\] with low <= high; got \[3, ?1\]/,
      ],
      [() => new CountVectorizer({ minDf: 0.9, maxDf: 0.1 }), /maxDf must be >= minDf; got 0.1 with minDf 0.9/],
      [() => new CountVectorizer({ minDf: 20, maxDf: 10 }), /maxDf must be >= minDf; got 10 with minDf 20/],
      [() => new HashingVectorizer({ analyzer: "char", stopWords: "english" }), /stopWords need analyzer "word"/],
      [() => new HashingVectorizer({ analyzer: "char_wb", tokenPattern: "x" }), /tokenPattern needs analyzer "word"/],
      [() => new HashingVectorizer({ tokenPattern: "(a)(b)" }), /at most one group.*with 2/],
      [() => new HashingVectorizer({ tokenPattern: "(" }), /must be a regular expression; got "\("/],
      [() => new TfidfVectorizer({ vocabulary: ["a", "a"] }), /each term once; got "a" twice/],
      [() => new TfidfVectorizer({ vocabulary: { a: 0, b: 2 } }), /columns 0 to 1 once each; got 2 for "b"/],
      [() => new TfidfVectorizer({ vocabulary: [] }), /must have a term/],
      [() => new TfidfVectorizer({ vocabulary: ["a"], minDf: 2 }), /vocabulary is given, so minDf/],
      [() => new TfidfVectorizer().setParams({ ngramRange: [2, 1] }), /ngramRange/],
      [() => new HashingVectorizer({ nFeatures: 2 ** 31 }), /nFeatures must be <= 2147483647/],
    ];
    for (const [make, message] of cases) expect(make).toThrow(message);
  });

  it("cannot be merged across different ways of cutting", async () => {
    const a = await new CountVectorizer().fit(wine);
    const b = await new CountVectorizer({ ngramRange: [1, 2] }).fit(wine);
    expect(() => CountVectorizer.merge(a, b)).toThrow(/CountVectorizer.merge: the two cut documents in different ways/);
  });

  it("leaves the fitted vectorizer when a fit fails or is aborted", async () => {
    const vectorizer = await new TfidfVectorizer().fit(wine);
    const before = JSON.stringify(vectorizer.toJSON());
    await expect(vectorizer.fit(["", ""])).rejects.toThrow();
    await expect(vectorizer.fit(wine, undefined, { signal: AbortSignal.abort() })).rejects.toThrow(
      /TfidfVectorizer.fit: stopped/,
    );
    await expect(vectorizer.partialFit({ text: ["red", null] })).rejects.toThrow(/null is no text/);
    expect(JSON.stringify(vectorizer.toJSON())).toBe(before);
  });
});
