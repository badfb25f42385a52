import { DataError, ParameterError, show } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import { repartitionPieces, type PieceLayout } from "../array/pieces.js";
import { TaskPlan } from "../plan.js";
import { frameState, labelOf, partitionsOf, planOf, withVerb, type FrameState } from "./frame-state.js";
import { CONCAT_TASK, FRAME_TASK, PIECES_TASK } from "./frame-task.js";
import { schemaOf } from "./frame-types.js";

/** Frames below one another; each partition stays one. */
export function concatStates(states: readonly FrameState[]): FrameState {
  const [first, ...rest] = states;
  const owner = "DistributedDataFrame.concat";
  if (!first) throw new ParameterError(`${owner}: pass at least one frame.`);
  const wanted = Object.entries(schemaOf(first.empty));
  rest.forEach((state, i) => {
    const got = Object.entries(schemaOf(state.empty));
    const at = Math.max(wanted.length, got.length);
    for (let j = 0; j < at; j++) {
      const [name, type] = wanted[j] ?? [];
      const [otherName, otherType] = got[j] ?? [];
      if (name === otherName && type === otherType) continue;
      throw new DataError(
        `${owner}: column ${j} is ${show(name ?? "missing")} (${type ?? "-"}) in frame 0 and ${show(otherName ?? "missing")} (${otherType ?? "-"}) in frame ${i + 1}. ` +
          "Select, rename or cast so that all frames have the same columns.",
      );
    }
  });
  const places = states.flatMap((state) =>
    Array.from({ length: partitionsOf(state) }, (_, index) => ({ plan: planOf(state), index })),
  );
  const plan = new TaskPlan({
    label: "concat",
    partitions: places.length,
    inputs: states.map(planOf),
    bytes: undefined,
    task: (index) => {
      const place = places[index];
      return { fn: FRAME_TASK, args: { verbs: [] }, inputs: place ? [place] : [] };
    },
  });
  const rows = states.every((state) => state.partitionRows)
    ? states.flatMap((state) => state.partitionRows ?? [])
    : undefined;
  return frameState({ kind: "plan", plan }, first.empty, rows);
}

/** The first or last `n` rows in one partition. */
export function limitState(owner: string, state: FrameState, n: number, from: "head" | "tail"): FrameState {
  if (!Number.isInteger(n) || n < 0) throw new ParameterError(`${owner}: n must be an integer >= 0; got ${show(n)}.`);
  const few = withVerb(state, { verb: "limit", args: { rows: n, from } });
  const { partitionRows } = state;
  const total = partitionRows?.reduce((sum, rows) => sum + rows, 0);
  const indices = partitionRows
    ? needed(partitionRows, n, from)
    : Array.from({ length: partitionsOf(state) }, (_, i) => i);
  const input = planOf(few);
  const plan = new TaskPlan({
    label: labelOf(few),
    partitions: 1,
    inputs: [input],
    bytes: undefined,
    task: () => ({
      fn: CONCAT_TASK,
      args: { limit: n, from },
      inputs: indices.map((index) => ({ plan: input, index })),
    }),
  });
  return frameState({ kind: "plan", plan }, state.empty, total === undefined ? undefined : [Math.min(n, total)]);
}

/** The partitions that hold the first or last `n` rows; at least one, for its columns. */
function needed(partitionRows: readonly number[], n: number, from: "head" | "tail"): number[] {
  const order = partitionRows.map((_, i) => i);
  if (from === "tail") order.reverse();
  const chosen: number[] = [];
  let have = 0;
  for (const index of order) {
    if (have >= n && chosen.length > 0) break;
    chosen.push(index);
    have += partitionRows[index] ?? 0;
  }
  return chosen.sort((a, b) => a - b);
}

/** The same rows in `partitions` parts. */
export function repartitionState(state: FrameState, partitions: number): FrameState {
  return piecesState(state, "repartition", repartitionPieces(state.partitionRows, partitionsOf(state), partitions));
}

function piecesState(state: FrameState, verb: string, layout: PieceLayout): FrameState {
  const input = planOf(state);
  const plan = new TaskPlan({
    label: `${labelOf(state)}.${verb}`,
    partitions: layout.pieces.length,
    inputs: [input],
    bytes: input.bytes,
    task: (index) => {
      const pieces = layout.pieces[index] ?? [];
      const spans = pieces.map(({ from, to }) => [from, to] as const);
      return {
        fn: PIECES_TASK,
        args: { unit: layout.unit, spans } as Plain,
        inputs: pieces.map(({ partition }) => ({ plan: input, index: partition })),
      };
    },
  });
  return frameState({ kind: "plan", plan }, state.empty, layout.partitionRows);
}
