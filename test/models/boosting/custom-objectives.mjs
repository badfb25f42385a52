/** Half of the squared error. */
export function squared(margin, y, w) {
  const weight = (i) => (w ? w[i] : 1);
  return {
    gradient: margin.map((m, i) => weight(i) * (m - y[i])),
    hessian: margin.map((_, i) => weight(i)),
    loss: margin.map((m, i) => (weight(i) * (m - y[i]) ** 2) / 2),
  };
}

/** The same without a loss. */
export function withoutLoss(margin, y, w) {
  const { gradient, hessian } = squared(margin, y, w);
  return { gradient, hessian };
}

/** NaN where y is 4. */
export function broken(margin, y) {
  return { gradient: y.map((value) => (value === 4 ? NaN : 1)), hessian: y.map(() => 1) };
}

/** One entry too few. */
export function short(margin) {
  return { gradient: margin.subarray(1), hessian: margin };
}

/** A second derivative below 0. */
export function concave(margin) {
  return { gradient: margin, hessian: margin.map(() => -1) };
}
