import { expect } from "vitest";
import type { Plain } from "#src/base/plain.js";
import type { TaskSpec } from "#src/engine/engine.js";
import type { DType, DTypeArrays } from "#src/memory/dtype.js";
import { hostColumn, type HostDense } from "#src/memory/host-column.js";
import type { CaseTable } from "../engine-cases.js";
import { runGraph, task } from "../engine-under-test.js";

const columns: { [D in DType]: DTypeArrays[D] } = {
  f64: Float64Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324),
  f32: Float32Array.of(0.1, -0, Number.NaN, Number.NEGATIVE_INFINITY),
  i64: BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 0n),
  i32: Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0),
  u8: Uint8Array.of(0, 1, 255),
  bool: Uint8Array.of(1, 0, 1),
};

const plain: Plain = {
  nothing: null,
  missing: undefined,
  yes: true,
  pi: Math.PI,
  negativeZero: -0,
  notANumber: Number.NaN,
  big: 2n ** 70n,
  text: "zażółć 🦊 \u0000",
  list: [1, [2, [3, { deep: "x" }]], []],
  arrays: {
    f64: Float64Array.of(1, 2),
    u32: Uint32Array.of(4294967295),
    i8: Int8Array.of(-1),
    u16: Uint16Array.of(65535),
  },
};

