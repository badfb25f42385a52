import { afterAll, describe, expect, it } from "vitest";
import * as datasets from "#datasets/index.js";
import * as models from "#models/index.js";
import * as preprocessing from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "#src/collections/frame/distributed-series.js";
import { inlineEngine, setEngine } from "#src/engine/default-engine.js";
import { Estimator } from "#src/estimator/estimator.js";
import * as partwise from "#src/index.js";
import * as metrics from "#src/metrics/index.js";
import * as selection from "#src/model-selection/index.js";
import { ELSEWHERE, wholeProduct } from "./index.js";
import { settled, use } from "./work.js";

setEngine(inlineEngine());
afterAll(() => setEngine(undefined));

// The same cases run in test/cluster/whole-product.test.ts, where their results are compared between engines.
let left = Object.values(wholeProduct).reduce((sum, table) => sum + Object.keys(table).length, 0);
for (const [group, table] of Object.entries(wholeProduct)) {
  describe(`the whole product runs: ${group}`, () => {
    for (const [name, work] of Object.entries(table)) {
      it(name, async () => {
        await settled(work());
        left -= 1;
      });
    }
  });
}

describe("the whole product", () => {
  const reasons = new Set<string>();
  const reasonOf = (name: string): string | undefined =>
    [name, name.replace(/^.*\./u, "*.")].find((pattern) => pattern in ELSEWHERE);

  /** @throws when something was not called and has no reason. When tests above were left out or failed, nobody knows. */
  function assertCovered(unused: readonly string[]): void {
    if (left > 0) return;
    for (const name of unused) reasons.add(reasonOf(name) ?? "");
    const uncovered = [...new Set(unused)].filter((name) => reasonOf(name) === undefined);
    expect(
      uncovered,
      `Nothing runs ${uncovered.join(", ")} on every engine. Add it to a case in test/whole-product/cases, whose results are compared between engines, or to ELSEWHERE in test/whole-product/index.ts with the reason`,
    ).toEqual([]);
  }

  it("is all of what is exported", () => {
    const exported = { ...partwise, ...metrics, ...selection, ...models, ...preprocessing, ...datasets };
    assertCovered(use.unusedExports(exported));
  });

  it("is every verb of collections, and every method of estimators", () => {
    const classes = Object.values({ ...partwise, ...selection, ...models, ...preprocessing }).filter(
      (value) => typeof value === "function" && value.prototype instanceof Estimator,
    );
    const watched = [DistributedArray, DistributedDataFrame, DistributedSeries, ...classes] as never[];
    assertCovered(watched.flatMap((Class) => use.unusedMethods(Class)));
  });

  it("leaves nothing out for a reason that is none any more", () => {
    const idle = left > 0 ? [] : Object.keys(ELSEWHERE).filter((name) => !reasons.has(name));
    expect(idle, `${idle.join(", ")}: covered now. Take it off ELSEWHERE in test/whole-product/index.ts`).toEqual([]);
  });
});
