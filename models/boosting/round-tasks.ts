import type { TaskContext } from "../../src/engine/engine.js";
import { boostLoss, type BoundedLossCode } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { Expansion } from "../../src/numeric/trees/tree-grower.js";
import type { BoostChunk, DerivedChunk, GrowingChunk } from "./boost-chunk.js";
import { boostChunk, packDerived, type RoundScales } from "./derived-chunk.js";
import { LeafRows, type LeafOrder } from "./leaf-rows.js";
import { sampleRows, type RowSample } from "./row-sample.js";

/** A tree that is complete but for its rows. */
export interface FinishedTree {
  /** The output whose margins it moves. */
  readonly output: number;
  /** Splits that the rows have not followed yet. */
  readonly pending: readonly Expansion[];
  /** Leaves by their number during growth. */
  readonly leaves: readonly { readonly node: number; readonly value: number }[];
  /** For rows it was not grown on: column, last bin to the left, left child, missing values to the left; four a node. */
  readonly nodes: Int32Array;
  /** Sets of bins that go left, eight words each: a node whose last bin is −1 − s has set s. */
  readonly sets: Uint32Array;
  readonly values: Float64Array;
  /** Whether it was grown in another round: all rows follow `nodes`. */
  readonly everywhere?: boolean;
}

/** How derivatives become integers. */
export interface IntegerRules {
  readonly scales: RoundScales;
  /** Random bits of each output's tree, when derivatives are rounded to few bits and packed. */
  readonly packKeys?: readonly number[];
  /** The rows to grow trees on; all unless given. */
  readonly sample?: RowSample;
}

/** Where the integer derivatives of a tree come from. */
export type TreeGradients =
  /** From the margins: scales that suit follow from those before. */
  | ({ readonly kind: "bounded"; readonly loss: BoundedLossCode } & IntegerRules)
  /** From a {@link DerivedChunk}. */
  | ({ readonly kind: "derived" } & IntegerRules)
  /** Made with those of the round's first output. */
  | { readonly kind: "made" };

/** What {@link beginTreeStep} is told. */
export interface BeginArgs {
  readonly gradients: TreeGradients;
  /** The tree before. */
  readonly finished?: FinishedTree;
}

/** Ends a tree (its values go to the margins) and begins the next: integer derivatives, all rows in the root. */
export function beginTreeStep(
  context: TaskContext,
  args: BeginArgs,
  chunk: BoostChunk | DerivedChunk | GrowingChunk,
): GrowingChunk {
  using space = new Workspace(context.memory, chunk.bins.arena);
  const margins = args.finished ? finishTree(context, space, args.finished, chunk) : chunk.margins;
  const { pairs, packed, scores, root, rest } = startingPoint(context, space, args.gradients, { ...chunk, margins });
  return {
    ...boostChunk(chunk),
    margins,
    pairs: pairs[0] as Column<"i32">,
    later: pairs.slice(1),
    packed,
    root,
    rest,
    // Splits write an order of their own, so that this one may be the list of rows itself.
    order: root,
    starts: Int32Array.of(0),
    counts: Int32Array.of(root.length),
    scores,
  };
}

interface StartingPoint extends Pick<GrowingChunk, "root" | "rest" | "scores" | "packed"> {
  readonly pairs: readonly Column<"i32">[];
}

function startingPoint(
  context: TaskContext,
  space: Workspace,
  gradients: TreeGradients,
  chunk: BoostChunk | DerivedChunk | GrowingChunk,
): StartingPoint {
  if (gradients.kind === "made") {
    const { later, packed, scores, root, rest } = chunk as GrowingChunk;
    return { pairs: later, packed, scores, root, rest };
  }
  const rows = sampleRows(context, space.arena, gradients.sample, chunk);
  const { packKeys } = gradients;
  const [own] = packKeys ?? [];
  if (gradients.kind === "bounded" && gradients.loss === boostLoss.logistic && own !== undefined)
    return { ...packedLogistic(context, space, gradients.scales, own, chunk), ...rows };
  const made = integerDerivatives(context, space, gradients, chunk);
  packKeys?.forEach((key, k) =>
    space.kernels.packPairs((made.pairs[k] as Column).offset, chunk.rows, chunk.firstRow, key),
  );
  return { ...made, ...rows, packed: packKeys !== undefined };
}

