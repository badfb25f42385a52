import pl from "nodejs-polars";
import * as datasets from "#datasets/index.js";
import * as preprocessing from "#preprocessing/index.js";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { use, type WorkTable } from "../work.js";
import { array, classes, frame, table, targets } from "./data.js";

const { mutualInfoClassif, mutualInfoRegression } = use.of(preprocessing);
const {
  LabelBinarizer,
  LabelEncoder,
  MultiLabelBinarizer,
  BlockTransformer,
  Categorizer,
  CountVectorizer,
  DateFeatures,
  DummyEncoder,
  FeatureHasher,
  FunctionTransformer,
  GroupedImputer,
  HashingVectorizer,
  OneHotEncoder,
  OrdinalEncoder,
  TargetEncoder,
  TfidfVectorizer,
} = preprocessing;
for (const Class of [LabelBinarizer, LabelEncoder, MultiLabelBinarizer]) use.watch(Class);
const generators = use.of(datasets);
const USER = new URL("../fixtures/user-functions.mjs", import.meta.url).href;

/** Preprocessing of text, dates, labels and blocks, and data that are made or that come with the package. */
export const preprocessingWork: WorkTable = {
  labels: async () => {
    const words = table().column("city");
    const encoder = new LabelEncoder();
    const codes = await encoder.fitTransform(words);
    const binarizer = new LabelBinarizer();
    const flags = await binarizer.fitTransform(words);
    const lists = DistributedDataFrame.fromPolars(pl.DataFrame({ tags: [["sea", "sun"], ["snow"], [], ["sun"]] }), {
      partitions: 2,
    });
    const several = new MultiLabelBinarizer();
    await several.fit(lists.column("tags"));
    return [
      encoder.classes,
      codes,
      encoder.inverseTransform((await (codes as DistributedArray).compute()).toFlat() as Float64Array),
      flags,
      binarizer.inverseTransform(flags),
      several.transform(lists.column("tags")),
      several.inverseTransform(several.transform(lists.column("tags"))),
      (await new LabelEncoder().partialFit(words)).transform(words),
      (await new LabelBinarizer().partialFit(words)).transform(words),
      (await new MultiLabelBinarizer().partialFit(lists.column("tags"))).classes,
    ];
  },
  text: async () => {
    const documents = table().column("text");
    const rows = table().select("text");
    const found: unknown[] = [];
    for (const vectorizer of [
      new CountVectorizer({ ngramRange: [1, 2] }),
      new TfidfVectorizer(),
      new HashingVectorizer({ nFeatures: 32 }),
    ]) {
      found.push(await vectorizer.fitTransform(documents), vectorizer, vectorizer.transform(rows));
    }
    const online = new CountVectorizer();
    await online.partialFit(documents);
    const tfidf = new TfidfVectorizer();
    await tfidf.partialFit(documents);
    const hasher = new FeatureHasher({ nFeatures: 16 });
    return [
      ...found,
      online,
      tfidf,
      await hasher.fitTransform(table().select("city", "a")),
      online.getFeatureNamesOut(),
    ];
  },
  "categories, dates and gaps by group": async () => {
    const rows = table();
    const X = rows.select("city");
    const found: unknown[] = [];
    for (const encoder of [new OneHotEncoder(), new OrdinalEncoder(), new DummyEncoder()] as const) {
      const prepared =
        encoder instanceof DummyEncoder ? ((await new Categorizer().fitTransform(X)) as DistributedDataFrame) : X;
      const coded = await (encoder as preprocessing.OrdinalEncoder).fitTransform(prepared);
      found.push(coded, encoder, (encoder as preprocessing.OrdinalEncoder).inverseTransform(coded));
    }
    found.push(await new TargetEncoder({ cv: 2 }).fitTransform(X, rows.column("target")));
    found.push(await new DateFeatures().fitTransform(rows.select("when")));
    found.push(await new GroupedImputer({ by: ["city"] }).fitTransform(rows.select("city", "b")));
    found.push(await new Categorizer().partialFit(X));
    return found;
  },
  "functions of the user": async () => [
    await new BlockTransformer({
      func: { module: USER, export: "scaled" },
      args: { by: 2 },
      schema: { id: "Float64", scaled: "Float64" },
    }).fitTransform(frame().select("id", "value")),
    await new BlockTransformer({ func: { module: USER, export: "doubled" } }).fitTransform(array()),
    await new FunctionTransformer({ func: { module: USER, export: "doubled" } }).fitTransform(array()),
  ],
  "mutual information": async () => [
    await mutualInfoClassif(classes().X, classes().y),
    await mutualInfoRegression(targets().X, targets().y, { nBins: 4 }),
  ],
  "generators and the sets that come with the package": async () => {
    const made = { nSamples: 60, partitions: 3, randomState: 1 };
    const flights = generators.loadFlights({ partitions: 2 }).then(
      (one) => one.head(3),
      () => "not installed",
    );
    return [
      generators.makeBlobs(made),
      generators.makeCircles(made),
      generators.makeClassification({ ...made, nFeatures: 5 }),
      generators.makeCounts({ ...made, nFeatures: 4 }),
      generators.makeRegression({ ...made, nFeatures: 4, dtype: "f32" }),
      ...[generators.loadIris, generators.loadWine, generators.loadDigits, generators.loadBreastCancer].map(
        async (load) => {
          const { X, y } = load({ partitions: 2 });
          return [await X.mean(), y];
        },
      ),
      generators.loadDiabetes({ partitions: 2 }).X.std(),
      flights,
    ];
  },
};
