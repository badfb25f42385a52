import type { GraphNode, GraphOp } from "../graph/graph.js";
import type { OnnxContext, OnnxOp } from "./onnx-ops.js";

type Params = GraphNode["params"];

const nums = (params: Params, name: string): readonly number[] => params[name] as readonly number[];
const num = (params: Params, name: string): number => params[name] as number;

/** Arithmetic on matrices of doubles; lists are rows that meet every row. */
function arithmetic({ graph }: OnnxContext) {
  type Operand = string | number | readonly number[];
  const value = (operand: Operand): string => {
    if (typeof operand === "string") return operand;
    const numbers = typeof operand === "number" ? [operand] : operand;
    return graph.doubles(numbers, [1, numbers.length]);
  };
  const of =
    (op: string) =>
    (...operands: Operand[]): string =>
      graph.node(op, operands.map(value));
  return {
    add: of("Add"),
    sub: of("Sub"),
    mul: of("Mul"),
    div: of("Div"),
    less: of("Less"),
    atMost: of("LessOrEqual"),
    greater: of("Greater"),
    atLeast: of("GreaterOrEqual"),
    equal: of("Equal"),
    where: of("Where"),
    log: of("Log"),
    exp: of("Exp"),
    sqrt: of("Sqrt"),
    abs: of("Abs"),
    neg: of("Neg"),
    isNaN: of("IsNaN"),
    power: of("Pow"),
    or: of("Or"),
    /** How many of the numbers are not above x, as whole numbers. */
    count: (x: string, numbers: readonly number[]): string => {
      if (numbers.length === 0)
        return graph.cast(graph.node("Mul", [value(0), graph.cast(graph.node("IsNaN", [x]), "float64")]), "int64");
      const below = graph.cast(graph.node("GreaterOrEqual", [x, value(numbers)]), "float64");
      return graph.cast(graph.node("ReduceSum", [below, graph.integers([1], [1])], { keepdims: { int: 1 } }), "int64");
    },
    /** The entries of a list at places. */
    at: (numbers: readonly number[], places: string): string =>
      graph.node("Gather", [graph.doubles(numbers, [numbers.length]), places], { axis: { int: 0 } }),
  };
}

type Arithmetic = ReturnType<typeof arithmetic>;

/** `ln(1 + y)` and `e^y - 1` without the loss near 0, by what rounding did to `1 + y` and to `e^y` (Kahan; Higham 2002, 1.14). */
function log1p({ add, sub, div, mul, log, equal, where }: Arithmetic, y: string): string {
  const sum = add(y, 1);
  return where(equal(sum, 1), y, div(mul(log(sum), y), sub(sum, 1)));
}

function expm1({ sub, div, mul, log, exp, equal, where }: Arithmetic, y: string): string {
  const power = exp(y);
  const less = sub(power, 1);
  const near = where(equal(power, 1), y, div(mul(less, y), log(power)));
  // Where e^y vanishes its logarithm does not help.
  return where(equal(less, -1), -1, near);
}

function polynomial({ add, mul }: Arithmetic, terms: readonly number[], r: string): string {
  return terms.slice(1).reduce<string>((sum, term) => add(mul(sum, r), term), add(mul(r, 0), terms[0] as number));
}

