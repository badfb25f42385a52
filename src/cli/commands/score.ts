import type { Command } from "commander";
import { DataError } from "../../base/errors.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import { loadModel } from "../../persistence/load-model.js";
import type { CliContext } from "../cli-command.js";
import { columnsOf, openData } from "../job/open-data.js";
import { scoreOn, usualMetrics } from "../job/score-held-out.js";
import { list } from "../option-values.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
Examples:
  partwise score --model late.partwise --data 'flights/2002/*.parquet' --target late
  partwise score --model late.partwise --data test.csv --target late --metrics roc_auc,neg_log_loss --json`;

interface ScoreFlags {
  readonly model: string;
  readonly data: string;
  readonly target: string;
  readonly weight?: string;
  readonly metrics?: string[];
  readonly json?: true;
}

/** `partwise score`: metrics of a model file on rows whose target is known. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Measures a model file on rows whose target is known.")
    .requiredOption("-m, --model <file>", "the model file")
    .requiredOption(
      "-d, --data <files>",
      "rows: a path or glob ending in .parquet, .csv, .ndjson or .arrow, or a data set",
    )
    .requiredOption("-t, --target <column>", "the column with the truth")
    .option("-w, --weight <column>", "a column of sample weights")
    .option("--metrics <names>", "scorers by scikit-learn's names, by commas", list)
    .option("--json", "print {metrics, rows} as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: ScoreFlags) => {
      const model = await loadModel<AnyEstimator>(flags.model);
      const frame = await openData("score", flags.data);
      const { featureNames } = model;
      const missing = featureNames?.find((name) => !(name in frame.schema));
      if (missing !== undefined)
        throw new DataError(
          `score: the data have no column ${JSON.stringify(missing)}, which the ${model.kind} was fitted on. They have ${frame.columns.join(", ")}.`,
          { details: { column: missing } },
        );
      const data = columnsOf("score", frame, { ...flags, features: featureNames });
      const metrics = await scoreOn("score", model, data, flags.metrics ?? usualMetrics(model), context.signal);
      context.out(
        flags.json ? `${JSON.stringify({ metrics })}\n` : textTable(["metric", "score"], Object.entries(metrics)),
      );
    });
}
