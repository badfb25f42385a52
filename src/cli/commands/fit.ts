import type { Command } from "commander";
import { saveModel } from "../../persistence/save-model.js";
import type { CliContext } from "../cli-command.js";
import { buildEstimator } from "../job/build-estimator.js";
import { addJobFlags, jobOf, type JobFlags } from "../job/job-flags.js";
import { columnsOf, openData, splitData } from "../job/open-data.js";
import { scoreOn, usualMetrics } from "../job/score-held-out.js";
import { terminalBar } from "../terminal-bar.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
A job file:
  data: flights/*.parquet
  target: late
  model:
    - ColumnTransformer:
        transformers:
          - [airport, {OneHotEncoder: {handleUnknown: ignore}}, [origin, destination]]
          - [numbers, StandardScaler, [distance]]
    - LogisticRegression: {C: 0.5}
  metrics: [roc_auc, neg_log_loss]
  output: late.partwise

Examples:
  partwise fit job.yaml
  partwise fit job.yaml --data flights-2001.parquet --output late-2001.partwise
  partwise fit --data iris --target target --model '[StandardScaler, LogisticRegression]' --output iris.partwise`;

/** The call that fits: a search's fit as well. */
type Fit = (X: unknown, y: unknown, options: object) => Promise<unknown>;

/** `partwise fit`: fits an estimator to files, scores it on rows held out, and saves it. */
export function configure(command: Command, context: CliContext): void {
  addJobFlags(command)
    .description("Fits the estimator of a job file or of flags, scores it on rows held out, and writes a model file.")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: JobFlags) => {
      const job = jobOf("fit", file, flags);
      const model = await buildEstimator("fit", job.model);
      const frame = await openData("fit", job.data);
      const { train, test } = await splitData(columnsOf("fit", frame, job), job.split);
      const bar = terminalBar(context);
      const started = performance.now();
      await (model as unknown as { fit: Fit }).fit(train.X, train.y, {
        signal: context.signal,
        onProgress: bar,
        ...(train.weight === undefined ? {} : { sampleWeight: train.weight }),
      });
      bar.done();
      const seconds = (performance.now() - started) / 1000;
      const metrics =
        test === undefined ? {} : await scoreOn("fit", model, test, job.metrics ?? usualMetrics(model), context.signal);
      const saved = await saveModel(model, job.output, { data: train.X, metrics, signal: context.signal });
      const result = {
        model: model.kind,
        seconds,
        trainingRows: saved.trainingRows,
        metrics,
        output: job.output,
        bytes: saved.bytes,
      };
      context.out(flags.json ? `${JSON.stringify(result)}\n` : describe(result));
    });
}

function describe(result: {
  readonly model: string;
  readonly seconds: number;
  readonly trainingRows: number | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly output: string;
  readonly bytes: number;
}): string {
  const rows = result.trainingRows?.toLocaleString("en") ?? "?";
  const held = Object.entries(result.metrics);
  return (
    `${result.model} fitted to ${rows} rows in ${result.seconds.toFixed(2)} s\n` +
    (held.length === 0 ? "" : textTable(["held out", "score"], held)) +
    `written to ${result.output} (${result.bytes.toLocaleString("en")} bytes)\n`
  );
}
