import { NodeColumns, ROOT_PLACE, type ColumnRules, type NodePlace } from "./node-columns.js";
import { childLimits, NO_LIMITS } from "./split-rules.js";
import { nodeStep, type NodeLimits, type NodeSums, type Split, type SplitRules } from "./split-search.js";

/** How a tree grows. */
export interface GrowthRules extends SplitRules {
  /** Most leaves; Infinity for no limit. */
  readonly maxLeafNodes: number;
  /** Most edges from the root to a leaf; Infinity for no limit. */
  readonly maxDepth: number;
  readonly learningRate: number;
  /** Which leaf is split next: that of largest gain (as unless given), or level by level from the oldest. */
  readonly growth?: "leaf" | "depth";
  /** Which columns a node may split; all unless given. */
  readonly columns?: ColumnRules;
}

/** A node of a growing tree whose rows are to be split. */
export interface Expansion {
  /** Nodes are numbered in the order in which they are made; the root is 0. */
  readonly node: number;
  readonly left: number;
  readonly right: number;
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  /** The bins that go left, of a column of categories; see `Split`. */
  readonly set?: Uint32Array;
  /** The child whose histogram is to be counted; the other's is what is left of the parent's. −1 when none is needed. */
  readonly measured: number;
}

/** A node whose best split is to be found. Plain data. */
export interface NodeSearch {
  readonly node: number;
  /** Sums of its rows; those of its histogram unless given. */
  readonly sums?: NodeSums;
  readonly limits: NodeLimits;
}

/** What a search finds. Plain data. */
export interface FoundSplit {
  readonly sums: NodeSums;
  /** Null when nothing is gained. */
  readonly split: Split | null;
}

/** What a growing tree asks for. Plain data. */
export interface GrowthRequest {
  /** Splits to carry out, parents before children. */
  readonly expansions: readonly Expansion[];
  /** Nodes to search, among them children of the expansions. */
  readonly searches: readonly NodeSearch[];
  /** Nodes whose histograms may be needed later, besides those that are searched now. */
  readonly open: readonly number[];
}

/** A grown tree: nodes level by level, siblings side by side; a leaf has feature −1. */
export interface GrownTree {
  readonly feature: Int32Array;
  readonly bin: Int32Array;
  readonly missingLeft: Uint8Array;
  /** The left child; the right one follows it. 0 for leaves. */
  readonly left: Int32Array;
  /** What a leaf adds, learning rate included; 0 for inner nodes. */
  readonly value: Float64Array;
  /** Gain of an inner node's split. */
  readonly gain: Float64Array;
  /** Rows of each node. */
  readonly count: Float64Array;
  /** Sum of the second derivatives of each node's rows. */
  readonly cover: Float64Array;
  /** Bins that go left where a split is by category: bit b mod 32 of word b / 32; undefined for nodes without a set. */
  readonly sets?: readonly (Uint32Array | undefined)[];
  /** Number during growth of each leaf, and its value: the rows to move. */
  readonly leaves: readonly { readonly node: number; readonly value: number }[];
}

// What the root has before it is searched.
const NOTHING: NodeSums = { g: 0, h: 0, count: 0 };

interface Node {
  readonly id: number;
  readonly depth: number;
  sums: NodeSums;
  readonly place: NodePlace;
  readonly limits: NodeLimits;
  split?: Split | undefined;
  left?: Node;
  right?: Node;
  /** Whether its split is part of the tree, and not only a guess. */
  committed: boolean;
}

/**
 * Grows one tree leaf by leaf, always the leaf of largest gain next (of equal ones that whose parent was split first, left
 * before right). Where requests are dear there are few of them: a request holds the leaf that has to be split and those that
 * probably will be, up to a third of the splits that are left. The tree is exactly the one that grows leaf by leaf; guesses
 * that were wrong are dropped.
 *
 * @example
 * ```ts
 * const grower = new TreeGrower(rules);
 * for (let asked = grower.next(); asked; asked = grower.next()) grower.accept(search(asked));
 * const tree = grower.finish();
 * ```
 */
export class TreeGrower {
  readonly #rules: GrowthRules;
  readonly #columns: NodeColumns;
  /** Which of two leaves comes first. */
  readonly #order: (a: Node, b: Node) => number;
  readonly #root: Node;
  #nodes = 1;
  #splitsLeft: number;
  /** Leaves of the tree so far that have a split, in the order in which they became leaves of it. */
  readonly #frontier: Node[] = [];
  /** Nodes with a split whose children are not made. */
  readonly #open = new Set<Node>();
  #pending: Expansion[] = [];
  /** Nodes that are searched. */
  #asked: Node[] = [];
  readonly #guesses: boolean;

  /** @param guesses whether to ask for splits that the tree may turn out not to have */
  constructor(rules: GrowthRules, guesses = true) {
    this.#rules = rules;
    this.#guesses = guesses;
    this.#splitsLeft = rules.maxLeafNodes - 1;
    this.#columns = new NodeColumns(rules.bins.length, rules.columns ?? {});
    this.#order = rules.growth === "depth" ? byDepth : byGain;
    const limits = this.#limited(NO_LIMITS, ROOT_PLACE);
    this.#root = { id: 0, depth: 0, sums: NOTHING, place: ROOT_PLACE, limits, committed: false };
  }