/** The operations of transformers of numbers. */
export const ONNX_TRANSFORMS = {
  bins: (context, params, [x]) => arithmetic(context).count(x as string, nums(params, "edges")),
  power: (context, params, [input]) => {
    const math = arithmetic(context);
    const { where, less, atMost, neg, log, mul, div, equal, abs } = math;
    const x = input as string;
    const [above, below] = [nums(params, "above"), nums(params, "below")];
    const logged =
      params["boxCox"] === true
        ? log(where(atMost(x, 0), NaN, x))
        : (() => {
            const size = log1p(math, abs(x));
            return where(less(x, 0), neg(size), size);
          })();
    const c = where(less(logged, 0), below, above);
    return where(equal(c, 0), logged, div(expm1(math, mul(c, logged)), where(equal(c, 0), 1, c)));
  },
  levels: (context, params, [input]) => {
    const { count, at, add, sub, mul, where, equal, less, atMost, greater, atLeast, isNaN } = arithmetic(context);
    const x = input as string;
    const [value, first, last] = [nums(params, "value"), nums(params, "first"), nums(params, "last")];
    const end = value.length - 1;
    const near = num(params, "near");
    if (Number.isNaN(value[0])) return mul(x, NaN);
    // The piece that x is in; the last value has none after it.
    const piece = count(x, value.slice(1));
    const next = [...value.slice(1), value[end] as number];
    const slopes = value.map((own, k) =>
      k === end ? 0 : ((first[k + 1] as number) - (last[k] as number)) / ((value[k + 1] as number) - own),
    );
    const [below, above] = [at(value, piece), at(next, piece)];
    const [low, high] = [at(last, piece), at([...first.slice(1), last[end] as number], piece)];
    const slope = at(slopes, piece);
    const between = mul(add(add(mul(slope, sub(x, below)), low), sub(high, mul(slope, sub(above, x)))), 0.5);
    const middle = at(
      first.map((own, k) => 0.5 * (own + (last[k] as number))),
      piece,
    );
    const inside = where(equal(below, x), middle, between);
    const [lowest, highest] = [value[0] as number, value[end] as number];
    const under = near === 0 ? atMost(x, lowest) : less(sub(x, near), lowest);
    const over = near === 0 ? atLeast(x, highest) : greater(add(x, near), highest);
    const level = where(under, 0, where(over, 1, inside));
    return where(isNaN(x), NaN, level);
  },
  normal: (context, params, [input]) => {
    const math = arithmetic(context);
    const { sub, mul, div, neg, less, greater, atMost, abs, log, sqrt, where } = math;
    const quotient = (part: string, r: string, factor?: string): string => {
      const over = polynomial(math, nums(params, `${part}Over`), r);
      return div(factor === undefined ? over : mul(factor, over), polynomial(math, nums(params, `${part}Under`), r));
    };
    const quantile = (level: string): string => {
      const q = sub(level, 0.5);
      const centre = quotient("centre", sub(0.180625, mul(q, q)), q);
      const tail = where(less(q, 0), level, sub(1, level));
      const far = sqrt(neg(log(tail)));
      const size = where(atMost(far, 5), quotient("middle", sub(far, 1.6)), quotient("outer", sub(far, 5)));
      // At 0 and 1 there are infinities, which the bounds cut off.
      const signed = where(less(q, 0), neg(size), size);
      return where(atMost(abs(q), 0.425), centre, signed);
    };
    const near = num(params, "near");
    const [lowest, highest] = [context.graph.doubles([near], [1, 1]), context.graph.doubles([1 - near], [1, 1])].map(
      quantile,
    ) as [string, string];
    const level = input as string;
    const z = quantile(where(less(level, near), near, where(greater(level, 1 - near), 1 - near, level)));
    return where(less(z, lowest), lowest, where(greater(z, highest), highest, z));
  },
  splines: (context, params, [input]) => {
    const { graph } = context;
    const { count, at, add, sub, mul, div, where, equal, less, greater, isNaN } = arithmetic(context);
    const [degree, width, splines] = [num(params, "degree"), num(params, "width"), num(params, "splines")];
    const [low, high] = [num(params, "low"), num(params, "high")];
    const knots = nums(params, "knots");
    const extrapolation = params["extrapolation"] as string;
    const given = input as string;
    let x = given;
    if (extrapolation === "periodic") {
      const rest = graph.node("Mod", [sub(x, low), graph.doubles([high - low], [1, 1])], { fmod: { int: 1 } });
      x = add(where(less(rest, 0), add(rest, high - low), rest), low);
    }
    // The last interval between given knots that begins at x or below.
    const interval = count(x, knots.slice(degree + 1, knots.length - degree - 1));
    const knot = (shift: number): string =>
      at(knots.slice(degree + shift, knots.length - degree - 1 + shift), interval);
    const intervals = knots.length - 2 * degree - 1;
    let h: string[] = [add(mul(x, 0), 1)];
    for (let j = 1; j <= degree; j++) {
      const last = h;
      h = Array.from({ length: j + 1 }, () => graph.doubles([0], [1, 1]));
      for (let n = 1; n <= j; n++) {
        const [above, below] = [knot(n), knot(n - j)];
        const apart = sub(above, below);
        const none = equal(apart, 0);
        const w = where(none, 0, div(last[n - 1] as string, where(none, 1, apart)));
        h[n - 1] = add(h[n - 1] as string, mul(w, sub(above, x)));
        h[n] = mul(w, sub(x, below));
      }
    }
    const places = graph.integers(
      Array.from({ length: width }, (_, k) => k),
      [1, width],
    );
    const row = h
      .map((own, a) => {
        const slots = Array.from({ length: intervals }, (_, k) => (k + a) % splines);
        const slot = graph.node("Gather", [graph.integers(slots, [intervals]), interval], { axis: { int: 0 } });
        return mul(graph.cast(graph.node("Equal", [slot, places]), "float64"), own);
      })
      .reduce((sum, own) => add(sum, own));
    const beyond = (side: "low" | "high", distance: string): string =>
      add(nums(params, `${side}Value`).slice(0, width), mul(distance, nums(params, `${side}Slope`).slice(0, width)));
    let result = row;
    if (extrapolation === "constant" || extrapolation === "linear")
      result = where(
        less(given, low),
        beyond("low", sub(given, low)),
        where(greater(given, high), beyond("high", sub(given, high)), row),
      );
    if (extrapolation === "error") result = where(less(given, low), NaN, where(greater(given, high), NaN, row));
    return where(isNaN(given), params["zeros"] === true ? 0 : NaN, result);
  },
  inverseLink: (context, params, [input]) => {
    const math = arithmetic(context);
    const { div, mul, neg, exp, sqrt, power, where, greater } = math;
    const eta = input as string;
    if (params["link"] === "cloglog") return neg(expm1(math, neg(exp(eta))));
    if (params["link"] === "inverse") return div(1, eta);
    if (params["link"] === "sqrt") return mul(eta, eta);
    const positive = where(greater(eta, 0), eta, NaN);
    return params["link"] === "inverseSquared" ? div(1, sqrt(positive)) : power(positive, num(params, "power"));
  },
} as const satisfies Partial<Record<GraphOp, OnnxOp>>;
