import type { Command } from "commander";
import { ParameterError } from "../../base/errors.js";
import { scoreDataset } from "../../inference/score-dataset.js";
import type { ScoreOutput } from "../../inference/record-model.js";
import type { ScoreFormat } from "../../inference/score-task.js";
import type { CliContext } from "../cli-command.js";
import { openData } from "../job/open-data.js";
import { terminalBar } from "../terminal-bar.js";
import { list, positiveNumber, wholeNumber } from "../option-values.js";

const EXAMPLES = `
Examples:
  partwise predict --model late.partwise --input 'flights/*.parquet' --output scored --passthrough id
  partwise predict --model late.partwise --input flights.csv --output scored --bad-rows 100 --deadline 3600
A run that was stopped or killed goes on when the same line is given again; exit code 3 says that the deadline came first.`;

const INCOMPLETE = 3;

interface PredictFlags {
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly format?: string;
  readonly outputs?: string[];
  readonly passthrough?: string[];
  readonly batchRows?: number;
  readonly badRows?: number;
  readonly deadline?: number;
  readonly overwrite?: true;
  readonly maxPsi?: number;
  readonly drift: boolean;
  readonly json?: true;
}

/** `partwise predict`: scores a data set into files. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Scores a data set with a model file, partition by partition, into a folder of files.")
    .requiredOption("-m, --model <file>", "the model file")
    .requiredOption("-i, --input <files>", "rows: a path or glob ending in .parquet, .csv, .ndjson or .arrow")
    .requiredOption("-o, --output <folder>", "where the parts go")
    .option("--format <format>", "parquet, csv, ndjson or ipc (default: parquet)")
    .option(
      "--outputs <names>",
      "predict, predictProba, decisionFunction, transform, uncertainty, shapValues, applyLeaves, by commas",
      list,
    )
    .option("--passthrough <columns>", "input columns to keep, by commas; all unless given", list)
    .option("--batch-rows <n>", "rows that the model sees at once (default: what suits the model)", wholeNumber(1))
    .option(
      "--bad-rows <n>",
      "how many rows may be set aside because the model refuses them (default: 0)",
      wholeNumber(0),
    )
    .option("--deadline <seconds>", "end after so long with what is done", positiveNumber)
    .option("--overwrite", "replace what an earlier run left in the folder")
    .option("--max-psi <value>", "fail when a column's population stability index is above this", positiveNumber)
    .option("--no-drift", "do not compare the rows with the training data")
    .option("--json", "print the report as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (flags: PredictFlags) => {
      const formats = ["parquet", "csv", "ndjson", "ipc"];
      if (flags.format !== undefined && !formats.includes(flags.format))
        throw new ParameterError(
          `predict: --format must be one of ${formats.join(", ")}; got ${JSON.stringify(flags.format)}.`,
        );
      const bar = terminalBar(context);
      const report = await scoreDataset({
        model: flags.model,
        input: await openData("predict", flags.input),
        output: flags.output,
        ...(flags.format === undefined ? {} : { format: flags.format as ScoreFormat }),
        ...(flags.outputs === undefined ? {} : { outputs: flags.outputs as ScoreOutput[] }),
        ...(flags.passthrough === undefined ? {} : { passthrough: flags.passthrough }),
        ...(flags.batchRows === undefined ? {} : { batchRows: flags.batchRows }),
        ...(flags.badRows === undefined ? {} : { badRows: { limit: flags.badRows } }),
        ...(flags.deadline === undefined ? {} : { deadlineSeconds: flags.deadline }),
        ...(flags.overwrite ? { overwrite: true } : {}),
        drift: flags.drift ? (flags.maxPsi === undefined ? {} : { psi: { warn: 0.1, fail: flags.maxPsi } }) : false,
        signal: context.signal,
        onProgress: bar,
      });
      bar.done();
      if (!report.complete) context.setExitCode(INCOMPLETE);
      if (flags.json) {
        context.out(`${JSON.stringify(report)}\n`);
        return;
      }
      const { done, total, resumed } = report.partitions;
      context.out(
        `${report.rows.toLocaleString("en")} rows in ${done} of ${total} parts${resumed > 0 ? ` (${resumed} were there)` : ""}, ` +
          `${report.seconds.toFixed(1)} s, in ${flags.output}\n`,
      );
      if (report.badRows > 0)
        context.out(`${report.badRows} bad rows are listed in ${flags.output}/_partwise/bad-rows\n`);
      if (report.drift)
        for (const column of report.drift.columns.filter(({ level }) => level !== "ok"))
          context.out(`drift: ${column.column}: ${column.reasons.join("; ")}\n`);
    });
}
