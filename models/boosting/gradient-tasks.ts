import type { TaskContext } from "../../src/engine/engine.js";
import { binaryOp } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk, DerivedChunk, GrowingChunk } from "./boost-chunk.js";
import { callObjective } from "./custom-objective.js";
import { boostChunk, lossSums } from "./derived-chunk.js";
import type { Objective } from "./objectives.js";
import { rankingGroup, type RankingRules } from "./ranking-loss.js";
import { finishTree, type FinishedTree } from "./round-tasks.js";

/** What {@link deriveStep} is told. */
export interface DeriveArgs {
  readonly owner: string;
  readonly objective: Objective;
  /** The tree before. */
  readonly finished?: FinishedTree;
  /** Trees whose values go to the margins of all rows, by their bins. */
  readonly moves?: readonly FinishedTree[];
  /** Added to the margins first, one an output. */
  readonly start?: Float64Array;
}

/** Ends a tree and finds losses and derivatives at the new margins, of all outputs, in doubles. */
export async function deriveStep(
  context: TaskContext,
  args: DeriveArgs,
  chunk: BoostChunk | GrowingChunk,
): Promise<DerivedChunk> {
  const { memory } = context;
  using space = new Workspace(memory, chunk.bins.arena);
  const { kernels } = space;
  const doubles = (): Column<"f64"> => memory.denseIn("f64", chunk.rows, 1, space.arena).columns[0] as Column<"f64">;
  let margins = args.finished ? finishTree(context, space, args.finished, chunk) : chunk.margins;
  for (const move of args.moves ?? []) margins = finishTree(context, space, move, { ...chunk, margins });
  if (args.start) {
    const { start } = args;
    margins = margins.map((margin, k) => {
      const moved = doubles();
      kernels.binaryScalar(binaryOp.add, margin.offset, start[k] as number, 0, chunk.rows, moved.offset);
      return moved;
    });
  }
  const { objective } = args;
  const g = margins.map(doubles);
  const h = margins.map(doubles);
  const losses = doubles();
  const w = chunk.w?.offset ?? 0;
  if (objective.kind === "softmax") {
    const tables = [margins, g, h].map((columns) => space.table(columns)) as [number, number, number];
    kernels.boostSoftmax(tables[0], margins.length, chunk.y.offset, w, chunk.rows, tables[1], tables[2], losses.offset);
  } else if (objective.kind === "custom") {
    const out = { g: memory.view(g[0] as Column<"f64">), h: memory.view(h[0] as Column<"f64">) };
    const called = { owner: args.owner, fn: objective.fn };
    await callObjective(context, called, { ...chunk, margins }, { ...out, losses: memory.view(losses) });
  } else if (objective.kind === "ranking") {
    const out = [g[0], h[0], losses].map((column) => memory.view(column as Column<"f64">).fill(0));
    rankGroups(context, objective.rules, { ...chunk, margins }, out as [Float64Array, Float64Array, Float64Array]);
  } else {
    const { loss, parameters } = objective;
    const own = margins.length > 1 ? doubles() : losses;
    if (own !== losses) memory.view(losses).fill(0);
    margins.forEach((margin, k) => {
      const out = [(g[k] as Column).offset, (h[k] as Column).offset, own.offset] as const;
      kernels.boostDerivatives(loss, parameters[k] as number, margin.offset, chunk.y.offset, w, chunk.rows, ...out);
      if (own !== losses) kernels.binary(binaryOp.add, losses.offset, own.offset, chunk.rows, losses.offset);
    });
  }
  const most = Float64Array.of(
    largest(context, chunk, g),
    largest(context, chunk, h),
    largest(context, chunk, [losses]),
  );
  return { ...boostChunk(chunk), margins, g, h, losses, most };
}

// The loss of a group, 1 − NDCG, stands at its first row that takes part.
function rankGroups(
  context: TaskContext,
  rules: RankingRules,
  chunk: BoostChunk,
  [g, h, losses]: [Float64Array, Float64Array, Float64Array],
): void {
  const { memory } = context;
  const margin = memory.view(chunk.margins[0] as Column<"f64">);
  const y = memory.view(chunk.y);
  const w = chunk.w ? memory.view(chunk.w) : undefined;
  const groups = chunk.groups as Int32Array;
  for (let k = 0; k + 1 < groups.length; k++) {
    context.throwIfAborted();
    const rows: number[] = [];
    for (let i = groups[k] as number; i < (groups[k + 1] as number); i++) if (w?.[i] !== 0) rows.push(i);
    if (rows.length === 0) continue;
    const pick = (from: Float64Array): Float64Array => Float64Array.from(rows, (i) => from[i] as number);
    const [own, curve] = [new Float64Array(rows.length), new Float64Array(rows.length)];
    losses[rows[0] as number] = 1 - rankingGroup(pick(margin), pick(y), rules, own, curve);
    rows.forEach((i, at) => {
      const weight = w ? (w[i] as number) : 1;
      g[i] = (own[at] as number) * weight;
      h[i] = (curve[at] as number) * weight;
    });
  }
}

// Of the rows that take part; NaN where any is.
function largest(context: TaskContext, chunk: BoostChunk, columns: readonly Column<"f64">[]): number {
  let most = 0;
  for (const column of columns) {
    const values = context.memory.view(column);
    for (const rows of [chunk.train, chunk.held]) {
      for (const i of context.memory.view(rows)) {
        const size = Math.abs(values[i] as number);
        if (!(size <= most)) most = size;
        if (Number.isNaN(most)) return most;
      }
    }
  }
  return most;
}

/** Bounds of a chunk's derivatives and losses. */
export function mostStep(_context: TaskContext, _args: undefined, chunk: DerivedChunk): Float64Array {
  return chunk.most;
}

/** {@link lossSums} of a chunk that grows no more trees. */
export function lossStep(context: TaskContext, args: { scale: number }, chunk: DerivedChunk): { scores: Float64Array } {
  return { scores: lossSums(context, chunk, args.scale) };
}
