import { CounterRng } from "../../../base/rng.js";
import { MISSING_BIN } from "../../../kernels/kernels.js";
import { ColumnScan, type Candidate, type TreeRows } from "./column-scan.js";
import { impurityScore, type Impurity } from "./impurity.js";

/** How the trees of a forest grow. Plain data. */
export interface ForestRules {
  readonly impurity: Impurity;
  /** Whether each column is cut at random, as in extremely randomised trees. */
  readonly random: boolean;
  /** Columns that each node draws. */
  readonly maxFeatures: number;
  readonly maxDepth: number;
  readonly maxLeafNodes: number;
  readonly minSamplesLeaf: number;
  readonly minSamplesSplit: number;
  /** Of the impurity, times the node's share of the weight. */
  readonly minImpurityDecrease: number;
  readonly seed: number;
  /** Thresholds between the bins of each column. */
  readonly thresholds: readonly Float64Array[];
}

/** One grown tree: children side by side and after their parent; a leaf has feature −1. */
export interface ForestTree {
  readonly feature: Int32Array;
  readonly bin: Int32Array;
  readonly missingLeft: Uint8Array;
  readonly left: Int32Array;
  /** Sums of each node's rows, node after node: weights of the classes, or Σw and Σwy. Integers. */
  readonly sums: Float64Array;
  /** Weight times decrease of the impurity. */
  readonly gain: Float64Array;
  /** Rows of each node. */
  readonly count: Float64Array;
}

interface Node {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
  readonly sums: Float64Array;
  split?: Candidate & { readonly gain: number };
}

/**
 * Grows one tree on rows that are all here (Breiman, "Classification and regression trees", 1984), with the columns of each
 * node drawn anew (Breiman, "Random forests", 2001) and, if `random`, one random cut a column (Geurts, Ernst and Wehenkel,
 * "Extremely randomized trees", 2006). Of equal scores the first column, then the smallest bin wins. A node draws further
 * columns while those it drew are constant or cannot be cut, as in scikit-learn.
 *
 * @param list rows of the tree; their order does not matter
 * @param tree number of the tree, for its random numbers
 * @param onNode called for each node
 */
export function growTree(
  rows: TreeRows,
  list: Int32Array,
  rules: ForestRules,
  tree: number,
  onNode: () => void = () => {},
): ForestTree {
  const scan = new ColumnScan(rows, rules.impurity, rules.minSamplesLeaf);
  const draws = new CounterRng(rules.seed, `columns of tree ${tree}`);
  const cuts = new CounterRng(rules.seed, `cuts of tree ${tree}`);
  const order = list.slice();
  const scratch = new Int32Array(order.length);
  const all = scan.nodeSums(order, 0, order.length);
  const least = rules.minImpurityDecrease * (rows.classes > 0 ? all.reduce((a, b) => a + b, 0) : (all[0] as number));
  const nodes: Node[] = [];
  const left: number[] = [];
  const make = (from: number, to: number, depth: number): Node => {
    onNode();
    const node: Node = { id: nodes.length, from, to, depth, sums: scan.nodeSums(order, from, to) };
    nodes.push(node);
    left.push(0);
    const count = to - from;
    if (
      depth >= rules.maxDepth ||
      count < rules.minSamplesSplit ||
      count < 2 * rules.minSamplesLeaf ||
      isPure(rows, order, node)
    )
      return node;
    const score = impurityScore(rules.impurity, node.sums);
    const split = chooseSplit(rows, rules, scan, order, node, draws, cuts);
    if (!split) return node;
    const gain = split.score - score;
    // Room for the rounding of a gain of nothing.
    if (gain + 1e-12 * Math.abs(score) >= least) node.split = { ...split, gain: Math.max(0, gain) };
    return node;
  };
  const open = [make(0, order.length, 0)];
  let leaves = 1;
  while (open.length > 0 && leaves < rules.maxLeafNodes) {
    const node = rules.maxLeafNodes === Infinity ? (open.pop() as Node) : takeBest(open);
    const split = node?.split;
    if (!node || !split) continue;
    const middle = partition(rows, order, scratch, node, split);
    left[node.id] = nodes.length;
    const children = [make(node.from, middle, node.depth + 1), make(middle, node.to, node.depth + 1)];
    // Depth first, left before right.
    open.push(...children.filter((child) => child.split).reverse());
    leaves += 1;
  }
  const size = all.length;
  const sums = new Float64Array(nodes.length * size);
  nodes.forEach((node, k) => sums.set(node.sums, k * size));
  const inner = (k: number): Node["split"] => ((left[k] as number) > 0 ? nodes[k]?.split : undefined);
  const each = (of: (split: NonNullable<Node["split"]>) => number, leaf: number): number[] =>
    nodes.map((_, k) => {
      const split = inner(k);
      return split ? of(split) : leaf;
    });
  return {
    feature: Int32Array.from(each((split) => split.feature, -1)),
    bin: Int32Array.from(each((split) => middleBin(split, rules.thresholds[split.feature] as Float64Array), 0)),
    missingLeft: Uint8Array.from(each((split) => Number(split.missingLeft), 0)),
    left: Int32Array.from(left),
    sums,
    gain: Float64Array.from(each((split) => split.gain, 0)),
    count: Float64Array.from(nodes, ({ from, to }) => to - from),
  };
}

