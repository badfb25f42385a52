import { BracketPolicy, type BracketOptions } from "./bracket-policy.js";
import { budgetTable, type Bracket, type BudgetTable } from "./budget-table.js";
import type { ParamSet } from "./parameter-sets.js";
import { ResourceSearch, type ResourceSearchParams } from "./resource-search.js";
import type { TrialPolicy } from "./trial-policy.js";

/** What a search with brackets will do, and how long it will take once that can be told. */
export interface SearchMetadata extends BudgetTable {
  /** Seconds of the whole run, estimated after its first fits; undefined before. */
  readonly seconds: number | undefined;
}

/** Runs brackets of successive halving. */
export abstract class BracketSearch<P extends ResourceSearchParams> extends ResourceSearch<P> {
  /** The trials' parameters, bracket by bracket. @param rows train rows of the first split, once they are known */
  protected abstract sets(rows?: number): ParamSet[][];

  /** The brackets. @param rows train rows of the first split */
  protected abstract brackets(rows: number): Bracket[];

  /** When trials are scored and stopped within a rung. */
  protected stopping(): BracketOptions {
    return {};
  }

  protected tried(): ParamSet[] {
    return this.sets().flat();
  }

  protected policy(rows: number): TrialPolicy {
    return new BracketPolicy(this.brackets(rows), this.sets(rows), this.stopping());
  }

  /** The sums of brackets. */
  protected tableOf(brackets: readonly Bracket[]): SearchMetadata {
    return { ...budgetTable(brackets), seconds: this.estimatedSeconds };
  }
}
