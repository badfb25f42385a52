import type { GraphOp } from "./graph.js";

/**
 * What each operation does to one row. Their source text is written into JavaScript files: each has to stand alone, with
 * nothing but its parameters `p` and the results of the nodes before it.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export type RowOp = (p: any, ...inputs: any[]) => unknown[];

/** The arithmetic is that of the kernels, in their order where it decides the last digit. */
export const ROW_OPS: Readonly<Record<GraphOp, RowOp>> = {
  numbers: (p, row) =>
    p.columns.map((j: number) => (row[j] === null || row[j] === undefined ? Number.NaN : Number(row[j]))),
  text: (p, row) => [row[p.column] ?? null],
  choose: (p, x) => p.columns.map((j: number) => x[j]),
  stack: (p, ...parts) => parts.flatMap((part, k) => part.map((value: number) => value * p.weights[k])),
  centerScale: (p, x) => x.map((value: number, j: number) => (value - p.shift[j]) * p.scale[j]),
  scaleShift: (p, x) => x.map((value: number, j: number) => value * p.scale[j] + p.shift[j]),
  clip: (p, x) => x.map((value: number) => (value < p.low ? p.low : value > p.high ? p.high : value)),
  fill: (p, x) => x.map((value: number, j: number) => (Number.isNaN(value) ? p.fill[j] : value)),
  missing: (_p, x) => x.map((value: number) => (Number.isNaN(value) ? 1 : 0)),
  bins: (p, x) => {
    if (!Number.isFinite(x[0])) throw new Error(`${p.owner}: column "${p.name}" has ${x[0]}.`);
    let bin = 0;
    while (bin < p.edges.length && x[0] >= p.edges[bin]) bin++;
    return [bin];
  },
  power: (p, x) =>
    x.map((value: number, j: number) => {
      if (p.boxCox && value <= 0)
        throw new Error(`${p.owner}: column "${p.names[j]}" has ${value}, and Box-Cox needs values above 0.`);
      const log = p.boxCox ? Math.log(value) : value < 0 ? -Math.log1p(-value) : Math.log1p(value);
      const c = log < 0 ? p.below[j] : p.above[j];
      return c === 0 ? log : Math.expm1(c * log) / c;
    }),
  levels: (p, [x]) => {
    const end = p.value.length - 1;
    if (Number.isNaN(x) || Number.isNaN(p.value[0])) return [Number.NaN];
    if (p.near === 0 ? x <= p.value[0] : x - p.near < p.value[0]) return [0];
    if (p.near === 0 ? x >= p.value[end] : x + p.near > p.value[end]) return [1];
    let from = 0;
    let to = end + 1;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (p.value[middle] <= x) from = middle;
      else to = middle;
    }
    const below = p.value[from];
    const low = p.last[from];
    if (below === x || from === end) return [0.5 * (p.first[from] + low)];
    const above = p.value[from + 1];
    const high = p.first[from + 1];
    const slope = (high - low) / (above - below);
    return [0.5 * (slope * (x - below) + low + (high - slope * (above - x)))];
  },
  normal: (p, x) => {
    const quotient = (over: number[], under: number[], r: number, factor: number): number => {
      const sum = (terms: number[]): number => terms.slice(1).reduce((own, term) => own * r + term, terms[0] as number);
      return (factor * sum(over)) / sum(under);
    };
    const quantile = (level: number): number => {
      const q = level - 0.5;
      if (Math.abs(q) <= 0.425) return quotient(p.centreOver, p.centreUnder, 0.180625 - q * q, q);
      const tail = q < 0 ? level : 1 - level;
      if (!(tail > 0)) return tail === 0 ? (q < 0 ? -Infinity : Infinity) : Number.NaN;
      const far = Math.sqrt(-Math.log(tail));
      const z =
        far <= 5
          ? quotient(p.middleOver, p.middleUnder, far - 1.6, 1)
          : quotient(p.outerOver, p.outerUnder, far - 5, 1);
      return q < 0 ? -z : z;
    };
    const [lowest, highest] = [quantile(p.near), quantile(1 - p.near)] as [number, number];
    return x.map((level: number) => {
      const z = quantile(level);
      return z < lowest ? lowest : z > highest ? highest : z;
    });
  },
  splines: (p, [x]) => {
    const row = Array.from({ length: p.splines }, () => 0);
    if (Number.isNaN(x) && p.zeros) return row.slice(0, p.width);
    const within = p.extrapolation === "periodic" || p.extrapolation === "continue" || (x >= p.low && x <= p.high);
    if (!Number.isFinite(x) || (!within && p.extrapolation === "error"))
      throw new Error(`${p.owner}: column "${p.name}" has ${x}; its knots are from ${p.low} to ${p.high}.`);
    if (!within) {
      const [value, slope, distance] =
        x < p.low ? [p.lowValue, p.lowSlope, x - p.low] : [p.highValue, p.highSlope, x - p.high];
      return value.map((own: number, k: number) => own + distance * slope[k]).slice(0, p.width);
    }
    const rest = (x - p.low) % (p.high - p.low);
    const at = p.extrapolation === "periodic" ? p.low + (rest < 0 ? rest + (p.high - p.low) : rest) : x;
    let from = p.degree;
    let to = p.knots.length - p.degree - 1;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (p.knots[middle] <= at) from = middle;
      else to = middle;
    }
    const h = [1];
    for (let j = 1; j <= p.degree; j++) {
      const last = h.slice();
      h[0] = 0;
      for (let n = 1; n <= j; n++) {
        const [above, below] = [p.knots[from + n], p.knots[from + n - j]];
        const w = above === below ? 0 : (last[n - 1] as number) / (above - below);
        h[n - 1] = above === below ? (h[n - 1] as number) : (h[n - 1] as number) + w * (above - at);
        h[n] = above === below ? 0 : w * (at - below);
      }
    }
    h.forEach((own, a) => {
      const k = (from - p.degree + a) % p.splines;
      row[k] = (row[k] as number) + own;
    });
    return row.slice(0, p.width);
  },
  normalize: (p, x) => {
    const sizes = x.map((value: number) => Math.abs(value));
    const size =
      p.norm === "max"
        ? Math.max(...sizes)
        : p.norm === "l1"
          ? sizes.reduce((sum: number, value: number) => sum + value, 0)
          : Math.sqrt(sizes.reduce((sum: number, value: number) => sum + value * value, 0));
    return x.map((value: number) => value / (size < p.smallest ? 1 : size));
  },
  above: (p, x) => x.map((value: number) => (value > p.threshold ? 1 : 0)),
  products: (p, x) => {
    const terms = [1];
    for (let t = 1; t < p.prefix.length; t++)
      terms.push(p.prefix[t] === 0 ? x[p.variable[t]] : (terms[p.prefix[t]] as number) * x[p.variable[t]]);
    return p.emitted.map((t: number) => terms[t]);
  },
  code: (p, x) => {
    const value = x[0];
    const missing = value === null || Number.isNaN(value);
    const at = missing ? p.keys.findIndex((key: unknown) => key === null || Number.isNaN(key)) : p.keys.indexOf(value);
    if (at < 0 && p.refuse)
      throw new Error(`${p.owner}: column "${p.name}" has ${JSON.stringify(value)}, which fit has not seen.`);
    return [at < 0 ? p.keys.length : at];
  },
  gather: (p, x) => [p.table[x[0]]],
  spread: (p, x) => Array.from({ length: p.width }, (_, j) => (p.slots[x[0]] === j ? 1 : 0)),
  linear: (p, x) =>
    p.intercepts.map((intercept: number, c: number) => {
      let sum = intercept;
      for (let j = 0; j < x.length; j++) sum += p.coef[c * x.length + j] * x[j];
      return sum;
    }),
  inverseLink: (p, x) =>
    x.map((eta: number) => {
      if (p.link === "cloglog") return -Math.expm1(-Math.exp(eta));
      if (p.link === "inverse") return 1 / eta;
      if (p.link === "sqrt") return eta * eta;
      if (!(eta > 0)) return Number.NaN;
      return p.link === "inverseSquared" ? 1 / Math.sqrt(eta) : eta ** p.power;
    }),
  exp: (_p, x) => x.map((value: number) => Math.exp(value)),
  bothSides: (_p, x) => [-x[0], x[0]],
  sigmoid: (_p, x) =>
    x.map((value: number) => {
      const small = Math.exp(-Math.abs(value));
      return (value >= 0 ? 1 : small) / (1 + small);
    }),
  ramp: (_p, x) => x.map((value: number) => (Math.max(-1, Math.min(1, value)) + 1) / 2),
  shares: (_p, x) => {
    const sum = x.reduce((total: number, value: number) => total + value, 0);
    return x.map((value: number) => (sum === 0 ? 1 / x.length : value / sum));
  },
  divide: (p, x) => x.map((value: number) => value / p.by),
  complement: (_p, x) => [Math.max(0, 1 - x[0]), x[0]],
  softmax: (_p, x) => {
    const top = Math.max(...x);
    const parts = x.map((value: number) => Math.exp(value - top));
    const sum = parts.reduce((total: number, value: number) => total + value, 0);
    return parts.map((value: number) => value / sum);
  },
  trees: (p, x) => {
    const sums = [...p.baselines];
    for (let t = 0; t + 1 < p.offsets.length; t++) {
      let k = p.offsets[t];
      while (p.feature[k] >= 0) {
        const value = x[p.feature[k]];
        let left = value <= p.threshold[k];
        if (Number.isNaN(value)) left = p.missingLeft[k] === 1;
        else if (p.firstWord[k] >= 0) {
          const code = Math.trunc(value);
          const word = p.sets[p.firstWord[k] + Math.floor(code / 32)];
          left = code >= 0 && code < 32 * p.words[k] ? ((word >>> (code % 32)) & 1) === 1 : p.otherLeft[k] === 1;
        }
        k = p.offsets[t] + p.left[k] + (left ? 0 : 1);
      }
      sums[t % sums.length] += p.value[k];
    }
    return sums;
  },
  pickLabel: (p, x) => [x[0] > 0 ? p.labels[1] : p.labels[0]],
  bestLabel: (p, x) => {
    let best = 0;
    for (let c = 1; c < x.length; c++) if (x[c] > x[best]) best = c;
    return [p.labels[best]];
  },
};
