import type { Plain, PlainRecord } from "../base/plain.js";
import type { ParamSet } from "./parameter-sets.js";
import { fromPlainValue, toPlainValue } from "./search-json.js";
import type { SearchResults } from "./search-results.js";

/** Results as plain data; the columns of single parameters follow from `params`. */
export function resultsToPlain(owner: string, results: SearchResults): PlainRecord {
  const columns = Object.entries(results).filter(([name]) => !name.startsWith("param_"));
  return Object.fromEntries(
    columns.map(([name, values]) => [
      name,
      // JSON lists have no undefined.
      name === "error"
        ? results.error.map((message) => message ?? null)
        : toPlainValue(owner, `cvResults.${name}`, values),
    ]),
  );
}

/** The inverse of {@link resultsToPlain}. */
export function resultsFromPlain(plain: PlainRecord): SearchResults {
  const { params: sets, error, ...others } = plain;
  const params = fromPlainValue(sets as Plain) as ParamSet[];
  const names = [...new Set(params.flatMap((set) => Object.keys(set)))].sort();
  return {
    params,
    error: (error as (string | null)[]).map((message) => message ?? undefined),
    ...Object.fromEntries(names.map((name) => [`param_${name}`, params.map((set) => set[name])])),
    ...(others as Record<string, ArrayLike<unknown>>),
  } as SearchResults;
}
