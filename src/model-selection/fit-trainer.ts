import { AbortedError, throwIfAborted } from "../base/errors.js";
import { Pipeline } from "../compose/pipeline.js";
import { jointFittingOf } from "../estimator/joint-fit.js";
import { mapLimited, runFold, runOpened, type FoldFit, type FoldResult, type FoldSettings } from "./fold-runner.js";
import { FoldStages, type FoldStage } from "./fold-stages.js";
import type { ParamSet } from "./parameter-sets.js";
import type { Trainer, Training } from "./resources.js";
import type { Split } from "./row-selection.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";
import { withParams } from "./with-params.js";

/** What a candidate shares with others. */
interface Sharing {
  /** The rows of a fold as its last step takes them; undefined where it shares nothing. */
  readonly rows: string | undefined;
  /** Passes of the fit over them; undefined where it is fitted alone. */
  readonly passes: string | undefined;
}

/** Candidates of one fold that are scored at a time: their tasks overlap. */
const SCORED_TOGETHER = 4;

/**
 * Whole fits, on one fold each. Candidates share the steps before the last and the rows that these give ({@link FoldStages});
 * the fits of last steps that can share their passes over the rows do.
 */
export function fitTrainer(settings: FoldSettings, estimator: TrialEstimator): Trainer {
  const { data } = settings;
  const memory = estimator instanceof Pipeline ? estimator.getParams().memory : null;
  const stages = new FoldStages(data, memory);
  const known = new WeakMap<ParamSet, Sharing>();
  const sharingOf = (params: ParamSet): Sharing => {
    let sharing = known.get(params);
    if (!sharing) {
      const model = withParams(estimator, params);
      const rows = stages.keyOf(model);
      const own = rows === undefined ? undefined : jointFittingOf(stages.lastOf(model))?.jointKey;
      sharing = { rows, passes: own === undefined ? undefined : `${rows}\n${own}` };
      known.set(params, sharing);
    }
    return sharing;
  };
  const foldOf = (fold: number): Split => data.splits[fold] as Split;

  const onStage = async (params: ParamSet, fold: number, rows: string): Promise<FoldResult> => {
    const model = withParams(estimator, params);
    const { train, test } = foldOf(fold);
    let stage: FoldStage | undefined;
    try {
      const result = await runOpened(settings, async () => {
        stage = await stages.open(rows, model, train, test);
        return { model: stages.lastOf(model), train: stage.train, test: () => (stage as FoldStage).test };
      });
      return { ...result, model: undefined };
    } finally {
      stage?.release();
    }
  };

  const train = ({ params, fold }: Pick<Training, "params" | "fold">): Promise<FoldResult> => {
    const { rows } = sharingOf(params);
    if (rows !== undefined) return onStage(params, fold, rows);
    const split = foldOf(fold);
    return runFold(settings, withParams(estimator, params), split.train, split.test);
  };

  return {
    continues: false,
    isFinal: false,
    train,
    sharing: (params) => sharingOf(params).passes ?? sharingOf(params).rows ?? "",
    jointKey: ({ params, fold }) => {
      const { passes } = sharingOf(params);
      return passes === undefined ? undefined : `${fold}\n${passes}`;
    },
    trainJointly: async (trainings) => {
      const [first] = trainings as readonly [Training];
      const split = foldOf(first.fold);
      const models = trainings.map(({ params }) => stages.lastOf(withParams(estimator, params)));
      throwIfAborted(data.run.signal, settings.owner);
      const started = performance.now();
      let stage: FoldStage | undefined;
      try {
        const whole = withParams(estimator, first.params);
        stage = await stages.open(sharingOf(first.params).rows as string, whole, split.train, split.test);
        await fitTogether(models, stage, data.run);
        const fitTime = (performance.now() - started) / 1000 / models.length;
        return await scored(settings, models, stage, fitTime);
      } catch (error) {
        if (error instanceof AbortedError || settings.errorScore === "raise") throw error;
        // One of them may be to blame: each on its own tells which, and how.
        const results: FoldResult[] = [];
        for (const training of trainings) results.push(await train(training));
        return results;
      } finally {
        stage?.release();
      }
    },
    release: () => stages.release(),
  };
}

async function fitTogether(models: readonly TrialEstimator[], { train }: FoldStage, run: object): Promise<void> {
  const joint = jointFittingOf(models[0]);
  await joint?.fitJointly(models as never, train.X, train.y as TargetInput, { ...run, ...train.options });
}

/** Scores of fitted models on one fold; the time of their fit is shared equally. */
async function scored(
  settings: FoldSettings,
  models: readonly TrialEstimator[],
  stage: FoldStage,
  fitTime: number,
): Promise<FoldResult[]> {
  const isFitted: FoldFit = () => Promise.resolve();
  const open = (model: TrialEstimator) => ({ model, train: stage.train, test: () => stage.test });
  return mapLimited(models, SCORED_TOGETHER, async (model) => {
    const result = await runOpened(settings, () => Promise.resolve(open(model)), isFitted);
    return { ...result, fitTime, model: undefined };
  });
}
