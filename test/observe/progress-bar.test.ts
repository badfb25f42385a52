import { describe, expect, it } from "vitest";
import { progressBar } from "#src/observe/index.js";

function harness(isTTY: boolean, columns = 100) {
  const written: string[] = [];
  let time = 0;
  const bar = progressBar({ stream: { isTTY, columns, write: (text) => written.push(text) }, now: () => time });
  return { bar, written, tick: (ms: number) => (time += ms) };
}

describe("progressBar in a terminal", () => {
  it("redraws one line with stage, bar, percent, time left and the stage's numbers", () => {
    const { bar, written, tick } = harness(true);
    bar({ stage: "LogisticRegression.fit", done: 0, total: 4 });
    tick(1000);
    bar({ stage: "LogisticRegression.fit", done: 1, total: 4, detail: { iteration: 3, objective: 0.123456789 } });
    expect(written).toHaveLength(2);
    expect(written[0]).toBe(`\rLogisticRegression.fit: ${"░".repeat(24)} 0 %\u001b[K`);
    expect(written[1]).toBe(
      `\rLogisticRegression.fit: ${"█".repeat(6)}${"░".repeat(18)} 25 %  3.0 s left  iteration 3  objective 0.123457\u001b[K`,
    );
  });

  it("redraws at most every 80 ms, but always the end of a stage", () => {
    const { bar, written, tick } = harness(true);
    for (let done = 0; done <= 100; done++) {
      bar({ stage: "read", done, total: 100 });
      tick(10);
    }
    expect(written.length).toBeLessThan(17);
    expect(written.at(-1)).toContain("100 %");
  });

  it("leaves one line with the time of each stage, and ends with a new line", () => {
    const { bar, written, tick } = harness(true);
    bar({ stage: "scale", done: 2, total: 2 });
    tick(1500);
    bar({ stage: "fit", done: 1, total: 3 });
    tick(65_000);
    bar.done();
    bar.done();
    const lines = written.filter((text) => text.endsWith("\n"));
    expect(lines).toEqual(["\rscale: done in 1.5 s\u001b[K\n", "\rfit: stopped at 33 % in 1 min 5 s\u001b[K\n"]);
  });

  it("takes the time left from the present pass when a stage counts from 0 again", () => {
    const { bar, written, tick } = harness(true);
    for (const ms of [1000, 50_000, 0]) {
      bar({ stage: "fit", done: 0, total: 2 });
      tick(ms === 0 ? 2000 : ms);
      bar({ stage: "fit", done: ms === 0 ? 1 : 2, total: 2 });
      tick(100);
    }
    expect(written.at(-1)).toContain("50 %  2.0 s left");
    bar.done();
    expect(written.filter((text) => text.endsWith("\n"))).toEqual(["\rfit: stopped at 50 % in 53 s\u001b[K\n"]);
  });

  it("never writes past the terminal's width", () => {
    const { bar, written } = harness(true, 40);
    bar({ stage: "a stage with a very long name indeed, longer than the line", done: 1, total: 2 });
    expect((written[0] ?? "").replace("\r", "").replace("\u001b[K", "")).toHaveLength(39);
  });
});

describe("progressBar elsewhere", () => {
  it("writes plain lines: every 5 seconds and at the end of a stage", () => {
    const { bar, written, tick } = harness(false);
    for (let done = 0; done <= 120; done++) {
      bar({ stage: "fit", done, total: 120 });
      tick(100);
    }
    bar.done();
    expect(written).toEqual(["fit: 41 %  7.0 s left\n", "fit: 83 %  2.0 s left\n", "fit: done in 12 s\n"]);
  });

  it("leaves a closed stream alone, and has nothing to end before it starts", () => {
    const bar = progressBar({ stream: { writable: false, write: () => expect.fail("written") } });
    bar({ stage: "fit", done: 1, total: 1 });
    bar.done();
    progressBar().done();
  });
});
