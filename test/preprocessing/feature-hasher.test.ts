import { describe, expect, it } from "vitest";
import { FeatureHasher, type HashedRows } from "#preprocessing/index.js";
import { murmurHash3 } from "#src/base/murmur3.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { goldenCase, loadGolden, numbersOf, recordOf } from "../golden/load-golden.js";
import { csrOf } from "./text/csr-of.js";

const golden = loadGolden("text");
const INFINITE = [1, Infinity];

describe("murmurHash3", () => {
  it("has the values of its reference implementation", () => {
    const hash = (text: string): number => murmurHash3(Buffer.from(text, "utf8"));
    expect([hash(""), hash("a"), hash("abcd"), hash("hello, world")]).toEqual([0, 0x3c2569b2, 0x43ed676a, 0x149bbb7f]);
  });
});

describe("FeatureHasher", () => {
  const names = Object.keys(golden.cases).filter((name) => name.startsWith("hasher "));

  it.each(names)("%s equals scikit-learn's", async (name) => {
    const { expected } = goldenCase(golden, name);
    const options = recordOf(expected, "options");
    const hasher = new FeatureHasher({
      inputType: name.split(" ")[1] as "dict" | "pair" | "string",
      ...("n_features" in options ? { nFeatures: options["n_features"] as number } : {}),
      ...("alternate_sign" in options ? { alternateSign: options["alternate_sign"] as boolean } : {}),
    });
    const rows = expected["rows"] as unknown as HashedRows;
    const check = async (X: Parameters<FeatureHasher["transform"]>[0]): Promise<void> => {
      const found = await csrOf(hasher.transform(X));
      expect(found.shape).toEqual(numbersOf(expected, "shape"));
      expect(found.indptr).toEqual(numbersOf(expected, "indptr"));
      expect(found.indices).toEqual(numbersOf(expected, "indices"));
      expect(found.values).toEqual(numbersOf(expected, "values"));
    };
    await check(rows);
    await hasher.fit(rows);
    await check(rows);
    if (!name.startsWith("hasher dict")) return;
    const records = rows as readonly { town: string; size: number }[];
    const columns = { town: records.map(({ town }) => town), size: records.map(({ size }) => size) };
    await check(columns);
    const frame = DistributedDataFrame.fromColumns(columns, { partitions: 3 });
    await check(frame);
    await check(await frame.persist());
  });

  it("leaves out what is missing, and takes booleans as numbers", async () => {
    const hasher = new FeatureHasher({ nFeatures: 2 ** 16, alternateSign: false });
    const X = { a: ["x", null, "x"], b: [1, NaN, 0], c: [true, false, true] };
    const column = (feature: string): number => Math.abs(murmurHash3(Buffer.from(feature)) | 0) % 2 ** 16;
    const found = await csrOf(hasher.transform(DistributedDataFrame.fromColumns(X)));
    expect(found.indptr).toEqual([0, 3, 3, 5]);
    expect(new Set(found.indices.slice(0, 3))).toEqual(new Set([column("a=x"), column("b"), column("c")]));
    expect(found.values).toEqual([1, 1, 1, 1, 1]);
  });

  it("refuses infinities, other columns than in fit, and rows of another form", async () => {
    const hasher = await new FeatureHasher().fit({ a: ["x"], b: [1] });
    await expect(csrOf(hasher.transform({ a: ["x", "y"], b: INFINITE }))).rejects.toThrow(
      'FeatureHasher.transform: X has Infinity in column "b", partition 0, row 1.',
    );
    expect(() => hasher.transform({ a: ["x"] })).toThrow(/Missing: "b"/);
    expect(() => hasher.transform({ a: [1], b: [1] })).toThrow(/column "a" is number/);
    const pairs = new FeatureHasher({ inputType: "pair" });
    expect(() => pairs.transform({ a: [1] })).toThrow(/takes lists of \[name, value\] in this process/);
    expect(() => pairs.transform([[["a", 1]], [["b", "c"]]] as never)).toThrow(/row 1 has \["b", ?"c"\]/);
    await expect(pairs.fit([["a"]] as never)).rejects.toThrow(/rows are lists of \[name, value\]/);
  });
});
