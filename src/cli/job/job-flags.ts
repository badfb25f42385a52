import type { Command } from "commander";
import { ParameterError } from "../../base/errors.js";
import { fraction, list, wholeNumber } from "../option-values.js";
import { checkJob, readJob, type Job } from "./job.js";
import { parseYaml } from "./parse-yaml.js";

/** Flags that say what a job file says. */
export interface JobFlags {
  readonly data?: string;
  readonly target?: string;
  readonly features?: string[];
  readonly weight?: string;
  readonly model?: string;
  readonly output?: string;
  readonly testSize?: number;
  readonly seed?: number;
  readonly stratify?: true;
  readonly metrics?: string[];
  readonly json?: true;
}

/** Adds the flags of a job to a command; what is on the command line wins over the file. */
export function addJobFlags(command: Command): Command {
  return command
    .argument("[job]", "a job file (YAML or JSON)")
    .option(
      "-d, --data <files>",
      "rows: a path or glob ending in .parquet, .csv, .ndjson or .arrow, or a data set's name",
    )
    .option("-t, --target <column>", "the column to predict")
    .option("-f, --features <columns>", "the columns to predict it from, by commas; all others unless given", list)
    .option("-w, --weight <column>", "a column of sample weights")
    .option("-m, --model <spec>", "an estimator's name, or YAML such as '[StandardScaler, {Ridge: {alpha: 2}}]'")
    .option("-o, --output <file>", "the model file to write")
    .option("--test-size <share>", "share of the rows held out for the metrics; 0 for none (default: 0.2)", fraction)
    .option("--seed <n>", "seed of the split (default: 0)", wholeNumber(0))
    .option("--stratify", "keep each class's share on both sides of the split")
    .option("--metrics <names>", "scorers by scikit-learn's names, by commas", list)
    .option("--json", "print the result as JSON");
}

/** The job that a file and flags say together. @throws ParameterError naming what is missing or wrong */
export function jobOf(command: string, file: string | undefined, flags: JobFlags): Job {
  const base = file === undefined ? undefined : readJob(command, file);
  const split = {
    ...base?.split,
    ...(flags.testSize === undefined ? {} : { testSize: flags.testSize }),
    ...(flags.seed === undefined ? {} : { randomState: flags.seed }),
    ...(flags.stratify ? { stratify: true } : {}),
  };
  const given = {
    ...base,
    split,
    ...(flags.data === undefined ? {} : { data: flags.data }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.features === undefined ? {} : { features: flags.features }),
    ...(flags.weight === undefined ? {} : { weight: flags.weight }),
    ...(flags.model === undefined ? {} : { model: parseYaml(command, "--model", flags.model) }),
    ...(flags.output === undefined ? {} : { output: flags.output }),
    ...(flags.metrics === undefined ? {} : { metrics: flags.metrics }),
  };
  const missing = (["data", "target", "model", "output"] as const).filter((key) => given[key] === undefined);
  if (missing.length > 0)
    throw new ParameterError(
      `${command}: ${missing.map((key) => `--${key}`).join(", ")} ${missing.length === 1 ? "is" : "are"} missing. Name a job file, or give the flags (partwise ${command} --help).`,
    );
  return checkJob(command, given);
}