function packedLogistic(
  context: TaskContext,
  space: Workspace,
  { g, h, loss }: RoundScales,
  key: number,
  chunk: BoostChunk,
): Pick<StartingPoint, "pairs" | "scores" | "packed"> {
  const pairs = context.memory.denseIn("i32", 2 * chunk.rows, 1, space.arena).columns[0] as Column<"i32">;
  const scores = space.zeros(3);
  space.kernels.packedLogistic(
    (chunk.margins[0] as Column).offset,
    chunk.y.offset,
    chunk.w?.offset ?? 0,
    chunk.heldOut?.offset ?? 0,
    chunk.rows,
    chunk.firstRow,
    key,
    g,
    h,
    loss,
    pairs.offset,
    scores.pointer,
  );
  return { pairs: [pairs], scores: scores.values.slice(), packed: true };
}

function integerDerivatives(
  context: TaskContext,
  space: Workspace,
  gradients: Exclude<TreeGradients, { kind: "made" }>,
  chunk: BoostChunk | DerivedChunk,
): Pick<StartingPoint, "pairs" | "scores"> {
  if (gradients.kind === "derived")
    return packDerived(context, space, chunk as DerivedChunk, gradients.scales, gradients.sample);
  const pairs = context.memory.denseIn("i32", 2 * chunk.rows, 1, space.arena).columns[0] as Column<"i32">;
  const scores = space.zeros(3);
  const { g, h, loss } = gradients.scales;
  space.kernels.boostGradients(
    gradients.loss,
    (chunk.margins[0] as Column).offset,
    chunk.y.offset,
    chunk.w?.offset ?? 0,
    chunk.heldOut?.offset ?? 0,
    chunk.rows,
    g,
    h,
    loss,
    pairs.offset,
    scores.pointer,
  );
  return { pairs: [pairs], scores: scores.values.slice() };
}

/** The margins with a tree's values added; a chunk that grows no trees moves its held rows. */
export function finishTree(
  context: TaskContext,
  space: Workspace,
  { output, pending, leaves, nodes, sets, values, everywhere = false }: FinishedTree,
  chunk: BoostChunk | GrowingChunk,
): Column<"f64">[] {
  const { memory } = context;
  const { kernels } = space;
  const margin = memory.denseIn("f64", chunk.rows, 1, space.arena).columns[0] as Column<"f64">;
  kernels.copy(margin.offset, (chunk.margins[output] as Column).offset, chunk.rows * 8);
  if ("order" in chunk && !everywhere) {
    const moved = pending.length > 0 ? splitRows(context, space, pending, chunk) : chunk;
    for (const { node, value } of leaves) {
      kernels.addAtRows(
        moved.order.offset + 4 * (moved.starts[node] as number),
        moved.counts[node] as number,
        value,
        margin.offset,
      );
    }
  }
  const rest = "rest" in chunk ? chunk.rest : chunk.held;
  const lists = (everywhere ? [chunk.train, chunk.held] : [rest]).filter(({ length }) => length > 0);
  if (lists.length > 0) {
    const table = space.words(nodes);
    const words = sets.length > 0 ? space.words(sets) : 0;
    const own = space.vector(values);
    for (const list of lists) {
      kernels.addTreeBins(chunk.bins.offset, chunk.stride, list.offset, list.length, table, words, own, margin.offset);
    }
  }
  return chunk.margins.map((own, k) => (k === output ? margin : own));
}

/** Splits the rows of some nodes. */
export function splitStep(
  context: TaskContext,
  args: { expansions: readonly Expansion[] },
  chunk: GrowingChunk,
): GrowingChunk {
  using space = new Workspace(context.memory, chunk.bins.arena);
  return { ...chunk, ...splitRows(context, space, args.expansions, chunk) };
}

function splitRows(
  context: TaskContext,
  space: Workspace,
  expansions: readonly Expansion[],
  chunk: GrowingChunk,
): LeafOrder {
  const rows = new LeafRows(context.memory, space, chunk);
  rows.split(expansions);
  return rows.now;
}

/** The scores of a chunk alone. */
export function scoreStep(_context: TaskContext, _args: undefined, chunk: GrowingChunk): { scores: Float64Array } {
  return { scores: chunk.scores };
}
