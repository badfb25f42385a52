import { isCategorical, type TreeEnsemble } from "./tree-ensemble.js";

/** What columns and codes are called. */
export interface TreeWords {
  readonly names?: readonly string[] | undefined;
  /** Texts of columns of categories, by code. */
  readonly texts?: readonly (readonly string[] | null)[] | undefined;
}

/** Trees as text, a node a line, indented by depth: its question, children, gain and rows, or what a leaf adds. */
export function dumpText(trees: TreeEnsemble, words: TreeWords = {}, only?: readonly number[]): string {
  const { offsets, feature, left, value, gain, count, cover, missingLeft, outputs = 1 } = trees;
  const lines: string[] = [];
  const number = (x: number): string => String(Number(x.toPrecision(9)));
  for (const t of only ?? Array.from({ length: offsets.length - 1 }, (_, k) => k)) {
    const root = offsets[t] as number;
    lines.push(`tree ${t}${outputs > 1 ? `, output ${t % outputs}` : ""}`);
    const stack: [node: number, depth: number][] = [[0, 0]];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const [node, depth] = top;
      const k = root + node;
      const rows = `${cover ? `, cover ${number(cover[k] as number)}` : ""}, rows ${number(count[k] as number)}`;
      const indent = "  ".repeat(depth + 1);
      const column = feature[k] as number;
      if (column < 0) {
        lines.push(`${indent}${node}: leaf ${number(value[k] as number)}${rows}`);
        continue;
      }
      const child = left[k] as number;
      lines.push(
        `${indent}${node}: ${questionOf(trees, k, words)} ? ${child} : ${child + 1}, missing ${missingLeft[k] === 1 ? child : child + 1}, ` +
          `gain ${number(gain[k] as number)}${rows}`,
      );
      stack.push([child + 1, depth + 1], [child, depth + 1]);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** What node k (counted over all trees) asks: true goes left. */
export function questionOf(trees: TreeEnsemble, k: number, { names, texts }: TreeWords = {}): string {
  const column = trees.feature[k] as number;
  const name = names?.[column] ?? `x${column}`;
  if (!isCategorical(trees, k)) {
    const threshold = trees.threshold[k] as number;
    return threshold === Infinity ? `${name} is there` : `${name} <= ${Number(threshold.toPrecision(9))}`;
  }
  const { categoryOffsets, categoryBits } = trees as Required<TreeEnsemble>;
  const codes: number[] = [];
  for (let word = categoryOffsets[k] as number; word < (categoryOffsets[k + 1] as number); word++)
    for (let bit = 0; bit < 32; bit++)
      if (((categoryBits[word] as number) >>> bit) & 1) codes.push(32 * (word - (categoryOffsets[k] as number)) + bit);
  const known = texts?.[column];
  // Codes beyond the list are bits of missing values.
  const list = known ? codes.flatMap((code) => (code < known.length ? [JSON.stringify(known[code])] : [])) : codes;
  if (known && list.length === 0) return `${name} is missing`;
  return `${name} in {${list.join(", ")}}`;
}
