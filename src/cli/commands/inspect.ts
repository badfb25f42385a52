import type { Command } from "commander";
import { readModelFile, type ModelFile } from "../../persistence/model-file.js";
import type { CliContext } from "../cli-command.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
Examples:
  partwise inspect late.partwise
  partwise inspect late.partwise --json | jq .metrics
It checks the file's size and checksum, and makes no model: files of kinds that this version does not know can be looked at.`;

/** `partwise inspect`: what a model file holds. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Shows what a model file holds: kind, parameters, columns, training rows, scores.")
    .argument("<file>", "a model file")
    .option("--json", "print it as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, flags: { readonly json?: true }) => {
      const file = await readModelFile(path);
      const { library, input, metrics, metadata } = file;
      const shown = {
        kind: file.model.kind,
        library,
        ...input,
        parameters: shape(file.model.params),
        goldenRows: file.golden?.rows ?? 0,
        hasSketch: file.sketch !== undefined,
        metrics,
        metadata,
      };
      context.out(flags.json ? `${JSON.stringify(shown)}\n` : describe(file));
    });
}

/** Parameters for reading: parts by their kind, arrays by their length. */
function shape(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Float64Array).length})`;
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value;
  const own = value as Record<string, unknown>;
  if (typeof own["kind"] === "string" && "params" in own && "state" in own)
    return { [own["kind"]]: shape(own["params"]) };
  return Object.fromEntries(Object.entries(own).map(([key, item]) => [key, shape(item)]));
}

function describe(file: ModelFile): string {
  const { model, library, input, golden, sketch, metrics, metadata } = file;
  const columns = input.names?.map((name, j) => [name, input.dtypes?.[j] ?? ""] as const) ?? [];
  const lines = [
    `${model.kind}, written by partwise ${library}`,
    `parameters  ${JSON.stringify(shape(model.params))}`,
    `columns     ${input.nFeatures}${input.trainingRows === undefined ? "" : `, fitted to ${input.trainingRows.toLocaleString("en")} rows`}`,
    `golden rows ${golden?.rows ?? "none: save it with { data } to have it verified when it is loaded"}`,
    `drift guard ${sketch === undefined ? "none: save it with { data }" : "yes"}`,
    ...(Object.keys(metadata).length > 0 ? [`notes       ${JSON.stringify(metadata)}`] : []),
  ];
  return (
    `${lines.join("\n")}\n` +
    (columns.length > 0 ? textTable(["column", "type"], columns) : "") +
    (Object.keys(metrics).length > 0 ? textTable(["metric", "score"], Object.entries(metrics)) : "")
  );
}
