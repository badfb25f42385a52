import { describe, expect, it } from "vitest";
import { Ridge } from "#models/index.js";
import { logUniform, normal, quantized, randint, TPESearchCV, uniform, when } from "#src/model-selection/index.js";
import { drawnAt, sampleParameters } from "#src/model-selection/parameter-sets.js";
import { SearchSpace, type ParamDistributions } from "#src/model-selection/search-space.js";
import { proposePoint, type Observation } from "#src/model-selection/tpe-sampler.js";

type Point = Record<string, number>;

/** Branin's function less its minimum. */
function branin({ x = 0, y = 0 }: Point): number {
  const b = 5.1 / (4 * Math.PI ** 2);
  return (y - b * x * x + (5 / Math.PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10 - 0.397887;
}

const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];

/** Hartmann's function of six variables less its minimum. */
function hartmann(point: Point): number {
  const x = "abcdef".split("").map((name) => point[name] as number);
  const wells = A.map((row, i) => row.reduce((sum, a, j) => sum + a * ((x[j] ?? 0) - (P[i]?.[j] ?? 0) / 1e4) ** 2, 0));
  return 3.32237 - [1, 1.2, 3, 3.2].reduce((sum, depth, i) => sum + depth * Math.exp(-(wells[i] ?? 0)), 0);
}

const OPTIONS = { startup: 10, candidates: 24, goodShare: 0.2 };

/** The least value that 60 trials found: learnt, and at random. */
function regrets(space: SearchSpace, f: (point: Point) => number, randomState: number): [tpe: number, random: number] {
  const history: Observation[] = [];
  let random = Infinity;
  for (let k = 0; k < 60; k++) {
    const point = proposePoint(space, history, k, { ...OPTIONS, randomState });
    history.push({ ...point, score: -f(point.params as Point) });
    random = Math.min(random, f(drawnAt(space, k, randomState).params as Point));
  }
  return [-Math.max(...history.map(({ score }) => score)), random];
}

describe("the tree-structured Parzen estimator", () => {
  it.each([
    ["Branin", { x: uniform(-5, 10), y: uniform(0, 15) }, branin],
    ["Hartmann6", Object.fromEntries("abcdef".split("").map((name) => [name, uniform(0, 1)])), hartmann],
  ])("has less than half the regret of random draws on %s", (_name, space, f) => {
    let [tpe, random] = [0, 0];
    for (let seed = 0; seed < 8; seed++) {
      const [own, other] = regrets(new SearchSpace("test", space), f, seed);
      tpe += own;
      random += other;
    }
    expect(tpe).toBeLessThan(random / 2);
  });

  it("learns within the branches of a conditional space, and what is drawn fits the conditions", () => {
    const space = new SearchSpace("test", {
      kind: ["flat", "bowl"],
      depth: when({ kind: "bowl" }, uniform(0, 1)),
      size: when({ kind: "bowl" }, randint(1, 9)),
      level: when({ kind: "flat" }, uniform(0, 1)),
    });
    const f = (params: Record<string, unknown>): number =>
      params["kind"] === "flat"
        ? 1
        : ((params["depth"] as number) - 0.3) ** 2 + 0.01 * Math.abs((params["size"] as number) - 4);
    const history: Observation[] = [];
    for (let k = 0; k < 60; k++) {
      const point = proposePoint(space, history, k, { ...OPTIONS, randomState: 1 });
      expect(Object.keys(point.params)).toEqual(
        point.params["kind"] === "flat" ? ["kind", "level"] : ["depth", "kind", "size"],
      );
      history.push({ ...point, score: -f(point.params) });
    }
    const late = history.slice(30);
    expect(late.filter(({ params }) => params["kind"] === "bowl").length).toBeGreaterThan(22);
    expect(Math.max(...late.map(({ score }) => score))).toBeGreaterThan(-0.01);
  });

  it("learns which of several records is the good one", () => {
    const space = new SearchSpace("test", [{ a: uniform(0, 1) }, { b: uniform(0, 1) }, { c: uniform(0, 1) }]);
    const history: Observation[] = [];
    for (let k = 0; k < 50; k++) {
      const point = proposePoint(space, history, k, { ...OPTIONS, randomState: 2 });
      history.push({ ...point, score: point.record === 1 ? (point.params["b"] as number) : 0 });
    }
    expect(history.slice(25).filter(({ record }) => record === 1).length).toBeGreaterThan(18);
  });
});

describe("TPESearchCV", () => {
  const x = Array.from({ length: 80 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
  const y = x.map(([a = 0, b = 0], i) => a - b + Math.sin(17 * i));
  const make = (parallelTrials: number): TPESearchCV =>
    new TPESearchCV({
      estimator: new Ridge(),
      paramDistributions: { alpha: logUniform(1e-6, 1e6), fitIntercept: [true, false] },
      nIter: 24,
      cv: 3,
      randomState: 3,
      parallelTrials,
    });

  it("gives the same trials for the same seed, also with several at a time", async () => {
    for (const parallel of [1, 3]) {
      const [a, b] = [await make(parallel).fit(x, y), await make(parallel).fit(x, y)];
      expect(a.cvResults.params).toEqual(b.cvResults.params);
      expect(a.cvResults.params.length).toBe(24);
      expect(a.isFitted).toBe(true);
      // The first draws are those of a random search, and the later ones are not.
      const random = sampleParameters(make(1).getParams().paramDistributions, 24, 3);
      expect(a.cvResults.params.slice(0, 10)).toEqual(random.slice(0, 10));
      expect(a.cvResults.params.slice(10)).not.toEqual(random.slice(10));
    }
  });

  it("refuses unknown parameters before anything is fitted", async () => {
    const search = new TPESearchCV({ estimator: new Ridge(), paramDistributions: { alhpa: uniform(0, 1) } });
    await expect(search.fit(x, y)).rejects.toThrow('Ridge: unknown parameter "alhpa". Did you mean "alpha"?');
  });
});

describe("distributions and conditions", () => {
  const draws = (space: ParamDistributions): Record<string, unknown>[] => sampleParameters(space, 2000, 7);

  it("have the moments and steps that they say", () => {
    const sets = draws({ a: normal(3, 2), q: quantized(uniform(0, 1), 0.1), r: randint(0, 3) });
    const mean = sets.reduce((sum, { a }) => sum + (a as number), 0) / sets.length;
    const spread = sets.reduce((sum, { a }) => sum + ((a as number) - mean) ** 2, 0) / sets.length;
    expect(Math.abs(mean - 3)).toBeLessThan(0.15);
    expect(Math.abs(spread - 4)).toBeLessThan(0.4);
    expect([...new Set(sets.map(({ q }) => q))].sort()).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(() => normal(0, 0)).toThrow("normal: the mean must be finite and the standard deviation > 0");
    expect(() => quantized(uniform(0, 1), 0)).toThrow("quantized: step must be > 0; got 0");
  });

  it("draw a parameter only where its condition holds, through chains of them", () => {
    const space = {
      penalty: ["l1", "l2", "elasticnet"],
      ratio: when({ penalty: ["l1", "elasticnet"] }, uniform(0, 1)),
      deep: when({ ratio: 2 }, [1]),
    };
    const sets = draws(space);
    expect(sets.every((set) => "ratio" in set === (set["penalty"] !== "l2"))).toBe(true);
    expect(sets.some((set) => "deep" in set)).toBe(false);
    expect(() => draws({ a: when({ penlty: 1 }, [1]), penalty: [1] })).toThrow('Did you mean "penalty"?');
    expect(() => draws({ a: when({ b: 1 }, [1]), b: when({ a: 1 }, [1]) })).toThrow("wait for each other");
    expect(() => when({}, [1])).toThrow("when: the condition must be a record");
  });
});
