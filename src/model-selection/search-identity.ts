import { createHash } from "node:crypto";
import { digest, fingerprintOfData } from "../compose/data-identity.js";
import { SearchSpace, describeValue, type ParamDistributions } from "./search-space.js";
import type { Scorers } from "./scoring.js";
import type { RowSelection } from "./row-selection.js";
import type { SearchIdentity } from "./search-journal.js";
import type { TrialData } from "./trial-data.js";
import type { TrialEstimator } from "./trial-estimator.js";

// They change what is reported or how fast, and no trial's result.
const WITHOUT_EFFECT = ["estimator", "cv", "refit", "journal", "maxTime", "paramGrid", "paramDistributions"];

/**
 * What a search is known by: the estimator with its parameters, the search's own parameters, the space, the scorers, the
 * splits and the data by their content. One pass over the data.
 */
export async function searchIdentity(
  estimator: TrialEstimator,
  params: object,
  data: TrialData,
  scorers: Scorers,
  metric: string,
  ordered: boolean,
): Promise<SearchIdentity> {
  const own = params as Readonly<Record<string, unknown>>;
  const without = ordered ? WITHOUT_EFFECT : [...WITHOUT_EFFECT, "parallelTrials"];
  const texts = Object.entries(own)
    .filter(([name, value]) => !without.includes(name) && value !== undefined)
    .map(([name, value]) => [name, describeValue(value)] as const);
  const { paramGrid, paramDistributions } = own;
  const prints: string[] = [];
  for (const values of [data.X, data.y, data.sampleWeight, ...Object.values(data.rowOptions)])
    prints.push(await fingerprintOfData(values, data.run));
  return {
    estimator: describeValue(estimator),
    ...Object.fromEntries(texts),
    space:
      paramDistributions === undefined
        ? describeValue(paramGrid)
        : new SearchSpace("journal", paramDistributions as ParamDistributions).describe(),
    scorers: [...scorers.keys()].join(", "),
    metric,
    splits: digestOfSplits(data),
    data: digest(...prints, Object.keys(data.rowOptions).join()),
  };
}

function digestOfSplits({ splits }: TrialData): string {
  const hash = createHash("sha256");
  const add = (rows: RowSelection): void => {
    const { choice } = rows;
    hash.update(`${choice.kind} ${rows.rows} ${rows.size} `);
    if (choice.kind === "set" || choice.kind === "range") hash.update(Float64Array.from(rows.toIndices()));
    else hash.update(JSON.stringify(choice));
  };
  for (const { train, test } of splits) {
    add(train);
    add(test);
  }
  return `${splits.length} splits ${hash.digest("hex").slice(0, 16)}`;
}
