import type { Plain } from "../../base/plain.js";
import { NORMAL_QUANTILE } from "../../numeric/normal-quantile.js";
import { SplineEvaluator, type SplineBasis } from "../../numeric/spline-basis.js";
import type { GraphValue } from "./graph.js";
import type { Builder, Lowering, Symbolic } from "./record-graph.js";
import { stacked } from "./stacked.js";

type Args = Record<string, Plain>;
type Matrix = Symbolic & { kind: "matrix" };

const labelled = ["owner", "names"] as const;
const list = (value: Plain): number[] => Array.from(value as unknown as ArrayLike<number>);

/** For errors in exported files: which transformer, and which column. */
function named(args: Args, j: number): Record<string, GraphValue> {
  const names = args["names"] as readonly string[] | undefined;
  return { owner: (args["owner"] as string | undefined) ?? "transform", name: names?.[j] ?? `x${j}` };
}

/** Nodes of one column each, side by side. */
function eachColumn(build: Builder, x: Symbolic, make: (column: number, j: number) => Matrix): Matrix {
  return stacked(build, build.split(build.matrix(x)).map(make));
}

function bin(build: Builder, args: Args, column: number, j: number): Matrix {
  const edges = list((args["edges"] as unknown as readonly Plain[])[j] as Plain);
  return build.node("bins", [column], 1, { edges, ...named(args, j) });
}

const binArgs = [...labelled, "edges", "offsets"] as const;

const oneHotBins: Lowering = {
  args: binArgs,
  lower: (build, args, [x]) => {
    const offsets = list(args["offsets"] as Plain);
    return eachColumn(build, x as Symbolic, (column, j) => {
      const width = (offsets[j + 1] as number) - (offsets[j] as number);
      const slots = Array.from({ length: width }, (_, k) => k);
      return build.node("spread", [bin(build, args, column, j).node], width, { width, slots });
    });
  },
};

const splines: Lowering = {
  args: [...labelled, "bases", "width", "missing"],
  lower: (build, args, [x]) => {
    const bases = args["bases"] as unknown as readonly SplineBasis[];
    const width = args["width"] as number;
    return eachColumn(build, x as Symbolic, (column, j) => {
      const basis = bases[j] as SplineBasis;
      const evaluator = new SplineEvaluator(basis);
      const [low, high] = [evaluator.beyond("low"), evaluator.beyond("high")];
      return build.node("splines", [column], width, {
        degree: basis.degree,
        knots: Array.from(basis.knots),
        splines: basis.splines,
        extrapolation: basis.extrapolation,
        low: evaluator.low,
        high: evaluator.high,
        lowValue: Array.from(low.value),
        lowSlope: Array.from(low.slope),
        highValue: Array.from(high.value),
        highSlope: Array.from(high.slope),
        width,
        zeros: args["missing"] === "zeros",
        ...named(args, j),
      });
    });
  },
};

// As in preprocessing/quantile-map.ts: nearer to the ends of [0, 1] a value counts as the end.
const NEAR_END = 1e-7;

/** Distinct quantiles with the first and last level of each. */
function levelsOf(quantiles: readonly number[]): Record<"value" | "first" | "last", number[]> {
  const [value, first, last]: [number[], number[], number[]] = [[], [], []];
  quantiles.forEach((quantile, k) => {
    const level = quantiles.length === 1 ? 0 : k / (quantiles.length - 1);
    if (value.length === 0 || quantile > (value.at(-1) as number)) {
      value.push(quantile);
      first.push(level);
      last.push(level);
    } else last[last.length - 1] = level;
  });
  return { value, first, last };
}

/** Steps of transformers of numbers; see `LOWERINGS`. */
export const TRANSFORM_LOWERINGS: Readonly<Record<string, Lowering>> = {
  "preprocessing/bin-steps#ordinalStep": {
    args: binArgs,
    lower: (build, args, [x]) =>
      eachColumn(build, x as Symbolic, (column, j) => {
        const count = ((args["edges"] as unknown as readonly ArrayLike<number>[])[j]?.length ?? 0) + 1;
        const table = Array.from({ length: count }, (_, k) => k);
        return build.node("gather", [bin(build, args, column, j).node], 1, { table });
      }),
  },
  "preprocessing/bin-steps#oneHotDenseStep": oneHotBins,
  "preprocessing/bin-steps#oneHotCsrStep": oneHotBins,
  "preprocessing/power-steps#powerStep": {
    args: [...labelled, "method", "lambdas", "shift", "scale"],
    lower: (build, args, [input]) => {
      const x = build.matrix(input as Symbolic);
      const above = list(args["lambdas"] as Plain);
      const boxCox = args["method"] === "box-cox";
      const powers = build.node("power", [x.node], x.width, {
        boxCox,
        above,
        below: boxCox ? above : above.map((lambda) => lambda - 2),
        owner: (args["owner"] as string | undefined) ?? "PowerTransformer",
        names: above.map((_, j) => named(args, j)["name"] as string),
      });
      return build.node("centerScale", [powers.node], x.width, {
        shift: list(args["shift"] as Plain),
        scale: list(args["scale"] as Plain),
      });
    },
  },
  "preprocessing/quantile-map#toLevelsStep": {
    args: ["quantiles", "normal"],
    lower: (build, args, [x]) => {
      const normal = args["normal"] === true;
      const levels = eachColumn(build, x as Symbolic, (column, j) => {
        const quantiles = list((args["quantiles"] as unknown as readonly Plain[])[j] as Plain);
        return build.node("levels", [column], 1, { ...levelsOf(quantiles), near: normal ? NEAR_END : 0 });
      });
      if (!normal) return levels;
      const { centre, middle, outer } = NORMAL_QUANTILE;
      return build.node("normal", [levels.node], levels.width, {
        centreOver: centre.over,
        centreUnder: centre.under,
        middleOver: middle.over,
        middleUnder: middle.under,
        outerOver: outer.over,
        outerUnder: outer.under,
        near: NEAR_END - Number.EPSILON,
      });
    },
  },
  "preprocessing/spline-steps#splineDense": splines,
  "preprocessing/spline-steps#splineCsr": splines,
};
