import { describe, expect, it } from "vitest";
import { OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import { Transformer, type DistributedArray, type FitOptions, type MatrixInput } from "#src/index.js";
import { DistributedArray as Arrays, FeatureUnion, makeUnion } from "#src/index.js";
import { ParamTable } from "#src/base/params.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const { data, expected } = goldenCase(loadGolden("encoders"), "feature union");
const X = Arrays.fromColumns(data.columns as number[][], { partitions: 3 });

/** All but the last row of each partition: what a transformer must not do. */
class Shortening extends Transformer<object, { nFeatures: number }> {
  constructor() {
    super(new ParamTable<object>("Shortening", (z) => z.object({})), {});
  }
  async fit(input: MatrixInput, _y?: unknown, _options?: FitOptions): Promise<this> {
    this.setState({ nFeatures: (input as DistributedArray).width });
    return this;
  }
  protected transformArray(x: DistributedArray): DistributedArray {
    return x.mapPartitions((part) => part.columns.map((column) => column.slice(0, -1)));
  }
}

describe("FeatureUnion", () => {
  it("puts results side by side, as scikit-learn does", async () => {
    const union = new FeatureUnion({
      transformerList: [
        ["a", new StandardScaler()],
        ["b", "passthrough"],
        ["c", "drop"],
      ],
    });
    await union.fit(X);
    const names = (expected["names"] as string[]).slice(0, 6);
    expect(union.getFeatureNamesOut()).toEqual(names);
    const found = (await union.transform(X).compute()).toRows();
    (expected["transformed"] as number[][])
      .slice(0, 3)
      .forEach((column, j) => column.forEach((value, i) => expect(found[i]?.[j]).toBeCloseTo(value, 12)));
    expect(found.map((row) => row.slice(3))).toEqual((await X.compute()).toRows());
  });

  it("is sparse as soon as a part is", async () => {
    const union = await makeUnion(new StandardScaler(), new OneHotEncoder()).fit(X.columns([0]));
    const result = union.transform(X.columns([0]));
    expect([result.layout, result.width]).toEqual(["csr", 5]);
    expect(result.names).toEqual([
      "standardscaler__x0",
      "onehotencoder__x0_0",
      "onehotencoder__x0_1",
      "onehotencoder__x0_2",
      "onehotencoder__x0_3",
    ]);
  });

  it("names the transformer that returns another number of rows, and the partition", async () => {
    const union = await new FeatureUnion({
      transformerList: [
        ["all", new StandardScaler()],
        ["fewer", new Shortening()],
      ],
    }).fit(X);
    await expect(union.transform(X).compute()).rejects.toThrow(
      'transformer "fewer" returned 26 rows for partition 0, and "all" 27. A transformer has to keep rows.',
    );
  });
});
