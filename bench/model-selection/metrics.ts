import { DistributedArray } from "../../src/index.js";
import { scoreMetrics } from "../../src/metrics/index.js";
import { readColumns } from "../harness/data.js";
import { serveWork, type ServedWork } from "../harness/serve-ours.js";

const NAMES = [
  "accuracy",
  "balanced_accuracy",
  "precision",
  "recall",
  "f1",
  "matthews_corrcoef",
  "neg_log_loss",
  "neg_brier_score",
  "roc_auc",
  "average_precision",
] as const;

/** Ten metrics of two classes in one call, from labels and probabilities that are held. */
function tenMetrics(): ServedWork {
  let [t, p, s] = [] as unknown as [DistributedArray, DistributedArray, DistributedArray];
  return serveWork({
    async setup(data) {
      const [truth, predicted, score] = readColumns(data, "rows.f64", 3);
      const held = (values: Float64Array | undefined): Promise<DistributedArray> =>
        DistributedArray.fromVector(values as Float64Array, { partitions: 16 }).persist();
      [t, p, s] = [await held(truth), await held(predicted), await held(score)];
    },
    run: () => scoreMetrics(NAMES, { yTrue: t, yPred: p, yProba: s }),
    values: async (scores) => ({ scores: NAMES.map((name) => scores[name]) }),
  });
}

/** What this file serves, by work. */
export const metricsServed: Record<string, ServedWork> = {
  "ten-metrics": tenMetrics(),
  "ten-metrics-2m": tenMetrics(),
};
