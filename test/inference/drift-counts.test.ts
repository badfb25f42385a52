import { describe, expect, it } from "vitest";
import { polars } from "#src/collections/frame/polars.js";
import { countAgainst } from "#src/inference/drift-counts.js";
import { Memory } from "#src/memory/memory.js";
import type { NumberSketch } from "#src/persistence/data-sketch.js";

const sketchOf = (edges: readonly number[], min: number, max: number): NumberSketch => ({
  name: "x",
  dtype: "Float64",
  kind: "number",
  missing: 0,
  min,
  max,
  edges: Float64Array.from(edges),
  counts: new Float64Array(edges.length + 1),
});

/** One value after the other, as the words say it. */
function plainly(values: readonly number[], { edges, min, max }: NumberSketch) {
  const present = values.filter((value) => !Number.isNaN(value));
  const counts = new Float64Array(edges.length + 1);
  for (const value of present) {
    const bin = edges.findIndex((edge) => value <= edge);
    counts[bin < 0 ? edges.length : bin]! += 1;
  }
  const outside = present.filter((value) => value < min || value > max);
  const examples = outside.slice(0, 5).map(String);
  return { rows: values.length, missing: values.length - present.length, counts, outside: outside.length, examples };
}

describe("numbers counted against a sketch", () => {
  const values = Array.from({ length: 3001 }, (_, i) =>
    i % 17 === 0 ? NaN : i % 23 === 0 ? Infinity : i % 29 === 0 ? -Infinity : i % 31 === 0 ? -0 : Math.sin(i) * 4,
  );
  values.push(-2, -1.5, 0, 1, 2.5);

  it("fall into the bins, out of the range and among the missing as one by one", () => {
    const memory = Memory.create(2 ** 24, 2 ** 24);
    const frame = polars().DataFrame({ x: values });
    for (const sketch of [
      sketchOf([-1.5, 0, 1], -2, 2.5),
      sketchOf([], 0, 0),
      sketchOf([0.5], -Infinity, Infinity),
      sketchOf([0.5], -Number.MIN_VALUE, Number.MAX_VALUE),
      // A column whose training rows had no value.
      sketchOf([], Infinity, -Infinity),
    ]) {
      const [counts] = countAgainst(memory, frame, [sketch], 10_000);
      expect(counts).toEqual(plainly(values, sketch));
    }
  });

  it("are every k-th where there are more rows than are looked at", () => {
    const memory = Memory.create(2 ** 24, 2 ** 24);
    const sketch = sketchOf([-1.5, 0, 1], -2, 2.5);
    const [counts] = countAgainst(memory, polars().DataFrame({ x: values }), [sketch], 1000);
    expect(counts).toEqual(
      plainly(
        values.filter((_, i) => i % 4 === 0),
        sketch,
      ),
    );
  });
});
