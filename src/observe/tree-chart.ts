import { ParameterError, show } from "../base/errors.js";
import { escape, FONT, GREY, INK } from "./draw-chart.js";
import { num, short } from "./svg-page.js";

/** A node of a tree to be drawn, with what hangs below it. */
export interface TreeChartNode {
  /** What stands in its box, the first line bold. */
  readonly lines: readonly string[];
  /** Left and right, with what stands at the lines to them. */
  readonly children?: readonly [TreeChartNode, TreeChartNode];
  readonly edges?: readonly [string, string];
  /** From 0 to 1: how strong the colour of its box is. */
  readonly weight?: number;
}

/** Options of {@link treeChart}. */
export interface TreeChartOptions {
  readonly root: TreeChartNode;
  readonly title?: string;
  /** Levels of nodes below the root that are drawn; what is below stands as "…" with the number of its nodes. 4 unless given. */
  readonly maxDepth?: number;
  /** Characters of a line, longer ones are cut; 34 unless given. */
  readonly maxText?: number;
}

const LINE = 16;
const PAD = 8;
const GAP = { x: 18, y: 46 };
// The font's average width at 12 pixels, with room.
const CHARACTER = 6.9;

interface Placed {
  readonly lines: readonly string[];
  readonly leaf: boolean;
  readonly weight: number;
  readonly depth: number;
  readonly edges: readonly [string, string];
  readonly children: readonly Placed[];
  readonly width: number;
  x: number;
}

/**
 * A binary tree as SVG: boxes level by level from the root down, leaves side by side, no boxes that overlap. The picture is as
 * wide as its leaves need; `maxDepth` keeps that readable.
 *
 * @throws ParameterError for a maxDepth that is not a whole number from 1
 */
export function treeChart({ root, title, maxDepth = 4, maxText = 34 }: TreeChartOptions): string {
  if (!(Number.isInteger(maxDepth) && maxDepth >= 1))
    throw new ParameterError(`treeChart: maxDepth must be a whole number from 1; got ${show(maxDepth)}.`);
  const placed = place(root, 0, maxDepth, maxText);
  const all = nodesOf(placed);
  const top = title === undefined ? 20 : 50;
  const levels = Math.max(...all.map(({ depth }) => depth)) + 1;
  const tallest = Array.from({ length: levels }, (_, depth) =>
    Math.max(...all.filter((node) => node.depth === depth).map(({ lines }) => lines.length)),
  );
  const heights = tallest.map((lines) => lines * LINE + 2 * PAD);
  const tops = heights.map((_, depth) => heights.slice(0, depth).reduce((sum, height) => sum + height + GAP.y, top));
  spread(placed, 20);
  const titleWidth = 40 + 10 * (title?.length ?? 0);
  const width = Math.ceil(Math.max(titleWidth, ...all.map((node) => node.x + node.width / 2 + 20)));
  const height = (tops.at(-1) as number) + (heights.at(-1) as number) + 20;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="12" fill="${INK}" text-anchor="middle">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
  ];
  if (title !== undefined) parts.push(`<text x="20" y="30" text-anchor="start" font-size="17">${escape(title)}</text>`);
  for (const node of all) {
    const y = tops[node.depth] as number;
    const bottom = y + boxHeight(node);
    node.children.forEach((child, side) => {
      const [from, to] = [num(node.x), num(child.x)];
      const end = tops[child.depth] as number;
      parts.push(
        `<path d="M${from},${bottom}C${from},${bottom + 22} ${to},${end - 26} ${to},${end}" fill="none" stroke="${GREY}" stroke-width="1.25"/>`,
        `<text x="${to}" y="${end - 7}" font-size="11" stroke="white" stroke-width="4" paint-order="stroke">${escape(node.edges[side] as string)}</text>`,
      );
    });
  }
  for (const node of all) parts.push(box(node, tops[node.depth] as number));
  return `${parts.join("\n")}\n</svg>\n`;
}

function boxHeight({ lines }: Placed): number {
  return lines.length * LINE + 2 * PAD;
}

function box({ lines, leaf, weight, x, width, ...node }: Placed, y: number): string {
  const height = boxHeight({ lines, leaf, weight, x, width, ...node });
  const mix = (from: number, to: number): number => Math.round(from + 0.6 * weight * (to - from));
  const fill = leaf
    ? `rgb(${mix(236, 34)},${mix(253, 160)},${mix(243, 107)})`
    : `rgb(${mix(239, 96)},${mix(246, 165)},255)`;
  const text = lines.map(
    (line, k) =>
      `<text x="${num(x)}" y="${num(y + PAD + (k + 0.5) * LINE)}" dy="0.35em"${k === 0 ? ' font-weight="bold"' : ""}>${escape(line)}</text>`,
  );
  return `<rect x="${num(x - width / 2)}" y="${num(y)}" width="${num(width)}" height="${height}" rx="5" fill="${fill}" stroke="#6b7280"/>${text.join("")}`;
}

function place(node: TreeChartNode, depth: number, maxDepth: number, maxText: number): Placed {
  const below = node.children && depth < maxDepth ? node.children : [];
  const cut = node.children && below.length === 0;
  const lines = node.lines.map((line) => short(line, maxText));
  if (cut) lines.push(`… ${countOf(node) - 1} nodes below`);
  const width = Math.max(...lines.map((line) => line.length)) * CHARACTER + 2 * PAD;
  return {
    lines,
    leaf: !node.children,
    weight: node.weight ?? 0,
    depth,
    edges: node.edges ?? ["", ""],
    children: below.map((child) => place(child, depth + 1, maxDepth, maxText)),
    width,
    x: 0,
  };
}

// Children side by side, parents in their middle; a parent wider than its children pushes what follows to the right.
function spread(node: Placed, from: number): number {
  let at = from;
  for (const child of node.children) at = spread(child, at);
  const [first, last] = [node.children[0], node.children.at(-1)];
  if (!first || !last) {
    node.x = from + node.width / 2;
    return from + node.width + GAP.x;
  }
  node.x = (first.x + last.x) / 2;
  const lacking = from + node.width / 2 - node.x;
  if (lacking > 0) for (const each of nodesOf(node)) each.x += lacking;
  return Math.max(at + Math.max(0, lacking), node.x + node.width / 2 + GAP.x);
}

function nodesOf(node: Placed): Placed[] {
  const all = [node];
  for (const each of all) all.push(...each.children);
  return all;
}

function countOf(root: TreeChartNode): number {
  const all = [root];
  for (const node of all) all.push(...(node.children ?? []));
  return all.length;
}
