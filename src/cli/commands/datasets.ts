import type { Command } from "commander";
import { closest, ParameterError, show } from "../../base/errors.js";
import type { CliContext } from "../cli-command.js";
import { findDataset, namedDatasets } from "../job/named-datasets.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
Examples:
  partwise datasets
  partwise datasets iris --output iris`;

/** `partwise datasets`: the data sets that come along, and one of them as files. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Lists the data sets that come along, or writes one as Parquet files.")
    .argument("[name]", "the one to write")
    .option("-o, --output <folder>", "where to write it")
    .option("--json", "print the list as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (name: string | undefined, flags: { readonly output?: string; readonly json?: true }) => {
      if (name === undefined) {
        const rows = namedDatasets.map(({ name: own, rows: count, target, what }) => ({
          name: own,
          rows: count,
          target,
          what,
        }));
        context.out(
          flags.json
            ? `${JSON.stringify(rows)}\n`
            : textTable(
                ["name", "rows", "target", "what"],
                rows.map((row) => [row.name, row.rows, row.target, row.what]),
              ),
        );
        return;
      }
      const dataset = findDataset(name);
      if (!dataset) {
        const near = closest(
          name,
          namedDatasets.map((one) => one.name),
        );
        throw new ParameterError(
          `datasets: there is no data set ${show(name)}. ${near === undefined ? "" : `Did you mean ${near}? `}\`partwise datasets\` lists them.`,
        );
      }
      if (flags.output === undefined)
        throw new ParameterError(`datasets: name the folder to write ${name} to: --output ${name}.`);
      const files = await (await dataset.load()).writeParquet(flags.output, { signal: context.signal });
      context.out(
        flags.json
          ? `${JSON.stringify({ name, files })}\n`
          : `${dataset.rows.toLocaleString("en")} rows in ${files.length} files in ${flags.output}\n`,
      );
    });
}
