import { CounterRng } from "../../base/rng.js";

/** Which columns a tree, its levels and its nodes may split. Plain data. */
export interface ColumnRules {
  /** Shares of the columns, drawn one within the other; 1 unless given. */
  readonly byTree?: number;
  readonly byLevel?: number;
  readonly byNode?: number;
  readonly seed?: number;
  /** Number of the tree. */
  readonly tree?: number;
  /** The column that each column of bins is of, where several may be of one: they are drawn together. */
  readonly sources?: Int32Array;
  /** Sets of columns that may meet on a path; any may unless given. */
  readonly together?: readonly (readonly number[])[];
}

/** Where a node stands, as far as its columns depend on it. */
export interface NodePlace {
  readonly depth: number;
  /** Of the path from the root, so that the order in which a tree grows does not matter. */
  readonly key: number;
  /** Sets of `together` that hold all columns of the path; all unless given. */
  readonly sets?: readonly number[];
}

/** Where the root stands. */
export const ROOT_PLACE: NodePlace = { depth: 0, key: 1 };

/**
 * Draws the columns that each node of one tree may split: first those of the tree, of these those of the level, of these
 * those of the node; `ceil(share × columns)` each time, by counter-based numbers on (seed, tree, path), so that they do not
 * depend on where and when the node is made.
 */
export class NodeColumns {
  readonly #rules: ColumnRules;
  readonly #width: number;
  readonly #rng: CounterRng;
  readonly #tree: readonly number[];
  readonly #levels: (readonly number[])[] = [];

  constructor(width: number, rules: ColumnRules) {
    this.#rules = rules;
    this.#width = rules.sources ? (rules.sources.at(-1) as number) + 1 : width;
    this.#rng = new CounterRng(rules.seed ?? 0, "tree columns");
    const all = Array.from({ length: this.#width }, (_, j) => j);
    this.#tree = this.#draw(all, rules.byTree, "tree", 0);
  }

  /** 1 for each column that may split a node; undefined when all may. */
  of(place: NodePlace): Uint8Array | undefined {
    const { byTree = 1, byLevel = 1, byNode = 1, together } = this.#rules;
    if (byTree >= 1 && byLevel >= 1 && byNode >= 1 && !together) return undefined;
    let columns = this.#level(place.depth);
    if (together) {
      const sets = place.sets ?? together.map((_, k) => k);
      const allowed = new Set(sets.flatMap((k) => together[k] ?? []));
      columns = columns.filter((column) => allowed.has(column));
    }
    const mask = new Uint8Array(this.#width);
    for (const column of this.#draw(columns, byNode, "node", place.key)) mask[column] = 1;
    const { sources } = this.#rules;
    return sources ? Uint8Array.from(sources, (source) => mask[source] as number) : mask;
  }

  /** The places of both children of a node that a column splits. */
  children(place: NodePlace, feature: number): [NodePlace, NodePlace] {
    const { together, sources } = this.#rules;
    const column = sources ? (sources[feature] as number) : feature;
    const sets = together
      ? { sets: (place.sets ?? together.map((_, k) => k)).filter((k) => together[k]?.includes(column)) }
      : {};
    const child = (side: number): NodePlace => ({
      depth: place.depth + 1,
      key: Math.floor(this.#rng.uniform(place.key, 2 + side) * 2 ** 53),
      ...sets,
    });
    return [child(0), child(1)];
  }

  #level(depth: number): readonly number[] {
    return (this.#levels[depth] ??= this.#draw(this.#tree, this.#rules.byLevel, "level", depth));
  }

  #draw(from: readonly number[], share: number | undefined, what: string, index: number): readonly number[] {
    if (share === undefined || share >= 1 || from.length === 0) return from;
    const rng = new CounterRng(this.#rules.seed ?? 0, `columns by ${what} of tree ${this.#rules.tree ?? 0}`);
    const keys = new Map(from.map((column) => [column, rng.uniform(index, column)]));
    const ordered = from.toSorted((a, b) => (keys.get(a) as number) - (keys.get(b) as number) || a - b);
    return ordered.slice(0, Math.max(1, Math.ceil(share * from.length))).toSorted((a, b) => a - b);
  }
}
