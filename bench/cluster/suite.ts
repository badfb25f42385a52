import { scaled } from "../harness/sizes.js";
import type { Suite } from "../harness/types.js";

const coefficients = [
  { value: "coef", kind: "close", tolerance: 1e-12 },
  { value: "intercept", kind: "close", tolerance: 1e-12 },
] as const;

const logistic = { work: "logistic", data: `logistic-${scaled(4_000_000)}` } as const;
const boosting = { work: "boosting", data: `boosting-${scaled(1_000_000)}` } as const;

/** The cluster engine's targets. */
export const suite: Suite = {
  name: "cluster",
  about:
    "Two workers of one thread each as processes on this machine, data in their memory. `logistic` is L-BFGS with at most " +
    "50 iterations on 8 x 500,000 x 20, `boosting` 100 trees of 31 leaves on 1,000,000 x 28. The local engine has two " +
    "threads; LightGBM and XGBoost are their own Dask modes on the same kind of cluster; boosters may differ by 2 % in " +
    "training log loss. `killed-worker` is what a fit loses beside making the lost partitions again and going on with one " +
    "worker; below zero, because these overlap. Memory is that of the driver.",
  works: [
    { ...logistic, peer: "local engine", peerWork: "logistic/local engine", target: 0.667, checks: coefficients },
    {
      ...logistic,
      peer: "dask-ml",
      peerWork: "logistic/dask-ml",
      target: 3,
      checks: [{ value: "objective", kind: "atMost", tolerance: 1e-6 }],
    },
    {
      ...boosting,
      peer: "local engine",
      peerWork: "boosting/local engine",
      target: 0.625,
      checks: [{ value: "logLoss", kind: "close", tolerance: 1e-12 }],
    },
    ...["lightgbm on dask", "xgboost on dask"].map((peer) => ({
      ...boosting,
      peer,
      peerWork: `boosting/${peer}`,
      target: 1,
      checks: [{ value: "logLoss", kind: "atMost", tolerance: 0.02 } as const],
    })),
    {
      work: "move-100mb",
      peer: null,
      // 300 MB/s.
      target: { maxMs: 333 },
      script: "bench/cluster/move-partition.js",
      measure: "printed",
      repeat: 3,
    },
    {
      work: "killed-worker",
      peer: null,
      target: { maxMs: 2000 },
      script: "bench/cluster/killed-worker.js",
      measure: "printed",
      repeat: 3,
    },
  ],
};
