import { scaled } from "../harness/sizes.js";
import type { PeerWork, Suite } from "../harness/types.js";

const rows = `parquet-${scaled(4_000_000)}`;
const large = `parquet-${scaled(10_000_000)}`;

const linear: Pick<PeerWork, "checks"> = {
  checks: [
    { value: "rows", kind: "close", tolerance: 0 },
    { value: "mean", kind: "close", tolerance: 1e-6 },
    { value: "first", kind: "close", tolerance: 1e-5 },
  ],
};

const boosted: Pick<PeerWork, "checks"> = {
  // Two libraries' trees: alike, not the same.
  checks: [
    { value: "rows", kind: "close", tolerance: 0 },
    { value: "mean", kind: "close", tolerance: 0.005 },
  ],
};

const pandas = { ...linear, peer: "pandas + scikit-learn", target: 3 } as const;
const daskMl = { ...linear, peer: "Dask-ML ParallelPostFit", peerWork: "score-linear/dask-ml", target: 5 } as const;
const lightGbm = { ...boosted, peer: "LightGBM on pandas", target: 5 } as const;

/** The targets of batch scoring and of model files. */
export const suite: Suite = {
  name: "inference",
  about:
    "4,000,000 (with --large also 10,000,000) x 28 float64 and a label in Parquet files of 250,000 rows to as many Parquet files " +
    "of label and probability (zstd), files in the system's cache. Models are fitted on the first file before the clock starts; " +
    "ours is read from its model file in every run, verified, and compared with its training data by the drift guard. " +
    "`onnx-batches` and `tfjs-batches` are ours in percent of the runtime called directly on the same batches; " +
    "`manifest-overhead` is the share of a scoring run that its manifest takes at most; `load-forest-100mb` is the first " +
    "`loadModel` of a process, golden rows included.",
  works: [
    { ...pandas, work: "score-linear", data: rows },
    { ...daskMl, work: "score-linear", data: rows },
    { ...lightGbm, work: "score-boosted", data: rows },
    { ...pandas, work: "score-linear-10m", peerWork: "score-linear", data: large, large: true },
    { ...daskMl, work: "score-linear-10m", data: large, large: true },
    { ...lightGbm, work: "score-boosted-10m", peerWork: "score-boosted", data: large, large: true },
    {
      work: "onnx-batches",
      peer: null,
      target: { maxPercent: 120 },
      script: "bench/inference/onnx.js",
      measure: "printed",
      repeat: 1,
    },
    {
      work: "tfjs-batches",
      peer: null,
      target: { maxPercent: 120 },
      script: "bench/inference/tfjs.js",
      measure: "printed",
      repeat: 1,
    },
    {
      work: "manifest-overhead",
      peer: null,
      target: { maxPercent: 2 },
      script: "bench/inference/manifest-overhead.js",
      measure: "printed",
      repeat: 1,
      data: rows,
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
