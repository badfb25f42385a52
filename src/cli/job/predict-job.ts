import type * as Zod from "zod";
import { ParameterError } from "../../base/errors.js";
import { lazyRequire } from "../../base/lazy-require.js";
import { SCORE_OUTPUTS, type ScoreOutput } from "../../inference/record-model.js";
import {
  SCORE_COMPRESSIONS,
  SCORE_FORMATS,
  type ScoreCompression,
  type ScoreFormat,
} from "../../inference/score-format.js";
import { checkedJob, readJobFile } from "./job-file.js";
import type { TableJob } from "./sink-of.js";

/** What a job file of `partwise predict` says. */
export interface PredictJob {
  /** The model file. */
  readonly model: string;
  /** Files with the rows, or the name of a data set. */
  readonly input: string;
  /** The folder of the parts. */
  readonly output: string;
  readonly format?: ScoreFormat;
  /** Of Parquet parts. */
  readonly compression?: ScoreCompression;
  readonly outputs?: readonly ScoreOutput[];
  /** Input columns to keep; all unless given. */
  readonly passthrough?: readonly string[];
  readonly batchRows?: number;
  /** How many rows may be set aside. */
  readonly badRows?: number;
  /** Seconds. */
  readonly deadline?: number;
  readonly overwrite?: boolean;
  /** Compare the rows with the training data. */
  readonly drift: boolean;
  /** Fail when a column's population stability index is above this. */
  readonly maxPsi?: number;
  /** A table that gets the rows besides. */
  readonly into?: TableJob;
}

/** Flags that say what a job file says. */
export interface PredictFlags extends Partial<Omit<PredictJob, "into" | "drift">> {
  readonly drift: boolean;
  readonly into?: string;
  readonly table?: string;
  readonly ledger?: string;
  readonly json?: true;
}

/** The job that a file and flags say together: what is on the command line wins. @throws ParameterError naming what is wrong */
export function predictJobOf(command: string, file: string | undefined, flags: PredictFlags): PredictJob {
  const { into, table, ledger, drift, json: _json, ...own } = flags;
  const base: Partial<PredictJob> =
    file === undefined ? {} : checkedJob<PredictJob>(command, schema(), readJobFile(command, file));
  if (into === undefined && (table ?? ledger) !== undefined && base.into === undefined)
    throw new ParameterError(
      `${command}: --${table === undefined ? "ledger" : "table"} is given without --into. Name the database too.`,
    );
  const sink = {
    ...base.into,
    ...(into === undefined ? {} : { database: into }),
    ...(table === undefined ? {} : { table }),
    ...(ledger === undefined ? {} : { ledger }),
  };
  const given: Record<string, unknown> = {
    ...base,
    ...own,
    // The flag only turns it off.
    ...(drift ? {} : { drift }),
    ...(Object.keys(sink).length === 0 ? {} : { into: sink }),
  };
  const missing = ["model", "input", "output"].filter((key) => given[key] === undefined);
  if (missing.length > 0)
    throw new ParameterError(
      `${command}: ${missing.map((key) => `--${key}`).join(", ")} ${missing.length === 1 ? "is" : "are"} missing. Name a job file, or give the flags (partwise ${command} --help).`,
    );
  return checkedJob(command, schema(), given);
}

let made: Zod.ZodObject | undefined;

function schema(): Zod.ZodObject {
  const { z } = lazyRequire<typeof Zod>("zod");
  made ??= z.strictObject({
    model: z.string().min(1).optional(),
    input: z.string().min(1).optional(),
    output: z.string().min(1).optional(),
    format: z.enum(SCORE_FORMATS).optional(),
    compression: z.enum(SCORE_COMPRESSIONS).optional(),
    outputs: z.array(z.enum(SCORE_OUTPUTS)).min(1).optional(),
    passthrough: z.array(z.string()).optional(),
    batchRows: z.int().min(1).optional(),
    badRows: z.int().min(0).optional(),
    deadline: z.number().positive().optional(),
    overwrite: z.boolean().optional(),
    drift: z.boolean().default(true),
    maxPsi: z.number().positive().optional(),
    into: z
      .strictObject({
        database: z.string().min(1),
        table: z.string().min(1).default("scores"),
        ledger: z.string().min(1).optional(),
      })
      .optional(),
  });
  return made;
}
