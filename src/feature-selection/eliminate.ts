import { throwIfAborted } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { holdSource } from "../compose/held-source.js";
import type { FitOptions } from "../estimator/design.js";
import { keepFeatures } from "../estimator/feature-selector.js";
import type { LabelInput, VectorInput } from "../estimator/inputs.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { importancesOf } from "./importances.js";

/** How columns are eliminated. */
export interface EliminationSettings {
  readonly owner: string;
  /** A clone of it is fitted in each round. */
  readonly estimator: AnyEstimator;
  readonly importanceGetter: string;
  /** Columns that are left at the end. */
  readonly wanted: number;
  /** Columns that a round takes away, or below 1 a share of all. */
  readonly step: number;
  /** After each fit: the model, and the positions of its columns. */
  readonly onRound?: (model: AnyEstimator, kept: readonly number[]) => Promise<void>;
}

/** What is left after the last round. */
export interface Elimination {
  readonly support: boolean[];
  /** 1 for what is left; the larger, the earlier a column was taken away. */
  readonly ranking: Int32Array;
  /** Fitted on the columns that are left. */
  readonly model: AnyEstimator;
}

interface Fitting {
  fit(X: DistributedArray, y?: VectorInput | LabelInput, options?: FitOptions): Promise<unknown>;
}

/**
 * Fits, takes away the least important columns, and fits again, until `wanted` are left (Guyon et al. 2002). X, y and the
 * weights are read once and kept; a round looks at some of the kept columns, which copies nothing of dense ones. Of equal
 * importance the first column goes first.
 */
export async function eliminate(
  settings: EliminationSettings,
  x: DistributedArray,
  y: VectorInput | LabelInput | undefined,
  options: FitOptions,
): Promise<Elimination> {
  const { owner, estimator, importanceGetter, wanted } = settings;
  const width = x.width;
  const step = settings.step < 1 ? Math.max(1, Math.floor(settings.step * width)) : settings.step;
  const rounds = wanted < width ? Math.ceil((width - wanted) / step) + 1 : 1;
  const ranking = new Int32Array(width).fill(1);
  let kept = Array.from({ length: width }, (_, j) => j);
  const source = await holdSource(owner, x, y, options, rounds);
  try {
    const { onProgress, ...quiet } = options;
    for (let round = 1; ; round++) {
      throwIfAborted(options.signal, owner);
      const model = estimator.clone();
      const rows = keepFeatures(owner, source.X as DistributedArray, kept);
      await (model as unknown as Fitting).fit(rows, source.y, { ...quiet, ...source.options });
      onProgress?.({ stage: owner, done: round, total: rounds, detail: { columns: kept.length } });
      await settings.onRound?.(model, kept);
      if (kept.length <= wanted) {
        const left = new Set(kept);
        return { support: Array.from(ranking, (_, j) => left.has(j)), ranking, model };
      }
      const importances = importancesOf(owner, model, importanceGetter, kept.length, "square");
      const order = Array.from(importances.keys()).sort(
        (i, j) => (importances[i] as number) - (importances[j] as number) || i - j,
      );
      const gone = new Set(order.slice(0, Math.min(step, kept.length - wanted)).map((i) => kept[i] as number));
      kept = kept.filter((j) => !gone.has(j));
      const left = new Set(kept);
      for (let j = 0; j < width; j++) if (!left.has(j)) ranking[j] = (ranking[j] as number) + 1;
    }
  } finally {
    source.release();
  }
}
