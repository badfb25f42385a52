import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  HashingVectorizer,
  KBinsDiscretizer,
  MinMaxScaler,
  OneHotEncoder,
  PolynomialFeatures,
  QuantileTransformer,
  RobustScaler,
  StandardScaler,
  TfidfVectorizer,
} from "../../preprocessing/index.js";
import { readPlans } from "../../src/collections/hold.js";
import { ColumnTransformer, DistributedArray, readParquet, type DistributedDataFrame } from "../../src/index.js";
import type { HostColumn } from "../../src/memory/host-column.js";
import { readColumns } from "../harness/data.js";
import { root } from "../harness/places.js";
import { serveOurs, serveWork, type ServedWork } from "../harness/serve-ours.js";
import type { DataSet, Values } from "../harness/types.js";

interface DenseTransformer {
  fit(X: DistributedArray): Promise<DenseTransformer>;
  transform(X: DistributedArray): DistributedArray;
}

/** A transformer of numbers: fit, and the transformed rows held. */
function dense(make: () => DenseTransformer): ServedWork {
  let X: DistributedArray;
  return serveWork({
    async setup(data) {
      X = await DistributedArray.fromColumns(readColumns(data, "X.f64", data.columns), { partitions: 16 }).persist();
    },
    async run() {
      const transformer = await make().fit(X);
      return transformer.transform(X).persist();
    },
    async values(Z) {
      // Three rows of the result, as the peer picks them: the first, the one in the middle, the last.
      const local = await Z.compute();
      const rows = [0, local.rows >> 1, local.rows - 1].flatMap((i) => local.columns.map((_, j) => local.at(i, j)));
      Z.release();
      return { rows };
    },
  });
}

interface FrameFit {
  fit(X: DistributedDataFrame): Promise<FrameFit>;
  transform(X: DistributedDataFrame): DistributedArray | DistributedDataFrame;
}

/** A transformer of a table to compressed rows. */
function sparse(make: () => FrameFit): ServedWork {
  let X: DistributedDataFrame;
  return serveWork({
    async setup(data) {
      X = await openTable(data);
    },
    async run() {
      const transformer = await make().fit(X);
      return (transformer.transform(X) as DistributedArray).persist();
    },
    async values(Z) {
      const values = await sparseValues(Z);
      Z.release();
      return values;
    },
  });
}

async function openTable(data: DataSet): Promise<DistributedDataFrame> {
  const table = await readParquet(join(data.directory, "table.parquet"));
  return table.repartition(16).persist() as Promise<DistributedDataFrame>;
}

interface HostCsr {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: HostColumn<"i32">;
  readonly indices: HostColumn<"i32">;
  readonly values: HostColumn<"f64">;
}

/** Sums that a wrong entry, a wrong place or a lost row would change; the same as the peer's. */
async function sparseValues(Z: DistributedArray): Promise<Values> {
  const parts = (await readPlans([Z.plan], "values")) as unknown as HostCsr[];
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const wanted = [0, rows >> 1, rows - 1];
  let [first, entries, total, squares, places] = [0, 0, 0, 0, 0];
  const rowIndices: number[] = [];
  const rowValues: number[] = [];
  for (const part of parts) {
    const [indptr, indices, values] = [part.indptr.data, part.indices.data, part.values.data];
    entries += values.length;
    for (let k = 0; k < values.length; k++) {
      const value = values[k] as number;
      total += value;
      squares += value * value;
      places += indices[k] as number;
    }
    for (const row of wanted) {
      const i = row - first;
      if (i < 0 || i >= part.rows) continue;
      rowIndices.push(...indices.subarray(indptr[i], indptr[i + 1]));
      rowValues.push(...values.subarray(indptr[i], indptr[i + 1]));
    }
    first += part.rows;
  }
  return { shape: [rows, Z.width], entries, total, squares, places, rowIndices, rowValues };
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

await serveOurs(
  {
    "min-max-scaler": dense(() => new MinMaxScaler()),
    "robust-scaler": dense(() => new RobustScaler()),
    "quantile-transformer": dense(() => new QuantileTransformer()),
    "k-bins-discretizer": dense(() => new KBinsDiscretizer({ nBins: 10, encode: "ordinal" })),
    "polynomial-features": dense(() => new PolynomialFeatures({ degree: 2 })),
    "one-hot-encoder": sparse(() => new OneHotEncoder()),
    "hashing-vectorizer": sparse(() => new HashingVectorizer()),
    "tfidf-vectorizer": sparse(() => new TfidfVectorizer()),
    "column-transformer": sparse(
      () =>
        new ColumnTransformer({
          transformers: [
            ["numbers", new StandardScaler(), /^n/u],
            ["words", new OneHotEncoder(), /^c/u],
          ],
        }),
    ),
  },
  { node: process.versions.node, partwise: version },
);
