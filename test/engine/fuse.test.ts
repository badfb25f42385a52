import { describe, expect, it } from "vitest";
import { PartwiseError } from "#src/base/errors.js";
import type { TaskSpec } from "#src/engine/engine.js";
import { fuse } from "#src/engine/fuse.js";

const fn = { module: "demo", export: "f" };

function spec(key: string, deps: string[], partition?: number, retries?: number): TaskSpec {
  return {
    key,
    fn,
    deps,
    args: key,
    ...(partition === undefined ? {} : { partition: { index: partition, of: "demo" } }),
    ...(retries === undefined ? {} : { retries }),
  };
}

/** What was fused, as `key: step step <- deps`. */
function shape(tasks: TaskSpec[], keep: string[]): string[] {
  return fuse(tasks, keep).map((task) =>
    `${task.key}: ${task.steps.map((step) => step.key).join(" ")} <- ${task.deps.join(" ")}`.trim(),
  );
}

describe("fuse", () => {
  it("makes one task of a chain over one partition", () => {
    const chain = [spec("a", [], 0), spec("b", ["a"], 0), spec("c", ["b", "outside"], 0)];
    expect(shape(chain, ["c"])).toEqual(["c: a b c <- outside"]);
    const [fused] = fuse(chain, ["c"]);
    expect(fused).toMatchObject({ key: "c", partition: { index: 0, of: "demo" }, retries: 0, deps: ["outside"] });
    expect(fused?.steps.map((step) => step.inputs)).toEqual([[], [{ step: 0 }], [{ step: 1 }, { dep: 0 }]]);
    expect(fused?.steps.map((step) => step.args)).toEqual(["a", "b", "c"]);
  });

  it("makes one task of a diamond, which runs its top once", () => {
    const diamond = [
      spec("top", [], 3),
      spec("left", ["top"], 3),
      spec("right", ["top"], 3),
      spec("end", ["left", "right", "left"], 3),
    ];
    expect(shape(diamond, ["end"])).toEqual(["end: top left right end <-"]);
    expect(fuse(diamond, ["end"])[0]?.steps[3]?.inputs).toEqual([{ step: 1 }, { step: 2 }, { step: 1 }]);
  });

  it("leaves kept keys as tasks of their own, wherever they are", () => {
    const chain = [spec("a", [], 0), spec("b", ["a"], 0), spec("c", ["b"], 0), spec("d", ["c"], 0)];
    expect(shape(chain, ["b", "d"])).toEqual(["b: a b <-", "d: c d <- b"]);
  });

  it("does not fuse across partitions, nor without one", () => {
    expect(shape([spec("a", [], 0), spec("b", ["a"], 1)], ["b"])).toEqual(["a: a <-", "b: b <- a"]);
    expect(shape([spec("a", []), spec("b", ["a"])], ["b"])).toEqual(["a: a <-", "b: b <- a"]);
    expect(shape([spec("a", [], 0), spec("b", ["a"])], ["b"])).toEqual(["a: a <-", "b: b <- a"]);
  });

  it("keeps trees over partitions parallel", () => {
    const tree = [0, 1, 2, 3].flatMap((i) => [spec(`load${i}`, [], i), spec(`part${i}`, [`load${i}`], i)]);
    tree.push(
      spec("left", ["part0", "part1"], 0),
      spec("right", ["part2", "part3"], 2),
      spec("total", ["left", "right"], 0),
    );
    tree.push(spec("after", ["total"], 0));
    // No partition waits for another one; what follows the last combination joins it.
    expect(shape(tree, ["after"])).toEqual([
      "part0: load0 part0 <-",
      "part1: load1 part1 <-",
      "part2: load2 part2 <-",
      "part3: load3 part3 <-",
      "left: left <- part0 part1",
      "right: right <- part2 part3",
      "after: total after <- left right",
    ]);
  });

  it("does not fuse a task with consumers in several tasks", () => {
    const fork = [spec("a", [], 0), spec("b", ["a"], 0), spec("c", ["a"], 0)];
    expect(shape(fork, ["b", "c"])).toEqual(["a: a <-", "b: b <- a", "c: c <- a"]);
  });

  it("does not fuse a task that would have to wait for a task that waits for it", () => {
    // a feeds c directly and through b, which is another partition: a and c cannot be one.
    const detour = [spec("a", [], 0), spec("b", ["a"], 1), spec("c", ["a", "b"], 0)];
    expect(shape(detour, ["c"])).toEqual(["a: a <-", "b: b <- a", "c: c <- a b"]);
  });

  it("fuses only tasks that are tried equally often", () => {
    expect(shape([spec("a", [], 0, 2), spec("b", ["a"], 0, 2)], ["b"])).toEqual(["b: a b <-"]);
    expect(fuse([spec("a", [], 0, 2), spec("b", ["a"], 0, 2)], ["b"])[0]?.retries).toBe(2);
    expect(shape([spec("a", [], 0, 2), spec("b", ["a"], 0)], ["b"])).toEqual(["a: a <-", "b: b <- a"]);
  });

  it("runs tasks that nobody needs, on their own", () => {
    expect(shape([spec("a", [], 0), spec("b", [], 0)], ["b"])).toEqual(["a: a <-", "b: b <-"]);
  });

  it("names each outside dependency once", () => {
    expect(shape([spec("a", ["x", "y"], 0), spec("b", ["y", "a", "x"], 0)], ["b"])).toEqual(["b: a b <- x y"]);
    expect(fuse([spec("a", ["x", "y"], 0), spec("b", ["y", "a", "x"], 0)], ["b"])[0]?.steps[1]?.inputs).toEqual([
      { dep: 1 },
      { step: 0 },
      { dep: 0 },
    ]);
  });

  it("rejects repeated keys, wrong order and circles", () => {
    expect(() => fuse([spec("a", []), spec("a", [])], [])).toThrow(PartwiseError);
    expect(() => fuse([spec("a", []), spec("a", [])], [])).toThrow("the key a is made by two tasks");
    expect(() => fuse([spec("b", ["a"]), spec("a", [])], [])).toThrow("b comes before its dependency a");
    expect(() => fuse([spec("a", ["a"])], [])).toThrow("a comes before its dependency a");
  });
});
