import type { Design } from "../../src/estimator/design.js";
import { packTrees } from "../../src/numeric/trees/packed-trees.js";
import { BoostData } from "./boost-data.js";
import { holdAndRange } from "./data-range.js";
import type { InitialTrees } from "./fit-boosting.js";
import type { DataRange } from "./range-tasks.js";
import type { RankingRules } from "./ranking-loss.js";
import { groupStarts } from "./row-groups.js";
import { DerivedRounds } from "./round-starts.js";
import { countRows } from "./row-weights.js";

/** Mean NDCG of the groups of a design, at the margins of trees. */
export async function meanNdcg(
  design: Design,
  { trees, baselines }: InitialTrees,
  rules: RankingRules,
  names: readonly string[] | undefined,
): Promise<number> {
  const { owner } = design;
  const { range, rows } = await holdAndRange(design);
  const groups = groupStarts(owner, range.groups as NonNullable<DataRange["groups"]>);
  using data = await BoostData.open(design, {
    rows: range.rows,
    thresholds: Array.from({ length: design.nFeatures }, () => new Float64Array(0)),
    margins: new Float64Array(1),
    seed: 0,
    heldOut: 0,
    groups,
    model: { owner, names, baselines, ...packTrees(trees) },
  });
  const weights = await countRows(owner, data, { wScale: 1, rows, heldOut: 0, grouped: true });
  const { loss } = await new DerivedRounds(owner, data, { kind: "ranking", rules }, rows).begin({ last: true });
  return 1 - loss.train / weights.train;
}
