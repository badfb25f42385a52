import type { Suite } from "../harness/types.js";

const linear = {
  work: "score-linear",
  data: "parquet-4m",
  checks: [
    { value: "rows", kind: "close", tolerance: 0 },
    { value: "mean", kind: "close", tolerance: 1e-6 },
    { value: "first", kind: "close", tolerance: 1e-5 },
  ],
} as const;

/** The targets of batch scoring. */
export const suite: Suite = {
  name: "inference",
  about:
    "4,000,000 x 28 float64 and a label in 16 Parquet files to as many Parquet files of label and probability (zstd), files " +
    "in the system's cache. Models are fitted on the first file before the clock starts; ours is read from its model file in " +
    "every run, verified, and compared with its training data by the drift guard. `load-forest-100mb` is the first `loadModel` of " +
    "a process, golden rows included.",
  works: [
    { ...linear, peer: "pandas + scikit-learn", target: 3 },
    {
      work: "score-boosted",
      peer: "LightGBM on pandas",
      data: "parquet-4m",
      target: 5,
      // Two libraries' trees: alike, not the same.
      checks: [
        { value: "rows", kind: "close", tolerance: 0 },
        { value: "mean", kind: "close", tolerance: 0.005 },
      ],
    },
    {
      work: "load-forest-100mb",
      peer: null,
      target: { maxMs: 500 },
      script: "bench/inference/load-forest.js",
      measure: "printed",
    },
  ],
};
