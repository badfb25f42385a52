import { blockId } from "../../src/engine/task-memory.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { PACKED_DROP, type BoundedLossCode } from "../../src/kernels/kernels.js";
import { columnsIn, type Column } from "../../src/memory/column.js";
import type { Exchange } from "../../src/engine/team/exchange.js";
import { withTeam, type TeamPlace } from "../../src/engine/team/with-team.js";
import type { Expansion, GrownTree, GrowthRules } from "../../src/numeric/trees/tree-grower.js";
import type { GrowingChunk } from "./boost-chunk.js";
import type { RoundScales } from "./derived-chunk.js";
import { TreeTeam } from "./grow-tree.js";
import { DerivativeBounds, type BoundedRows } from "./round-scales.js";
import { beginTreeStep, type BeginArgs, type IntegerRules } from "./round-tasks.js";
import { addScores } from "./search-tasks.js";
import type { SplitSettings } from "./split-params.js";
import { forRows } from "./tree-values.js";

/** What all trees of a fit keep to. Plain data. */
export interface TreeSettings {
  readonly splits: SplitSettings;
  /** Bins of each column, missing values not counted. */
  readonly bins: Int32Array;
  readonly learningRate: number;
  /** Whether derivatives are packed. */
  readonly packed: boolean;
}

/** The rules of one tree. @param number of the tree, in the whole model */
export function growthRules(
  { splits, bins, learningRate, packed }: TreeSettings,
  scales: RoundScales,
  number: number,
): GrowthRules {
  return {
    ...splits,
    ...(splits.columns ? { columns: { ...splits.columns, tree: number } } : {}),
    gScale: packed ? scales.g / 2 ** PACKED_DROP.g : scales.g,
    hScale: packed ? scales.h / 2 ** PACKED_DROP.h : scales.h,
    bins,
    learningRate,
  };
}

/** Rounds that a team goes through by itself, of a loss whose derivatives have bounds that are known beforehand. */
export interface TeamRounds {
  readonly loss: BoundedLossCode;
  readonly rows: BoundedRows;
  /** What `DerivativeBounds` knows. */
  readonly known: Float64Array;
  /** How the round after each tree begins, but for the scales. */
  readonly next: readonly Omit<IntegerRules, "scales">[];
}

/** What {@link teamStep} is told. */
export interface TeamArgs {
  readonly settings: TreeSettings;
  /** Scales of the tree that has begun, and its number. */
  readonly scales: RoundScales;
  readonly number: number;
  /** One tree is grown, and its rows stay in its leaves, unless given. */
  readonly rounds?: TeamRounds;
}

/** A tree that a team has grown. */
export interface TeamTree {
  readonly tree: GrownTree;
  /** All its splits. */
  readonly expansions: readonly Expansion[];
  /** How the next round began, where the team went on. */
  readonly begun?: { readonly args: BeginArgs; readonly scores: Float64Array };
}

/** What a member has made: its chunks after the last tree, and, if it is the first member, all trees. */
export interface TeamPart {
  readonly chunks: readonly GrowingChunk[];
  readonly trees: readonly TeamTree[];
}

/** Grows trees on a member's chunks together with the other members of its team, who do the same on theirs. */
export function teamStep(
  context: TaskContext,
  { place, ...args }: TeamArgs & { readonly place?: TeamPlace },
  ...inputs: readonly [Column<"i32">, ...GrowingChunk[]] | readonly GrowingChunk[]
): Promise<TeamPart> {
  const shared = place && !place.meeting;
  const [control, ...others] = inputs as readonly [Column<"i32">, ...GrowingChunk[]];
  const chunks = shared ? others : (inputs as readonly GrowingChunk[]);
  return withTeam(context, place, shared ? control : undefined, (team) => growTrees(context, team, args, chunks));
}

async function growTrees(
  context: TaskContext,
  team: Exchange,
  { settings, number, rounds, ...begun }: TeamArgs,
  given: readonly GrowingChunk[],
): Promise<TeamPart> {
  const { memory } = context;
  const grower = new TreeTeam(context, team);
  const bounds = rounds && new DerivativeBounds(rounds.loss, rounds.rows, rounds.known);
  let { scales } = begun;
  let chunks = given;
  const trees: TeamTree[] = [];
  const shown: Column[] = [];
  do {
    const { tree, expansions, rows } = await grower.grow(growthRules(settings, scales, number + trees.length), chunks);
    const split = chunks.map((chunk, c): GrowingChunk => ({ ...chunk, ...rows[c] }));
    if (!rounds || !bounds) {
      trees.push({ tree, expansions });
      chunks = split;
      break;
    }
    bounds.moved(tree);
    scales = bounds.scales();
    const integers = { scales, ...rounds.next[trees.length] };
    const args: BeginArgs = {
      gradients: { kind: "bounded", loss: rounds.loss, ...integers },
      finished: { output: 0, pending: expansions, ...forRows(tree) },
    };
    // The rows have followed all splits.
    const here = { ...args, finished: { ...args.finished, pending: [] } } as BeginArgs;
    chunks = split.map((chunk) => beginTreeStep(context, here, chunk));
    free(memory, [split], [chunks, given]);
    shown.push(memory.columnFrom("f64", chunks.map((chunk) => chunk.scores).reduce(addScores)));
    const all = await team.exchange(shown.at(-1) as Column<"f64">);
    const scores = all.map((column) => memory.copyOut(column)).reduce(addScores);
    bounds.measured(scores[0] as number);
    trees.push({ tree, expansions, begun: { args, scores } });
  } while (trees.length < (rounds?.next.length ?? 0));
  // Nothing that was shown goes before all have read it.
  await team.meet();
  grower.free();
  for (const column of shown) memory.free(column);
  // They are the same for all members: one tells them.
  return { chunks, trees: team.member === 0 ? trees : [] };
}

/** Frees the columns of some values that others do not have. */
function free(memory: TaskContext["memory"], values: unknown, others: unknown): void {
  const kept = new Set(columnsIn(others).map(blockId));
  for (const column of columnsIn(values)) {
    const id = blockId(column);
    if (kept.has(id)) continue;
    kept.add(id);
    memory.free(column);
  }
}

/** A chunk of a member's part. */
export function teamChunkStep(_context: TaskContext, { at }: { readonly at: number }, part: TeamPart): GrowingChunk {
  return part.chunks[at] as GrowingChunk;
}

/** The trees that the first member tells. */
export function teamTreesStep(_context: TaskContext, _args: undefined, part: TeamPart): readonly TeamTree[] {
  return part.trees;
}

/** What a team made of one chunk, by the trees that it has found. */
export function followTreesStep(
  context: TaskContext,
  { begins }: { readonly begins: readonly BeginArgs[] },
  chunk: GrowingChunk,
): GrowingChunk {
  return begins.reduce((own, args) => beginTreeStep(context, args, own), chunk);
}
