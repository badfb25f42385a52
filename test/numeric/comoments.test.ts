import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeComoments, type Comoments } from "#src/numeric/comoments.js";
import { mergeMoments, type Moments } from "#src/numeric/moments.js";
import { expectClose, reduction } from "../checks/tolerances.js";

type Rows = readonly (readonly [number, number, number])[];

/** Co-moments of two columns with weights, by two passes. */
function comomentsOf(rows: Rows): Comoments {
  const weight = rows.reduce((sum, [, , w]) => sum + w, 0);
  const mean = Float64Array.from([0, 1], (j) =>
    weight > 0 ? rows.reduce((sum, row) => sum + row[2] * (row[j] as number), 0) / weight : 0,
  );
  const scatter = Float64Array.from([0, 1, 2, 3], (k) => {
    const [i, j] = [k >> 1, k & 1];
    return rows.reduce(
      (sum, row) =>
        // The weight last: weighting one side first makes tiny products underflow in one order and not in the other.
        sum + ((row[i] as number) - (mean[i] as number)) * ((row[j] as number) - (mean[j] as number)) * row[2],
      0,
    );
  });
  return { rows: rows.length, weight, mean, scatter };
}

function momentsOf(rows: Rows): Moments {
  const { weight, mean, scatter } = comomentsOf(rows);
  const none = new Float64Array(2);
  return {
    rows: rows.length,
    weight: Float64Array.of(weight, weight),
    mean,
    m2: Float64Array.of(scatter[0] as number, scatter[3] as number),
    nanCount: none,
    infCount: none,
  };
}

const none = comomentsOf([]);
const OFFSET = 1e8;
// Values far from zero, ties, weights of zero: what breaks sums of squares.
const value = fc.oneof(
  fc.constant(0),
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }).map((x) => OFFSET + x),
);
const row = fc.tuple(
  value,
  value,
  fc.oneof(fc.constant(1), fc.constant(0), fc.double({ min: 0.1, max: 5, noNaN: true })),
);
const part = fc.array(row, { maxLength: 12 });

/** Means to a rounding of the offset, scatter to what that rounding makes of the spread between parts. */
function expectSame(actual: Comoments, expected: Comoments): void {
  expect(actual.rows).toBe(expected.rows);
  expectClose([actual.weight], [expected.weight], reduction(64), "weight", Math.max(1, expected.weight));
  expectClose(actual.mean, expected.mean, reduction(64), "mean", OFFSET);
  expectClose(
    actual.scatter,
    expected.scatter,
    reduction(64),
    "scatter",
    Math.max(1, expected.weight) * OFFSET * OFFSET,
  );
}

describe("merging co-moments", () => {
  it("has the empty part as identity, bit for bit", () => {
    fc.assert(
      fc.property(part, (rows) => {
        const a = comomentsOf(rows);
        expect(mergeComoments(a, none)).toEqual(a.weight === 0 ? { ...none, rows: a.rows } : a);
        expect(mergeComoments(none, a)).toEqual(a);
      }),
    );
  });

  it("is associative and commutative up to rounding, and equals one part of all rows", () => {
    fc.assert(
      fc.property(part, part, part, (p, q, r) => {
        const [a, b, c] = [comomentsOf(p), comomentsOf(q), comomentsOf(r)];
        const whole = comomentsOf([...p, ...q, ...r]);
        expectSame(mergeComoments(mergeComoments(a, b), c), whole);
        expectSame(mergeComoments(a, mergeComoments(b, c)), whole);
        expectSame(mergeComoments(c, mergeComoments(b, a)), whole);
      }),
    );
  });

  it("keeps a spread of 1 around 1e8 to ten digits, where sums of squares would lose it", () => {
    const rows: Rows = Array.from({ length: 200 }, (_, i) => [OFFSET + Math.sin(i), OFFSET + Math.cos(i), 1]);
    let total = none;
    for (let at = 0; at < 200; at += 7) total = mergeComoments(total, comomentsOf(rows.slice(at, at + 7)));
    const shifted = comomentsOf(rows.map(([a, b, w]) => [a - OFFSET, b - OFFSET, w]));
    expectClose(total.scatter, shifted.scatter, { rtol: 1e-7, atol: 1e-7 }, "scatter");
    expectClose(
      total.mean,
      shifted.mean.map((m) => m + OFFSET),
      reduction(8),
      "mean",
    );
  });

  it("keeps the scatter symmetric", () => {
    fc.assert(
      fc.property(part, part, (p, q) => {
        const { scatter } = mergeComoments(comomentsOf(p), comomentsOf(q));
        expectClose([scatter[1] as number], [scatter[2] as number], { rtol: 1e-12, atol: 0 }, "scatter");
      }),
      // A subnormal beside an offset, found at random.
      {
        examples: [
          [
            [],
            [
              [0, -5e-324, 1],
              [OFFSET, 0, 0.1],
            ],
          ],
        ],
      },
    );
  });
});

describe("merging moments", () => {
  it("equals the diagonal of merged co-moments", () => {
    fc.assert(
      fc.property(part, part, (p, q) => {
        const merged = mergeMoments(momentsOf(p), momentsOf(q));
        const both = mergeComoments(comomentsOf(p), comomentsOf(q));
        expect(merged.rows).toBe(both.rows);
        expectClose(merged.mean, both.mean, reduction(4), "mean", OFFSET);
        expectClose(merged.m2, [both.scatter[0] as number, both.scatter[3] as number], reduction(16), "m2");
      }),
    );
  });

  it("adds counts of NaN and infinities, and takes a column's mean from the part that has values", () => {
    const a: Moments = {
      rows: 2,
      weight: Float64Array.of(0, 2),
      mean: Float64Array.of(0, 5),
      m2: Float64Array.of(0, 2),
      nanCount: Float64Array.of(2, 0),
      infCount: Float64Array.of(0, 1),
    };
    const b: Moments = {
      rows: 3,
      weight: Float64Array.of(3, 0),
      mean: Float64Array.of(7, 0),
      m2: Float64Array.of(6, 0),
      nanCount: Float64Array.of(0, 3),
      infCount: Float64Array.of(1, 0),
    };
    expect(mergeMoments(a, b)).toEqual({
      rows: 5,
      weight: Float64Array.of(3, 2),
      mean: Float64Array.of(7, 5),
      m2: Float64Array.of(6, 2),
      nanCount: Float64Array.of(2, 3),
      infCount: Float64Array.of(1, 1),
    });
  });
});
