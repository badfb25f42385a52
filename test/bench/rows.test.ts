import { describe, expect, it } from "vitest";
import { disagreements, makePeerRow, makeSoloRow, mergeRows, missedTarget } from "../../dist/bench/harness/rows.js";
import type { PeerWork, Row, SoloWork } from "../../dist/bench/harness/types.js";

const peerWork: PeerWork = { work: "fit", peer: "scikit-learn", data: "small", target: 5, checks: [] };
const soloWork: SoloWork = {
  work: "import",
  peer: null,
  target: { maxMs: 150 },
  script: "bench/foundation/import-time.js",
  measure: "printed",
};
const date = "2024-05-06T07:08:09.000Z";

function row(change: Partial<Row>): Row {
  return { ...makePeerRow(peerWork, { ms: [10], mb: [50] }, { ms: [60], mb: [70] }, {}, date), ...change };
}

describe("makePeerRow", () => {
  it("divides their median by ours and keeps the largest peaks", () => {
    const made = makePeerRow(
      peerWork,
      { ms: [12, 10, 11], mb: [200, 260, 240] },
      { ms: [55, 99, 50], mb: [300, 310, 305] },
      { node: "20.19.0" },
      date,
    );
    expect(made).toEqual({
      work: "fit",
      peer: "scikit-learn",
      oursMs: 11,
      theirsMs: 55,
      ratio: 5,
      target: 5,
      oursMb: 260,
      theirsMb: 310,
      versions: { node: "20.19.0" },
      date,
    });
  });

  it("has no peak where the system tells none", () => {
    expect(makePeerRow(peerWork, { ms: [1], mb: [] }, { ms: [2], mb: [] }, {}, date)).toMatchObject({
      oursMb: null,
      theirsMb: null,
    });
  });
});

describe("a bound in percent", () => {
  it("is missed above it", () => {
    const percent = { work: "cost", peer: null, ratio: null, theirsMs: null, target: { maxPercent: 115 } };
    expect(missedTarget(row({ ...percent, oursMs: 114.9 }))).toBeUndefined();
    expect(missedTarget(row({ ...percent, oursMs: 120 }))).toBe("cost: 120 % is over the bound 115 %.");
  });
});

describe("makeSoloRow", () => {
  it("has a bound for a target and nothing of a peer", () => {
    expect(makeSoloRow(soloWork, { ms: [90, 80, 100], mb: [60] }, {}, date)).toEqual({
      work: "import",
      peer: null,
      oursMs: 90,
      theirsMs: null,
      ratio: null,
      target: { maxMs: 150 },
      oursMb: 60,
      theirsMb: null,
      versions: {},
      date,
    });
  });
});

describe("mergeRows", () => {
  it("replaces the rows that were run and keeps the others, in the order of the works", () => {
    const old = [row({ work: "b", oursMs: 1 }), row({ work: "a", oursMs: 2 })];
    const works = ["a", "b", "c"].map((work) => ({ work, peer: "scikit-learn" }));
    const merged = mergeRows(old, [row({ work: "b", oursMs: 9 })], works);
    expect(merged.map((r) => [r.work, r.oursMs])).toEqual([
      ["a", 2],
      ["b", 9],
    ]);
  });

  it("tells rows of one work against two peers apart and drops works that are gone", () => {
    const old = [row({ peer: "one", oursMs: 1 }), row({ peer: "two", oursMs: 2 }), row({ work: "gone" })];
    const works = [
      { work: "fit", peer: "one" },
      { work: "fit", peer: "two" },
    ];
    expect(mergeRows(old, [row({ peer: "two", oursMs: 3 })], works).map((r) => r.oursMs)).toEqual([1, 3]);
  });
});

describe("missedTarget", () => {
  it("accepts a ratio at its target and names one under it", () => {
    expect(missedTarget(row({ ratio: 5 }))).toBeUndefined();
    expect(missedTarget(row({ ratio: 4.99 }))).toBe("fit against scikit-learn: ratio 4.99 is under the target 5.");
  });

  it("holds a row without a peer to every bound it has", () => {
    const solo = row({ work: "main-job", peer: null, ratio: null, oursMs: 50_000, oursMb: 2000 });
    expect(missedTarget({ ...solo, target: { maxMs: 60_000, maxMb: 2500 } })).toBeUndefined();
    expect(missedTarget({ ...solo, target: { maxMs: 40_000 } })).toBe("main-job: 50000 ms is over the bound 40000 ms.");
    expect(missedTarget({ ...solo, target: { maxMb: 1500 } })).toBe(
      "main-job: peak 2000 MB is over the bound 1500 MB.",
    );
  });

  it("does not pass a memory bound whose peak is unknown", () => {
    expect(missedTarget(row({ peer: null, ratio: null, oursMb: null, target: { maxMb: 10 } }))).toContain("unknown");
  });
});

describe("disagreements", () => {
  it("is empty when every value is within its tolerance", () => {
    const checks = [
      { value: "coef", kind: "close", tolerance: 1e-9 },
      { value: "objective", kind: "atMost", tolerance: 1e-8 },
    ] as const;
    const ours = { coef: [1, 2e6 + 1e-4], objective: 99 };
    expect(disagreements(checks, ours, { coef: [1 + 5e-10, 2e6], objective: 100 })).toEqual([]);
  });

  it("names the element, both values and the tolerance", () => {
    const checks = [{ value: "coef", kind: "close", tolerance: 1e-9 }] as const;
    expect(disagreements(checks, { coef: [1, 2] }, { coef: [1, 2.5] })).toEqual([
      "coef[1]: ours 2, theirs 2.5 (close, tolerance 1e-9).",
    ]);
  });

  it("lets an objective be lower than the peer's but not higher", () => {
    const checks = [{ value: "objective", kind: "atMost", tolerance: 1e-8 }] as const;
    expect(disagreements(checks, { objective: 1 }, { objective: 2 })).toEqual([]);
    expect(disagreements(checks, { objective: 2.1 }, { objective: 2 })).toHaveLength(1);
  });

  it("never takes NaN, a missing value or another length for agreement", () => {
    for (const kind of ["close", "atMost"] as const) {
      const checks = [{ value: "v", kind, tolerance: 1 }];
      expect(disagreements(checks, { v: Number.NaN }, { v: 1 })).toHaveLength(1);
      expect(disagreements(checks, { v: 1 }, { v: Number.NaN })).toHaveLength(1);
      expect(disagreements(checks, {}, { v: 1 })).toEqual(["v: not returned by ours."]);
      expect(disagreements(checks, { v: 1 }, {})).toEqual(["v: not returned by the peer."]);
      expect(disagreements(checks, { v: [1, 2] }, { v: [1] })).toEqual(["v: ours has 2 values, the peer 1."]);
    }
  });
});