/** Numbered keys under one name. */
function keys(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

/** Graphs give the values that their functions say, whatever their shape, and memory goes when it should. */
export const valueCases: CaseTable = {
  "values that are collected come with those they are made from, round after round, whatever their size": async ({
    make,
  }) => {
    const { engine } = await make();
    let before = "";
    for (let round = 0; round < 4; round++) {
      const [state, total, copy] = [`state-${round}`, `total-${round}`, `copy-${round}`];
      const graph = [
        round === 0
          ? task(state, "makeDense", [], { rows: 20_000, start: 0 }, 0)
          : task(state, "addToDense", [before], { by: 1 }, 0),
        { ...task(total, "sumDense", [state], undefined, 0), collected: true },
        { ...task(copy, "addToDense", [state], { by: 0 }, 0), collected: true },
      ];
      await engine.submit(graph, { keep: [state, total, copy] });
      const [sum, chunk] = await engine.get([total, copy]);
      expect(sum).toBe(20_000 * 19_999 + 10_000 + 2 * 20_000 * round);
      expect((chunk as unknown as HostDense).columns[1]?.data.at(-1)).toBe(19_999.5 + round);
      engine.release([total, copy, ...(before ? [before] : [])]);
      before = state;
    }
    const [last] = await engine.get([before]);
    expect((last as unknown as HostDense).columns[0]?.data.at(-1)).toBe(19_999 + 3);
  },

  "a task takes its shortcut while what that needs is kept, and does without it afterwards": async ({ make }) => {
    const { engine } = await make();
    const graph = [
      task("base", "makeDense", [], { rows: 20_000, start: 0 }, 0),
      // Small values are sent along where large ones are found.
      task("small", "constant", [], 1, 0),
      task("other", "addToDense", ["base"], { by: 10 }, 0),
      task("other small", "sum", ["small"], 10, 0),
    ];
    await engine.submit(graph, { keep: graph.map(({ key }) => key) });
    await engine.wait(graph.map(({ key }) => key));
    // Tasks and shortcuts would make the same; here they do not, to be told apart.
    const { fn } = task("", "addToDense", []);
    const { fn: sum } = task("", "sum", []);
    const values = (name: string): TaskSpec[] => [
      { ...task(name, "addToDense", ["base"], { by: 2 }, 0), shortcut: { fn, args: { by: 0 }, dep: "other" } },
      { ...task(`${name} small`, "sum", ["small"], 2, 0), shortcut: { fn: sum, args: 0, dep: "other small" } },
    ];
    const found = async (name: string): Promise<unknown[]> => {
      const [large, small] = await engine.get([name, `${name} small`]);
      return [(large as unknown as HostDense).columns[0]?.data[0], small];
    };
    await engine.submit(values("quick"), { keep: ["quick", "quick small"] });
    expect(await found("quick")).toEqual([10, 11]);
    engine.release(["other", "other small"]);
    await engine.submit(values("slow"), { keep: ["slow", "slow small"] });
    expect(await found("slow")).toEqual([2, 3]);
  },

  "a chain gives its last value": async ({ make }) => {
    const { engine } = await make();
    const chain = [
      task("c0", "constant", [], 1, 0),
      ...keys("c", 50)
        .slice(1)
        .map((_, i) => task(`c${i + 1}`, "sum", [`c${i}`], 1, 0)),
    ];
    expect(await runGraph(engine, chain, ["c49"])).toEqual([50]);
  },

  "a diamond passes both sides to its join in order": async ({ make }) => {
    const { engine } = await make();
    for (const partition of [0, undefined]) {
      const p = `${partition}`;
      const diamond = [
        task(`${p}top`, "constant", [], "t", partition),
        task(`${p}left`, "join", [`${p}top`], "l", partition),
        task(`${p}right`, "join", [`${p}top`], "r", partition),
        task(`${p}end`, "join", [`${p}right`, `${p}left`, `${p}right`], "e", partition),
      ];
      expect(await runGraph(engine, diamond, [`${p}end`])).toEqual(["e(r(t),l(t),r(t))"]);
    }
  },

  "a tree combines in the order of its dependencies": async ({ make }) => {
    const { engine } = await make();
    const leaves = keys("leaf", 8).map((key, i) => task(key, "constant", [], `${i}`, i));
    const tree: TaskSpec[] = [...leaves];
    let level = leaves.map((leaf) => leaf.key);
    while (level.length > 1) {
      const next: string[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const key = `node-${level.length}-${i}`;
        tree.push(task(key, "join", level.slice(i, i + 2), "", i / 2));
        next.push(key);
      }
      level = next;
    }
    expect(await runGraph(engine, tree, level)).toEqual(["(((0,1),(2,3)),((4,5),(6,7)))"]);
  },

  "a wide graph gives every value, in the order it is asked for": async ({ make }) => {
    const { engine } = await make();
    const wide = keys("w", 200);
    const graph = wide.map((key, i) => task(key, "constant", [], i, i));
    graph.push(task("all", "sum", wide));
    const asked = ["all", ...[...wide].reverse()];
    expect(await runGraph(engine, graph, asked)).toEqual([19900, ...wide.map((_, i) => 199 - i)]);
  },

  "values do not depend on the order in which independent tasks are handed over": async ({ make }) => {
    const { engine } = await make();
    const build = (prefix: string, order: readonly number[]): TaskSpec[] => [
      ...order.map((i) => task(`${prefix}part-${i}`, "harmonic", [], { from: i * 100, to: i * 100 + 100 }, i)),
      task(`${prefix}sum`, "sum", keys(`${prefix}part`, 6), 0),
    ];
    const one = await runGraph(engine, build("a", [0, 1, 2, 3, 4, 5]), ["asum"]);
    const other = await runGraph(engine, build("b", [3, 5, 0, 2, 4, 1]), ["bsum"]);
    expect(other).toEqual(one);
  },

  "a floating-point tree reduction has the same bits on every engine": async ({ make }) => {
    const { engine } = await make();
    const parts = 13;
    const graph: TaskSpec[] = keys("h", parts).map((key, i) =>
      task(key, "harmonic", [], { from: i * 7, to: i * 7 + 7 + i }, i),
    );
    let level = keys("h", parts);
    // The same tree here, in plain numbers.
    let sums = level.map((_, i) => {
      let total = 0;
      for (let k = i * 7; k < i * 7 + 7 + i; k++) total += 1 / (k + 0.1);
      return total;
    });
    while (level.length > 1) {
      const next: string[] = [];
      const nextSums: number[] = [];
      for (let i = 0; i < level.length; i += 2) {
        const pair = level.slice(i, i + 2);
        const key = `h${level.length}-${i}`;
        if (pair.length === 2) graph.push(task(key, "add", pair, undefined, i / 2));
        next.push(pair.length === 2 ? key : (pair[0] as string));
        nextSums.push(pair.length === 2 ? (sums[i] as number) + (sums[i + 1] as number) : (sums[i] as number));
      }
      level = next;
      sums = nextSums;
    }
    const [total] = await runGraph(engine, graph, level);
    expect(Object.is(total, sums[0])).toBe(true);
  },

  "plain data come back as they were put": async ({ make }) => {
    const { engine } = await make();
    const key = await engine.put(plain);
    expect(await engine.get([key])).toEqual([plain]);
    expect(await runGraph(engine, [task("wrapped", "wrap", [key])], ["wrapped"])).toEqual([{ wrapped: plain }]);
  },

  "host columns of every dtype come back as they were put": async ({ make }) => {
    const { engine } = await make();
    for (const dtype of Object.keys(columns) as DType[]) {
      for (const data of [columns[dtype], columns[dtype].slice(0, 0)]) {
        const host = hostColumn(dtype, data);
        const key = await engine.put(host as unknown as Plain);
        expect(await engine.get([key])).toEqual([host]);
        const copy = `copy-${dtype}-${data.length}`;
        expect(await runGraph(engine, [task(copy, "copyColumn", [key])], [copy])).toEqual([host]);
        engine.release([key, copy]);
      }
    }
  },

  "dense and sparse chunks come back as they were put, also deep inside a value": async ({ make }) => {
    const { engine } = await make();
    const dense = (dtype: DType): HostDense => ({
      kind: "dense",
      rows: columns[dtype].length,
      columns: [hostColumn(dtype, columns[dtype]), hostColumn(dtype, columns[dtype].slice().reverse())],
    });
    const value = {
      chunks: (Object.keys(columns) as DType[]).map(dense),
      empty: { kind: "dense", rows: 0, columns: [] },
      sparse: {
        kind: "csr",
        rows: 3,
        cols: 4,
        indptr: hostColumn("i32", Int32Array.of(0, 2, 2, 3)),
        indices: hostColumn("i32", Int32Array.of(0, 3, 1)),
        values: hostColumn("f64", Float64Array.of(1, 2, 3)),
      },
    };
    const key = await engine.put(value as unknown as Plain);
    expect(await engine.get([key])).toEqual([value]);
    expect(await runGraph(engine, [task("deep", "wrap", [key])], ["deep"])).toEqual([{ wrapped: value }]);
  },

  "intermediates and scratch are freed, and everything is after release": async ({ make }) => {
    const { engine, heldBytes } = await make();
    const rows = 10_000;
    const graph = keys("made", 6).flatMap((key, i) => [
      task(key, "makeDense", [], { rows, start: i }, i),
      task(`added-${i}`, "addToDense", [key], { by: 1 }, i),
      task(`again-${i}`, "addToDense", [`added-${i}`], { by: 1 }, i),
      task(`sum-${i}`, "sumDense", [`again-${i}`], undefined, i),
    ]);
    const kept = ["again-0", ...keys("sum", 6)];
    const [chunk, ...sums] = await runGraph(engine, graph, kept);
    expect((chunk as unknown as HostDense).columns.map((column) => column.data[rows - 1])).toEqual([
      rows + 1,
      rows + 1.5,
    ]);
    expect(sums[5]).toBe(2 * ((rows * (rows - 1)) / 2 + 7 * rows) + rows / 2);
    // Only the kept chunk is left: two columns, each rounded up to cache lines, behind a header.
    if (heldBytes) expect(heldBytes()).toBe(2 * rows * 8 + 64);
    engine.release(kept);
    if (heldBytes) expect(heldBytes()).toBe(0);
  },

  "a value that shares memory with another keeps it": async ({ make }) => {
    const { engine, heldBytes } = await make();
    await engine.submit(
      [task("whole", "makeDense", [], { rows: 100, start: 0 }), task("part", "lastColumn", ["whole"])],
      { keep: ["whole", "part"] },
    );
    await engine.wait(["whole", "part"]);
    engine.release(["whole"]);
    const [part] = (await engine.get(["part"])) as unknown as HostDense[];
    expect(part?.columns).toHaveLength(1);
    expect(part?.columns[0]?.data[99]).toBe(99.5);
    engine.release(["part"]);
    if (heldBytes) expect(heldBytes()).toBe(0);
  },

  "kept values stay for later graphs until they are released": async ({ make }) => {
    const { engine } = await make();
    await engine.submit([task("base", "makeDense", [], { rows: 10, start: 5 }, 0)], { keep: ["base"] });
    for (let round = 0; round < 3; round++) {
      const key = `round-${round}`;
      expect(await runGraph(engine, [task(key, "sumDense", ["base"], undefined, 0)], [key])).toEqual([195]);
    }
    engine.release(["base"]);
    await expect(engine.get(["base"])).rejects.toThrow(/base/);
  },

  "a graph may use the kept values of one that still runs": async ({ make }) => {
    const { engine } = await make();
    await engine.submit([task("first", "slow", [], { ms: 30, value: 20 })], { keep: ["first"] });
    await engine.submit([task("second", "sum", ["first"], 1)], { keep: ["second"] });
    engine.release(["first"]);
    expect(await engine.get(["second"])).toEqual([21]);
    await expect(engine.get(["first"])).rejects.toThrow(/first/);
  },

  "two graphs at once do not disturb each other": async ({ make }) => {
    const { engine } = await make();
    const graph = (name: string): Promise<unknown[]> =>
      runGraph(
        engine,
        [...keys(name, 30).map((key, i) => task(key, "constant", [], i, i)), task(`${name}sum`, "sum", keys(name, 30))],
        [`${name}sum`],
      );
    expect(await Promise.all([graph("x"), graph("y"), graph("z")])).toEqual([[435], [435], [435]]);
  },

  "a task knows its partition": async ({ make }) => {
    const { engine } = await make();
    expect(
      await runGraph(engine, [task("p", "partitionOf", [], undefined, 7), task("q", "partitionOf")], ["p", "q"]),
    ).toEqual([{ index: 7, of: "demo" }, null]);
  },
};
