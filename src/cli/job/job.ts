import type * as Zod from "zod";
import { lazyRequire } from "../../base/lazy-require.js";
import { checkedJob, readJobFile } from "./job-file.js";

/** What a job file of `partwise fit` and `partwise search` says. */
export interface Job {
  /** Files with the rows, or the name of a data set. */
  readonly data: string;
  /** The column to predict. */
  readonly target: string;
  /** The columns to predict it from; all others unless given. */
  readonly features?: readonly string[] | undefined;
  /** A column of sample weights. */
  readonly weight?: string | undefined;
  /** The estimator: a name, `{ Name: parameters }`, or a list of them for a pipeline. */
  readonly model: unknown;
  readonly split: { readonly testSize: number; readonly randomState: number; readonly stratify: boolean };
  /** Scorers by scikit-learn's names. */
  readonly metrics?: readonly string[] | undefined;
  /** The model file. */
  readonly output: string;
  readonly search?: SearchJob | undefined;
}

/** How `partwise search` looks for parameters. */
export interface SearchJob {
  readonly method: "grid" | "random" | "halving" | "halvingRandom" | "hyperband" | "asha" | "tpe";
  /** Values by parameter; but for grid and halving also `{ logUniform: [a, b] }`, `uniform`, `randint`, `normal`, `logNormal`. */
  readonly space: Readonly<Record<string, unknown>>;
  readonly scoring?: string | undefined;
  /** More parameters of the search, as its class has them: cv, nIter, maxIter, resource, maxTime, randomState. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * A job from a YAML or JSON file, checked.
 * @throws FileError when it cannot be read, ParameterError naming the line of a syntax error or the key that is wrong
 */
export function readJob(command: string, path: string): Job {
  return checkJob(command, readJobFile(command, path));
}

/** Checks a job. @throws ParameterError naming the key, its rule and what it is */
export function checkJob(command: string, content: unknown): Job {
  return checkedJob(command, schema(), content);
}

let made: Zod.ZodObject | undefined;

function schema(): Zod.ZodObject {
  const { z } = lazyRequire<typeof Zod>("zod");
  made ??= z.strictObject({
    data: z.string().min(1),
    target: z.string().min(1),
    features: z.array(z.string()).min(1).optional(),
    weight: z.string().optional(),
    model: z.unknown().refine((model) => model !== undefined && model !== null, "name an estimator"),
    split: z
      .strictObject({
        testSize: z.number().min(0).default(0.2),
        randomState: z.int().min(0).default(0),
        stratify: z.boolean().default(false),
      })
      .prefault({}),
    metrics: z.array(z.string()).min(1).optional(),
    output: z.string().min(1),
    search: z
      .strictObject({
        method: z.enum(["grid", "random", "halving", "halvingRandom", "hyperband", "asha", "tpe"]),
        space: z.record(z.string(), z.unknown()),
        scoring: z.string().optional(),
        options: z.record(z.string(), z.unknown()).default({}),
      })
      .optional(),
  });
  return made;
}
