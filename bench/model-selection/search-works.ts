import { scaled } from "../harness/sizes.js";
import type { Check, Suite } from "../harness/types.js";

// Both sides end within their tolerances of the same optimum; scores are means of log losses.
const checks: readonly Check[] = [{ value: "scores", kind: "close", tolerance: 1e-4 }];
const data = `mixed-${scaled(500_000)}`;

/** The targets of searches. */
export const searchWorks: Suite["works"] = [
  {
    work: "grid-search",
    peer: "scikit-learn n_jobs=2",
    peerWork: "grid-search/scikit-learn",
    data,
    target: 10,
    checks,
  },
  { work: "grid-search", peer: "dask-ml", peerWork: "grid-search/dask-ml", data, target: 5, checks },
  {
    work: "search-overhead",
    peer: null,
    target: { maxMs: 2 },
    script: "bench/model-selection/overhead.js",
    measure: "printed",
  },
  {
    work: "tpe-overhead",
    peer: null,
    target: { maxMs: 2 },
    script: "bench/model-selection/tpe-overhead.js",
    measure: "printed",
  },
];