/** Rows of one tree's leaves by their bins: the node that each row ends in. */
export function leafOf(tree: ForestTree, columns: Uint8Array, rows: number, row: number): number {
  let node = 0;
  for (;;) {
    const feature = tree.feature[node] as number;
    if (feature < 0) return node;
    const bin = columns[feature * rows + row] as number;
    const toLeft = bin === MISSING_BIN ? tree.missingLeft[node] === 1 : bin <= (tree.bin[node] as number);
    node = (tree.left[node] as number) + (toLeft ? 0 : 1);
  }
}

// Of equal gains the older.
function takeBest(open: Node[]): Node {
  let at = 0;
  open.forEach((node, k) => {
    const best = open[at] as Node;
    const more = (node.split?.gain ?? 0) - (best.split?.gain ?? 0);
    if (more > 0 || (more === 0 && node.id < best.id)) at = k;
  });
  return open.splice(at, 1)[0] as Node;
}

function isPure(rows: TreeRows, order: Int32Array, node: Node): boolean {
  if (rows.classes > 0) return node.sums.filter((sum) => sum > 0).length <= 1;
  const first = rows.y[order[node.from] as number];
  for (let i = node.from + 1; i < node.to; i++) if (rows.y[order[i] as number] !== first) return false;
  return true;
}

function chooseSplit(
  rows: TreeRows,
  rules: ForestRules,
  scan: ColumnScan,
  order: Int32Array,
  node: Node,
  draws: CounterRng,
  cuts: CounterRng,
): Candidate | undefined {
  const { from, to, id, sums } = node;
  const { width } = rows;
  const count = to - from;
  const some = rules.maxFeatures < width;
  const columns = Array.from({ length: width }, (_, j) => j);
  let best: Candidate | undefined;
  let tried = 0;
  for (let k = 0; k < width; k++) {
    if (tried >= rules.maxFeatures && best) break;
    if (some) {
      const other = k + draws.integer(id, width - k, k);
      [columns[k], columns[other]] = [columns[other] as number, columns[k] as number];
    }
    const feature = columns[k] as number;
    const range = scan.fill(order, from, to, feature);
    if (!range) continue;
    tried += 1;
    // Drawn columns come in any order: of equal scores the first column is taken all the same.
    const floor = best ? best.score : -Infinity;
    let own: Candidate | undefined;
    if (rules.random) {
      const bin = randomBin(rules.thresholds[feature] as Float64Array, range, cuts.uniform(id, 2 * feature));
      own = scan.at(feature, bin, cuts.uniform(id, 2 * feature + 1) < 0.5, sums, count);
    } else own = scan.best(feature, sums, count, some ? below(floor) : floor);
    scan.clear();
    if (own && (!best || own.score > best.score || (own.score === best.score && feature < best.feature))) best = own;
  }
  return best;
}

// A score that is just not better, so that equal ones are seen.
function below(score: number): number {
  return score === -Infinity ? score : score - Math.abs(score) * Number.EPSILON - Number.MIN_VALUE;
}

// Uniform between the values of the outer bins, as far as thresholds tell them; the cut is the threshold there.
function randomBin(thresholds: Float64Array, { low, high }: { low: number; high: number }, u: number): number {
  if (low >= high) return low;
  const first = thresholds[low] as number;
  const last = thresholds[high - 1] as number;
  const before = low > 0 ? (first - (thresholds[low - 1] as number)) / 2 : ((thresholds[low + 1] ?? first) - first) / 2;
  const after =
    high < thresholds.length ? ((thresholds[high] as number) - last) / 2 : (last - (thresholds[high - 2] ?? last)) / 2;
  const cut = first - before + u * (last + after - (first - before));
  // The nearest threshold.
  let bin = low;
  while (bin < high - 1 && cut > ((thresholds[bin] as number) + (thresholds[bin + 1] as number)) / 2) bin++;
  return bin;
}

// Bins between both sides that the node has no rows in: the threshold in the middle of the gap parts them.
function middleBin({ bin, next }: Candidate, thresholds: Float64Array): number {
  if (next === MISSING_BIN) return thresholds.length;
  const middle = (thresholds[bin] as number) / 2 + (thresholds[next - 1] as number) / 2;
  let at = bin;
  while (
    at < next - 1 &&
    Math.abs((thresholds[at + 1] as number) - middle) < Math.abs((thresholds[at] as number) - middle)
  )
    at++;
  return at;
}

// Keeps the order of the rows on both sides.
function partition(rows: TreeRows, order: Int32Array, scratch: Int32Array, node: Node, split: Candidate): number {
  const column = rows.columns.subarray(split.feature * rows.rows, (split.feature + 1) * rows.rows);
  let at = node.from;
  let other = 0;
  for (let i = node.from; i < node.to; i++) {
    const row = order[i] as number;
    const bin = column[row] as number;
    const toLeft = bin === MISSING_BIN ? split.missingLeft : bin <= split.bin;
    if (toLeft) order[at++] = row;
    else scratch[other++] = row;
  }
  order.set(scratch.subarray(0, other), at);
  return at;
}
