import type { GraphOp } from "./graph.js";

/** A row's values: numbers, or the cells as they came. */
export type RowValues = readonly unknown[];

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
