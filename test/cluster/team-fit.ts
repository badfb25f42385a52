import { makeClassification } from "#datasets/index.js";
import { HistGradientBoostingClassifier } from "#models/index.js";
import type { Engine, TaskSpec } from "#src/engine/engine.js";
import type { IterationReport } from "#models/boosting/boosting-rounds.js";

/** How the trees of a fit were grown. */
export interface Grown {
  /** The fitted model as plain data. */
  readonly model: unknown;
  /** Teams that were asked for, and passes that measured nodes for the driver. */
  readonly teams: number;
  readonly rounds: number;
}

/** Fits trees on rows that lie in four partitions, and counts how they were grown. */
export async function teamFit(
  engine: Engine,
  onIteration?: (report: IterationReport) => Promise<void> | void,
): Promise<Grown> {
  const { X, y } = makeClassification({ nSamples: 18_000, nFeatures: 6, partitions: 4, randomState: 2 });
  const seen = { teams: 0, rounds: 0 };
  const submit = engine.submit.bind(engine);
  engine.submit = (tasks: readonly TaskSpec[], options) => {
    if (tasks.some(({ fn }) => fn.export === "teamStep")) seen.teams += 1;
    if (tasks.some(({ fn }) => fn.export === "measureStep" || fn.export === "groupStep")) seen.rounds += 1;
    return submit(tasks, options);
  };
  try {
    const model = new HistGradientBoostingClassifier({ maxIter: 12, earlyStopping: false });
    await model.fit(X, y, { engine, ...(onIteration ? { onIteration } : {}) });
    return { model: model.toJSON(), ...seen };
  } finally {
    engine.submit = submit;
  }
}
