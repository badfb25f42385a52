import type { Command } from "commander";
import { DataError } from "../../base/errors.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import { permutationImportance } from "../../model-selection/permutation-importance.js";
import type { TrialEstimator } from "../../model-selection/trial-estimator.js";
import { loadModel } from "../../persistence/load-model.js";
import type { CliContext } from "../cli-command.js";
import { columnsOf, openData } from "../job/open-data.js";
import { wholeNumber } from "../option-values.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
Examples:
  partwise explain late.partwise                                       coefficients, or importances of trees
  partwise explain late.partwise --data test.parquet --target late     how much worse it gets with a column shuffled
Permutation takes columns of numbers; give the model's own columns in the data.`;

interface ExplainFlags {
  readonly data?: string;
  readonly target?: string;
  readonly metric?: string;
  readonly repeats: number;
  readonly top: number;
  readonly seed: number;
  readonly json?: true;
}

interface Explained {
  readonly by: string;
  readonly columns: readonly { readonly column: string; readonly value: number; readonly std?: number }[];
}

/** `partwise explain`: which columns a model lives on. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Shows which columns a model lives on: its coefficients or importances, or what shuffling each costs.")
    .argument("<file>", "a model file")
    .option("-d, --data <files>", "rows to shuffle columns of")
    .option("-t, --target <column>", "the column with the truth, for --data")
    .option("--metric <name>", "the scorer that shuffling lowers (default: the model's own score)")
    .option("--repeats <n>", "shuffles a column", wholeNumber(1), 5)
    .option("--seed <n>", "seed of the shuffles", wholeNumber(0), 0)
    .option("--top <n>", "columns to show", wholeNumber(1), 20)
    .option("--json", "print {by, columns} as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, flags: ExplainFlags) => {
      const model = await loadModel<AnyEstimator>(path);
      const explained = flags.data === undefined ? ownWeights(model) : await byShuffling(model, flags, context.signal);
      const columns = [...explained.columns].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, flags.top);
      context.out(
        flags.json
          ? `${JSON.stringify({ ...explained, columns })}\n`
          : textTable(
              ["column", explained.by, ...(columns[0]?.std === undefined ? [] : ["+-"])],
              columns.map(({ column, value, std }) => [column, value, ...(std === undefined ? [] : [std])]),
            ),
      );
    });
}

interface Weighted {
  readonly coef?: Float64Array | readonly Float64Array[];
  readonly classes?: readonly unknown[];
  featureImportances?(): Float64Array;
  readonly steps?: readonly (readonly [string, Weighted & Partial<AnyEstimator>])[];
  getFeatureNamesOut?(): string[];
}

/** What a model says of its columns by itself. */
function ownWeights(model: AnyEstimator): Explained {
  const { steps } = model as Weighted;
  const last = (steps?.at(-1)?.[1] ?? model) as Weighted;
  const names = steps && steps.length > 1 ? (model as Weighted).getFeatureNamesOut?.() : model.featureNames;
  const importances = last.featureImportances?.();
  const coef = last.coef instanceof Float64Array ? last.coef : undefined;
  const values = importances ?? coef;
  if (!values)
    throw new DataError(
      `explain: the ${model.kind} has no coefficients of one target and no importances. Pass --data and --target to shuffle its columns.`,
    );
  const width = names?.length ?? model.nFeatures;
  const { classes } = last;
  // Several classes have a row of coefficients each, one after another.
  const nameAt = (j: number): string => {
    const name = names?.[j % width] ?? `x${j % width}`;
    return values.length > width ? `${String(classes?.[Math.floor(j / width)])}: ${name}` : name;
  };
  return {
    by: importances ? "importance (gain)" : "coefficient",
    columns: Array.from(values, (value, j) => ({ column: nameAt(j), value })),
  };
}

async function byShuffling(model: AnyEstimator, flags: ExplainFlags, signal: AbortSignal): Promise<Explained> {
  if (flags.target === undefined) throw new DataError("explain: --data needs --target, the column with the truth.");
  const frame = await openData("explain", flags.data as string);
  const { X, y } = columnsOf("explain", frame, { target: flags.target, features: model.featureNames });
  const { mean, std } = await permutationImportance(model as unknown as TrialEstimator, X, y, {
    nRepeats: flags.repeats,
    randomState: flags.seed,
    signal,
    ...(flags.metric === undefined ? {} : { scoring: flags.metric }),
  });
  return {
    by: `loss of ${flags.metric ?? "score"}`,
    columns: X.columns.map((column, j) => ({ column, value: mean[j] as number, std: std[j] as number })),
  };
}
