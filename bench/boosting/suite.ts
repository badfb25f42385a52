import { scaled } from "../harness/sizes.js";
import type { Check, PeerWork, Suite } from "../harness/types.js";

/** The area above the curve of 100,000 other rows (0.16 or so) is at most 0.0005 larger than the peer's. */
const checks: readonly Check[] = [{ value: "areaAbove", kind: "atMost", tolerance: 0.003 }];

const rows = `rows-${scaled(1_000_000)}`;
const TRAINERS = ["LightGBM", "LightGBM quantised", "XGBoost hist"];

function train(leaves: number, target: number): PeerWork[] {
  return TRAINERS.map((peer) => ({
    work: `train-${leaves}`,
    peer,
    peerWork: `train-${leaves}/${peer}`,
    data: rows,
    target,
    checks,
  }));
}

/** The targets of gradient boosting: training with binning, from columns in memory, and prediction. */
export const suite: Suite = {
  name: "boosting",
  about:
    "Binary log loss on 1,000,000 x 28 float64: 100 trees of 31 or 255 leaves, learning rate 0.1, 255 bins, at least 20 rows a " +
    "leaf, on all cores, binning included. Both sides hold the rows in memory as they like them best. The area under the curve " +
    "of 100,000 other rows is compared before a time counts; the peaks of memory stand beside it. `predict` is the margins of " +
    "1,000,000 rows by a model of 100 x 31. `ten-times` is the time for 10,000,000 rows in percent of that for 1,000,000.",
  works: [
    ...train(31, 2),
    ...train(255, 1.5),
    ...["LightGBM", "XGBoost hist", "scikit-learn"].map((peer): PeerWork => ({
      work: "predict",
      peer,
      peerWork: `predict/${peer}`,
      data: rows,
      target: 5,
      checks,
    })),
    {
      work: "ten-times",
      peer: null,
      target: { maxPercent: 1050 },
      script: "bench/boosting/ten-times.js",
      measure: "printed",
      repeat: 1,
      large: true,
    },
  ],
};
