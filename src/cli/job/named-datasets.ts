import { DistributedDataFrame } from "../../collections/frame/distributed-data-frame.js";

/** A data set that commands know by name. */
export interface NamedDataset {
  readonly name: string;
  readonly rows: number;
  readonly target: string;
  readonly what: string;
  load(): Promise<DistributedDataFrame>;
}

const datasets = () => import("../../../datasets/index.js");
type Sets = Awaited<ReturnType<typeof datasets>>;

const small = (
  name: string,
  rows: number,
  what: string,
  load: (sets: Sets) => ReturnType<Sets["loadIris"]> | ReturnType<Sets["loadDiabetes"]>,
): NamedDataset => ({
  name,
  rows,
  what,
  target: "target",
  load: async () => {
    const set = load(await datasets());
    const columns = Object.fromEntries(set.featureNames.map((feature, j) => [feature, set.data[j] as Float64Array]));
    return DistributedDataFrame.fromColumns({ ...columns, target: "yLabels" in set ? set.yLabels : set.target });
  },
});

/** The real data sets that come with the package, and the flights where their package is installed. */
export const namedDatasets: readonly NamedDataset[] = [
  small("iris", 150, "three species by four measures (classification)", (sets) => sets.loadIris()),
  small("wine", 178, "three cultivars by 13 analyses (classification)", (sets) => sets.loadWine()),
  small("breast-cancer", 569, "malignant or benign by 30 measures (classification)", (sets) => sets.loadBreastCancer()),
  small("digits", 1797, "ten digits by 64 pixels (classification)", (sets) => sets.loadDigits()),
  small("diabetes", 442, "progression by ten baseline measures (regression)", (sets) => sets.loadDiabetes()),
  {
    name: "flights",
    rows: 3_000_000,
    target: "delay",
    what: "flights of 2001: date, delay, distance, origin, destination (needs the npm package vega-datasets)",
    load: async () => (await datasets()).loadFlights() as Promise<unknown> as Promise<DistributedDataFrame>,
  },
];

/** A data set by its name. */
export function findDataset(name: string): NamedDataset | undefined {
  return namedDatasets.find((dataset) => dataset.name === name);
}
