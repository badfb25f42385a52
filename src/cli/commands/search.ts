import type { Command } from "commander";
import { ParameterError } from "../../base/errors.js";
import type { AnyEstimator } from "../../estimator/registry.js";
import { saveModel } from "../../persistence/save-model.js";
import type { CliContext } from "../cli-command.js";
import { buildEstimator } from "../job/build-estimator.js";
import { buildSearch } from "../job/build-search.js";
import { addJobFlags, jobOf, type JobFlags } from "../job/job-flags.js";
import { columnsOf, openData, splitData } from "../job/open-data.js";
import { scoreOn, usualMetrics } from "../job/score-held-out.js";
import { terminalBar } from "../terminal-bar.js";
import { textTable } from "../text-table.js";

const EXAMPLES = `
A job file is one of \`partwise fit\` with:
  search:
    method: hyperband            # grid, random, halving, halvingRandom, hyperband, asha, tpe
    space:
      logisticregression__C: {logUniform: [0.001, 100]}
    scoring: roc_auc
    options: {maxIter: 27, resource: nSamples, randomState: 0, maxTime: 60}

Examples:
  partwise search job.yaml
  partwise search job.yaml --json | jq '.best'`;

const SHOWN = 10;

/** `partwise search`: tries parameters, and saves the best model. */
export function configure(command: Command, context: CliContext): void {
  addJobFlags(command)
    .description(
      "Tries the parameters that a job's `search` names, scores the best model on rows held out, and saves it.",
    )
    .addHelpText("after", EXAMPLES)
    .action(async (file: string | undefined, flags: JobFlags) => {
      const job = jobOf("search", file, flags);
      if (!job.search)
        throw new ParameterError(
          "search: the job has no `search`: its method and space. See `partwise search --help`.",
        );
      const search = buildSearch(await buildEstimator("search", job.model), job.search);
      const frame = await openData("search", job.data);
      const { train, test } = await splitData(columnsOf("search", frame, job), job.split);
      const bar = terminalBar(context);
      const started = performance.now();
      await search.fit(train.X, train.y, {
        signal: context.signal,
        onProgress: bar,
        ...(train.weight === undefined ? {} : { sampleWeight: train.weight }),
      });
      bar.done();
      const seconds = (performance.now() - started) / 1000;
      const best = search.bestEstimator as unknown as AnyEstimator;
      const metrics =
        test === undefined
          ? {}
          : await scoreOn("search", best, test, job.metrics ?? usualMetrics(best), context.signal);
      const saved = await saveModel(best, job.output, { data: train.X, metrics, signal: context.signal });
      const { params, error, mean_test_score: scores } = search.cvResults;
      const trials = params.map((values, i) => ({
        params: values,
        score: Number(scores?.[i]),
        ...(error[i] === undefined ? {} : { error: error[i] }),
      }));
      const result = {
        best: { params: search.bestParams, score: search.bestScore },
        seconds,
        metrics,
        output: job.output,
        bytes: saved.bytes,
      };
      if (flags.json) {
        context.out(`${JSON.stringify({ ...result, trials })}\n`);
        return;
      }
      const order = trials
        .filter((trial) => !Number.isNaN(trial.score))
        .sort((a, b) => b.score - a.score)
        .slice(0, SHOWN);
      const failed = trials.filter((trial) => "error" in trial);
      context.out(
        `${trials.length} trials in ${seconds.toFixed(1)} s; the best:\n` +
          textTable(
            ["parameters", "score"],
            order.map((trial) => [JSON.stringify(trial.params), trial.score]),
          ) +
          (failed.length > 0 ? `${failed.length} failed, the first with: ${failed[0]?.error}\n` : "") +
          (Object.keys(metrics).length > 0 ? textTable(["held out", "score"], Object.entries(metrics)) : "") +
          `the best model is in ${job.output}\n`,
      );
    });
}
