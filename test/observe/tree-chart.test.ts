import { describe, expect, it } from "vitest";
import { barChart, toPng, treeChart, type TreeChartNode } from "#src/observe/index.js";

/** A whole tree of a depth, boxes numbered as in a heap. */
function whole(depth: number, at = 1): TreeChartNode {
  const lines = [`node ${at}`, "x".repeat(at % 7)];
  return depth === 0
    ? { lines }
    : { lines, edges: ["yes", "no"], children: [whole(depth - 1, 2 * at), whole(depth - 1, 2 * at + 1)] };
}

const boxes = (svg: string): { x: number; y: number; width: number; height: number }[] =>
  Array.from(svg.matchAll(/<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)" rx/g), (match) => {
    const [x, y, width, height] = match.slice(1).map(Number) as [number, number, number, number];
    return { x, y, width, height };
  });

describe("treeChart", () => {
  it("draws every node within the picture, and no boxes that overlap", () => {
    // A long tail on one side, and a wide text above narrow ones.
    const lean: TreeChartNode = {
      lines: ["a very long question that is wide"],
      children: [{ lines: ["l"] }, { lines: ["w".repeat(20)], children: [whole(2), { lines: ["end"] }] }],
    };
    for (const root of [whole(4), lean]) {
      const svg = treeChart({ root, title: "A & B", maxDepth: 9 });
      expect(svg).toContain("A &amp; B");
      const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number) as [number, number, number];
      const all = boxes(svg);
      expect(all.length).toBe(root === lean ? 11 : 31);
      for (const [k, a] of all.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width).toBeLessThanOrEqual(width);
        expect(a.y + a.height).toBeLessThanOrEqual(height);
        for (const b of all.slice(k + 1))
          expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(
            true,
          );
      }
    }
  });

  it("says how many nodes are below what it draws", async () => {
    const svg = treeChart({ root: whole(5), maxDepth: 2 });
    expect(boxes(svg).length).toBe(7);
    expect(svg.match(/… 14 nodes below/g)).toHaveLength(4);
    expect((await toPng(svg)).length).toBeGreaterThan(1000);
    expect(() => treeChart({ root: whole(1), maxDepth: 0 })).toThrow("maxDepth must be a whole number from 1; got 0");
  });
});

describe("barChart", () => {
  it("draws lengths in proportion, from zero on both ways, with whiskers", () => {
    const svg = barChart({
      bars: [
        { name: "<a>", value: 3, spread: 1 },
        { name: "b", value: -1 },
      ],
      xLabel: "Weight",
    });
    expect(svg).toContain("&lt;a&gt;");
    const [a, b] = Array.from(
      svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="#/g),
      (m) => m.slice(1).map(Number),
    ) as [number[], number[]];
    expect(a[1]! / b[1]!).toBeCloseTo(3, 1);
    expect(b[0]! + b[1]!).toBeCloseTo(a[0]!, 0);
    expect(svg).toContain("polyline");
    expect(() => barChart({ bars: [], xLabel: "" })).toThrow("there is no bar to draw");
    expect(() => barChart({ bars: [{ name: "a", value: NaN }], xLabel: "" })).toThrow('the bar "a" has the value NaN');
  });
});
