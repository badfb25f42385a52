import type { Command } from "commander";
import { scoreDataset } from "../../inference/score-dataset.js";
import type { CliContext } from "../cli-command.js";
import { openData } from "../job/open-data.js";
import { predictJobOf, type PredictFlags } from "../job/predict-job.js";
import { sinkOf } from "../job/sink-of.js";
import { terminalBar } from "../terminal-bar.js";
import { list, positiveNumber, wholeNumber } from "../option-values.js";

const EXAMPLES = `
Examples:
  partwise predict --model late.partwise --input 'flights/*.parquet' --output scored --passthrough id
  partwise predict --model late.partwise --input flights.csv --output scored --bad-rows 100 --deadline 3600
  partwise predict -m late.partwise -i 'flights/*.parquet' -o scored --into scores.duckdb --table late
  partwise predict -m late.partwise -i flights.csv -o scored --into env:DATABASE_URL
  partwise predict nightly.yaml --overwrite
A job file has the flags as keys (passthrough: [id], badRows: 100), and into: { database, table, ledger }.
--into writes each part in one transaction with its key: calling a killed run again doubles nothing.
A run that was stopped or killed goes on when the same line is given again; exit code 3 says that the deadline came first.`;

const INCOMPLETE = 3;

/** `partwise predict`: scores a data set into files. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Scores a data set with a model file, partition by partition, into a folder of files.")
    .argument("[job]", "a job file (YAML or JSON)")
    .option("-m, --model <file>", "the model file")
    .option("-i, --input <files>", "rows: a path or glob ending in .parquet, .csv, .ndjson or .arrow, or a data set")
    .option("-o, --output <folder>", "where the parts go")
    .option("--format <format>", "parquet, csv, ndjson or ipc (default: parquet)")
    .option("--compression <codec>", "of Parquet parts: zstd, snappy, lz4 or uncompressed (default: zstd)")
    .option(
      "--outputs <names>",
      "predict, predictProba, decisionFunction, transform, predictQuantiles, uncertainty, shapValues, applyLeaves, by commas",
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
    .option(
      "--into <database>",
      "also into a table: a DuckDB file (.duckdb), postgres://... or env:NAME for a variable with it; needs Parquet parts",
    )
    .option("--table <name>", 'the table of --into, perhaps schema.table (default: "scores")')
    .option("--ledger <name>", 'the table of batches that are done (default: "partwise_batches")')
    .option("--overwrite", "replace what an earlier run left in the folder")
    .option("--max-psi <value>", "fail when a column's population stability index is above this", positiveNumber)
    .option("--no-drift", "do not compare the rows with the training data")
    .option("--json", "print the report as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: PredictFlags) => {
      const { input, output, into, drift, maxPsi, deadline, badRows, ...rest } = predictJobOf("predict", file, flags);
      // Before anything runs: a name that is none, or a variable that is not set.
      const sink = into && sinkOf("predict", into);
      const bar = terminalBar(context);
      const report = await scoreDataset({
        ...rest,
        input: await openData("predict", input),
        output,
        ...(badRows === undefined ? {} : { badRows: { limit: badRows } }),
        ...(deadline === undefined ? {} : { deadlineSeconds: deadline }),
        drift: drift ? (maxPsi === undefined ? {} : { psi: { warn: 0.1, fail: maxPsi } }) : false,
        ...(sink ? { into: sink } : {}),
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
          `${report.seconds.toFixed(1)} s, in ${output}\n`,
      );
      if (report.table)
        context.out(
          `${report.table.rows.toLocaleString("en")} rows in ${report.table.written} batches into ${report.table.table}${report.table.present > 0 ? ` (${report.table.present} batches were there)` : ""}\n`,
        );
      if (report.badRows > 0) context.out(`${report.badRows} bad rows are listed in ${output}/_partwise/bad-rows\n`);
      if (report.drift)
        for (const column of report.drift.columns.filter(({ level }) => level !== "ok"))
          context.out(`drift: ${column.column}: ${column.reasons.join("; ")}\n`);
    });
}
