import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { RunOptions } from "../plan-run.js";
import type { Engine } from "../../engine/engine.js";
import { reducePartitions } from "../reduce.js";
import { labelOf, planOf, type FrameState } from "./frame-state.js";
import { frameIn, sealedRows } from "./live-frame.js";

const ROWS_STEP = fnRef(import.meta.url, "rowsStep");

/** The number of rows of a partition; a sealed frame knows it. */
export function rowsStep(context: TaskContext, _args: unknown, input: unknown): number[] {
  return [sealedRows(input) ?? frameIn(context, input).height];
}

/** Rows of each partition in one pass. */
export async function countRows(
  state: FrameState,
  options: RunOptions & { readonly engine?: Engine },
): Promise<number[]> {
  const reduction = {
    label: `${labelOf(state)}.countRows`,
    step: ROWS_STEP,
    combine: (a: number[], b: number[]) => [...a, ...b],
  };
  return (await reducePartitions<number[]>([planOf(state)], reduction, options)) ?? [];
}