  /** What has to be done before the next {@link accept}, the root's search first; undefined when the tree is complete. */
  next(): GrowthRequest | undefined {
    if (this.#root.sums === NOTHING) {
      this.#asked = [this.#root];
      return { expansions: [], searches: [{ node: 0, limits: this.#root.limits }], open: [] };
    }
    for (;;) {
      const best = this.#advance();
      if (!best) return undefined;
      const size = Number.isFinite(this.#splitsLeft) ? this.#ahead() : this.#open.size;
      const guesses = [...this.#open].filter((node) => node !== best).sort(this.#order);
      for (const node of [best, ...guesses.slice(0, Math.max(0, size - 1))]) this.#expand(node);
      if (this.#asked.length > 0) {
        return {
          expansions: this.takePending(),
          searches: this.#asked.map(({ id, sums, limits }) => ({ node: id, sums, limits })),
          open: Array.from(this.#open, ({ id }) => id),
        };
      }
    }
  }

  /** Leaves to split in one round. Level by level nothing has to be guessed. */
  #ahead(): number {
    if (this.#order === byDepth) return this.#splitsLeft;
    return this.#guesses ? Math.ceil(this.#splitsLeft / 3) : 1;
  }

  #limited(limits: NodeLimits, place: NodePlace): NodeLimits {
    const columns = this.#columns.of(place);
    return columns ? { ...limits, columns } : limits;
  }

  /** Splits that the rows have not followed yet; they have to before the leaves' values are added. */
  takePending(): readonly Expansion[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }

  /** What was found, in the order of the searches. */
  accept(found: readonly FoundSplit[]): void {
    this.#asked.forEach((node, k) => {
      const { sums, split } = found[k] as FoundSplit;
      node.sums = sums;
      if (!split || !this.#mayExpand(node)) return;
      node.split = split;
      this.#open.add(node);
      if (node === this.#root) this.#frontier.push(node);
    });
    this.#asked = [];
  }

  /** The tree. */
  finish(): GrownTree {
    const order = [this.#root];
    const left: number[] = [];
    const splits: (Split | undefined)[] = [];
    for (const node of order) {
      const split = node.committed ? node.split : undefined;
      splits.push(split);
      left.push(split ? order.length : 0);
      if (split) order.push(node.left as Node, node.right as Node);
    }
    const step = (node: Node): number => this.#rules.learningRate * nodeStep(node.sums, this.#rules, node.limits);
    return {
      feature: Int32Array.from(splits, (split) => split?.feature ?? -1),
      bin: Int32Array.from(splits, (split) => split?.bin ?? 0),
      missingLeft: Uint8Array.from(splits, (split) => Number(split?.missingLeft ?? false)),
      ...(splits.some((split) => split?.set) ? { sets: splits.map((split) => split?.set) } : {}),
      left: Int32Array.from(left),
      value: Float64Array.from(order, (node, k) => (splits[k] ? 0 : step(node))),
      gain: Float64Array.from(splits, (split) => split?.gain ?? 0),
      count: Float64Array.from(order, (node) => node.sums.count),
      cover: Float64Array.from(order, (node) => node.sums.h / this.#rules.hScale),
      leaves: order.filter((_, k) => !splits[k]).map((node) => ({ node: node.id, value: step(node) })),
    };
  }

  /** Takes splits that are known into the tree; the leaf that has to be split next and is not, or undefined at the end. */
  #advance(): Node | undefined {
    while (this.#splitsLeft > 0) {
      let at = -1;
      this.#frontier.forEach((node, k) => {
        if (at < 0 || this.#order(node, this.#frontier[at] as Node) < 0) at = k;
      });
      const best = this.#frontier[at];
      if (!best) return undefined;
      if (!best.left) {
        if (this.#splitsLeft > 1) return best;
        // The last split needs no histograms: nothing is split after it.
        this.#makeChildren(best, -1);
      }
      this.#frontier.splice(at, 1);
      best.committed = true;
      this.#splitsLeft -= 1;
      this.#reach(best);
    }
    return undefined;
  }

  #reach(parent: Node): void {
    for (const child of [parent.left, parent.right]) if (child?.split) this.#frontier.push(child);
  }

  #expand(node: Node): void {
    const split = node.split as Split;
    const needed = [split.left, split.right].some((sums) => this.#mayExpand({ depth: node.depth + 1, sums }));
    // The child with fewer rows is counted.
    const side = split.left.count <= split.right.count ? 0 : 1;
    const children = this.#makeChildren(node, needed ? this.#nodes + side : -1);
    this.#asked.push(...children.filter((child) => this.#mayExpand(child)));
  }

  #mayExpand({ depth, sums }: Pick<Node, "depth" | "sums">): boolean {
    const { maxDepth, minSamplesLeaf, maxLeafNodes } = this.#rules;
    return maxLeafNodes > 1 && depth < maxDepth && sums.count >= 2 * minSamplesLeaf && sums.count > 1;
  }

  #makeChildren(node: Node, measured: number): [Node, Node] {
    const split = node.split as Split;
    const { feature, bin, missingLeft, set, left: a, right: b } = split;
    const [below, above] = childLimits(split, this.#rules, node.limits);
    const [first, second] = this.#columns.children(node.place, feature);
    const child = (id: number, sums: NodeSums, place: NodePlace, limits: NodeLimits): Node => ({
      id,
      depth: node.depth + 1,
      sums,
      place,
      limits: this.#limited(limits, place),
      committed: false,
    });
    const left = child(this.#nodes, a, first, below);
    const right = child(this.#nodes + 1, b, second, above);
    this.#nodes += 2;
    node.left = left;
    node.right = right;
    this.#open.delete(node);
    const how = { feature, bin, missingLeft, ...(set ? { set } : {}) };
    this.#pending.push({ node: node.id, left: left.id, right: right.id, ...how, measured });
    return [left, right];
  }
}

// Equals stay in their order. Numbers of nodes would not do: they depend on what was guessed.
function byGain(a: Node, b: Node): number {
  return (b.split as Split).gain - (a.split as Split).gain;
}

function byDepth(a: Node, b: Node): number {
  return a.depth - b.depth;
}
