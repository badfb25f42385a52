import * as models from "#models/index.js";
import * as preprocessing from "#preprocessing/index.js";
import * as partwise from "#src/index.js";
import { Estimator } from "#src/estimator/estimator.js";
import { checkData, cut } from "#src/testing/check-data.js";
import { testSubjects, type CheckedEstimator } from "#src/testing/index.js";
import { outputsOf } from "#src/testing/outputs.js";
import { use, type WorkTable } from "../work.js";

for (const value of Object.values({ ...models, ...preprocessing, ...partwise }))
  if (typeof value === "function" && value.prototype instanceof Estimator) use.watch(value as never);

/** Every estimator's fit, outputs, score, updates and way back: one piece of work for each subject of the shared checks. */
export const estimatorWork: WorkTable = Object.fromEntries(
  testSubjects.map((subject) => [
    subject.name,
    async () => {
      const { X, y } = cut(checkData(subject), [40, 0, 50, 30]);
      const model = subject.make();
      await model.fit(X, y);
      const found: unknown[] = [model.toJSON(), await outputsOf(subject, model, X)];
      if (model.score) found.push(await model.score(X, y));
      if (typeof model.partialFit === "function") {
        const online = subject.mergeable ? subject.makeWith({ ...subject.mergeable }) : subject.make();
        // Some parameters need all rows at once, and say so.
        const batches = async (): Promise<unknown> => {
          await online.partialFit?.(X, y);
          await online.partialFit?.(X, y);
          return online.toJSON();
        };
        found.push(await errorOrValue(batches));
      }
      if (model.inverseTransform) found.push(await errorOrValue(() => back(model, X)));
      return found;
    },
  ]),
);

function back(model: CheckedEstimator, X: unknown): unknown {
  return model.inverseTransform?.(model.transform?.(X as never) as never);
}

/** What some parameters or steps do not have, they say. */
async function errorOrValue(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}
