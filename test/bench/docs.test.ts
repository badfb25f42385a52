import { describe, expect, it } from "vitest";
import { renderBenchmarks } from "../../dist/bench/harness/docs.js";
import type { Results, Row } from "../../dist/bench/harness/types.js";

const base: Row = {
  work: "standard-scaler",
  peer: "scikit-learn",
  oursMs: 31.5,
  theirsMs: 1270,
  ratio: 40.3,
  target: 8,
  oursMb: 480,
  theirsMb: 632,
  versions: { node: "20.19.0", "scikit-learn": "1.9.1" },
  date: "2024-05-06T07:08:09.000Z",
};

function results(name: string, rows: Row[]): Results {
  return {
    name,
    about: `About ${name}.`,
    machine: { cores: 2, cpu: "A CPU", ramGb: 16, platform: "linux x64" },
    rows,
  };
}

describe("renderBenchmarks", () => {
  it("writes a row against a peer with both times, the ratio and whether it meets its target", () => {
    expect(renderBenchmarks([results("foundation", [base, { ...base, ratio: 7 }])]).split("\n")).toEqual(
      expect.arrayContaining([
        "| standard-scaler | scikit-learn | 31.5 ms | 1.27 s | 40.3x | 8x | 480 MB | 632 MB | yes | 2024-05-06 |",
        "| standard-scaler | scikit-learn | 31.5 ms | 1.27 s | 7x | 8x | 480 MB | 632 MB | no | 2024-05-06 |",
      ]),
    );
  });

  it("writes a row without a peer with its bounds", () => {
    const solo: Row = {
      ...base,
      work: "main-job",
      peer: null,
      oursMs: 41_234,
      theirsMs: null,
      ratio: null,
      target: { maxMs: 60_000, maxMb: 2500 },
      theirsMb: null,
    };
    expect(renderBenchmarks([results("foundation", [solo])])).toContain(
      "| main-job | - | 41.2 s | - | - | at most 60 s and 2500 MB | 480 MB | - | yes | 2024-05-06 |",
    );
  });

  it("describes the machine and the versions of every suite, in the order of their names", () => {
    const text = renderBenchmarks([results("trees", [base]), results("foundation", [base])]);
    expect(text.indexOf("## foundation")).toBeGreaterThan(0);
    expect(text.indexOf("## trees")).toBeGreaterThan(text.indexOf("## foundation"));
    expect(text).toContain(
      "Machine: 2 cores (A CPU), 16 GB RAM, linux x64. Versions: node 20.19.0, scikit-learn 1.9.1.",
    );
    expect(text).toContain("About trees.");
  });
});
