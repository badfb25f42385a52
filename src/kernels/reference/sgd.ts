import {
  SGD_HYPER,
  SGD_STATE,
  sgdLoss,
  sgdSchedule,
  type CsrSgdRowsKernel,
  type SgdLossCode,
  type SgdRowsKernel,
  type SgdScheduleCode,
} from "../sgd-kernels.js";
import type { MemoryViews } from "./views.js";

/** Loss of a prediction; y is 1 or -1 for a class. */
export function sgdLossOf(loss: SgdLossCode, y: number, p: number, parameter: number): number {
  const z = y * p;
  const r = Math.abs(p - y);
  switch (loss) {
    case sgdLoss.hinge:
      return z <= parameter ? parameter - z : 0;
    case sgdLoss.squaredHinge:
      return z < 1 ? (1 - z) ** 2 : 0;
    case sgdLoss.modifiedHuber:
      return z >= 1 ? 0 : z >= -1 ? (1 - z) ** 2 : -4 * z;
    case sgdLoss.log:
      return (z < 0 ? -z : 0) + Math.log1p(Math.exp(-Math.abs(z)));
    case sgdLoss.squared:
      return 0.5 * r * r;
    case sgdLoss.huber:
      return r <= parameter ? 0.5 * r * r : parameter * r - 0.5 * parameter * parameter;
    case sgdLoss.epsilonInsensitive:
      return r - parameter <= 0 ? 0 : r - parameter;
    default:
      return r - parameter <= 0 ? 0 : (r - parameter) ** 2;
  }
}

/** Derivative of the loss in the prediction. */
export function sgdGradientOf(loss: SgdLossCode, y: number, p: number, parameter: number): number {
  const z = y * p;
  const r = p - y;
  switch (loss) {
    case sgdLoss.hinge:
      return z <= parameter ? -y : 0;
    case sgdLoss.squaredHinge:
      return z < 1 ? -2 * y * (1 - z) : 0;
    case sgdLoss.modifiedHuber:
      return z >= 1 ? 0 : z >= -1 ? -2 * y * (1 - z) : -4 * y;
    case sgdLoss.log:
      return -y / (1 + Math.exp(z));
    case sgdLoss.squared:
      return r;
    case sgdLoss.huber:
      return Math.abs(r) > parameter ? parameter * Math.sign(r) : r;
    case sgdLoss.epsilonInsensitive:
      return Math.abs(r) > parameter ? Math.sign(r) : 0;
    default:
      return Math.abs(r) > parameter ? 2 * (r - parameter * Math.sign(r)) : 0;
  }
}

type Entry = readonly [column: number, value: number];

interface Run {
  readonly loss: SgdLossCode;
  readonly schedule: SgdScheduleCode;
  readonly order: Uint32Array;
  readonly batch: number;
  readonly y: Float64Array;
  readonly w: Float64Array | undefined;
  readonly positive: number;
  readonly coef: Float64Array;
  readonly average: Float64Array | undefined;
  readonly q: Float64Array | undefined;
  readonly hyper: Float64Array;
  readonly state: Float64Array;
  /** Entries of a row; when dense, all of them. */
  readonly row: (i: number) => readonly Entry[];
}

function descend(run: Run): number {
  const { loss, schedule, order, batch, coef, average, q, hyper, state } = run;
  const of = (name: keyof typeof SGD_HYPER): number => hyper[SGD_HYPER[name]]!;
  const parameter = of("parameter");
  let total = 0;
  for (let from = 0; from < order.length; from += batch) {
    const rows = [...order.subarray(from, from + batch)];
    const t = state[SGD_STATE.t]!;
    if (schedule === sgdSchedule.optimal) state[SGD_STATE.eta] = 1 / (of("alpha") * (of("optimalStart") + t - 1));
    if (schedule === sgdSchedule.invscaling) state[SGD_STATE.eta] = of("eta0") / t ** of("powerT");
    const eta = state[SGD_STATE.eta]!;
    const updates = rows.map((i) => {
      const x = run.row(i);
      const p = x.reduce((sum, [j, value]) => sum + value * coef[j]!, 0) + state[SGD_STATE.intercept]!;
      const y = run.positive < 0 ? run.y[i]! : run.y[i] === run.positive ? 1 : -1;
      const lost = sgdLossOf(loss, y, p, parameter);
      total += lost;
      const size = x.reduce((sum, [, value]) => sum + value * value, 0);
      const side = run.positive >= 0 ? y : y < p ? -1 : 1;
      let update: number;
      if (schedule === sgdSchedule.pa1) update = size === 0 ? 0 : side * Math.min(of("eta0"), lost / size);
      else if (schedule === sgdSchedule.pa2) update = (side * lost) / (size + 0.5 / of("eta0"));
      else update = -eta * Math.max(-1e12, Math.min(1e12, sgdGradientOf(loss, y, p, parameter)));
      return (update * (y > 0 ? of("weightPositive") : of("weightNegative")) * (run.w?.[i] ?? 1)) / rows.length;
    });
    const shrink = Math.max(0, 1 - of("l2") * eta);
    for (let j = 0; j < coef.length; j++) coef[j]! *= shrink;
    rows.forEach((i, k) => {
      if (updates[k] === 0) return;
      for (const [j, value] of run.row(i)) coef[j]! += updates[k]! * value;
      if (of("fitIntercept") !== 0) state[SGD_STATE.intercept]! += updates[k]!;
    });
    const steps = t - of("averageFrom") + 1;
    if (of("averageFrom") > 0 && steps >= 1) {
      average?.forEach((mean, j) => (average[j] = mean + (coef[j]! - mean) / steps));
      state[SGD_STATE.averageIntercept]! += (state[SGD_STATE.intercept]! - state[SGD_STATE.averageIntercept]!) / steps;
    }
    if (q && of("l1") !== 0) {
      state[SGD_STATE.u]! += of("l1") * eta;
      const u = state[SGD_STATE.u]!;
      for (const j of new Set(rows.flatMap((i) => run.row(i).map(([column]) => column)))) {
        const before = coef[j]!;
        if (before > 0) coef[j] = Math.max(0, before - (u + q[j]!));
        else if (before < 0) coef[j] = Math.min(0, before + (u - q[j]!));
        q[j]! += coef[j]! - before;
      }
    }
    state[SGD_STATE.t] = t + 1;
  }
  return total;
}

/** Plain twin of the stochastic gradient kernel. */
export function sgdRows(views: MemoryViews): SgdRowsKernel {
  return (loss, schedule, x, p, order, count, batch, y, w, positive, coef, average, q, hyper, state) => {
    const chosen = views.u32(order, count);
    const rows = chosen.reduce((most, i) => Math.max(most, i + 1), 0);
    const data = views.f64(x, rows * p);
    return descend({
      loss,
      schedule,
      batch,
      positive,
      order: chosen,
      y: views.f64(y, rows),
      w: views.optionalF64(w, rows),
      coef: views.f64(coef, p),
      average: views.optionalF64(average, p),
      q: views.optionalF64(q, p),
      hyper: views.f64(hyper, Object.keys(SGD_HYPER).length),
      state: views.f64(state, Object.keys(SGD_STATE).length),
      row: (i) => Array.from(data.subarray(i * p, (i + 1) * p), (value, j) => [j, value] as const),
    });
  };
}

/** Plain twin of the stochastic gradient kernel over CSR rows. */
export function csrSgdRows(views: MemoryViews): CsrSgdRowsKernel {
  return (
    ...[loss, schedule, indptr, indices, values, p, order, count, batch, y, w, positive, coef, average, q, hyper, state]
  ) => {
    const chosen = views.u32(order, count);
    const rows = chosen.reduce((most, i) => Math.max(most, i + 1), 0);
    const starts = views.i32(indptr, rows + 1);
    const columnOf = views.i32(indices, starts[rows]!);
    const valueOf = views.f64(values, starts[rows]!);
    return descend({
      loss,
      schedule,
      batch,
      positive,
      order: chosen,
      y: views.f64(y, rows),
      w: views.optionalF64(w, rows),
      coef: views.f64(coef, p),
      average: views.optionalF64(average, p),
      q: views.optionalF64(q, p),
      hyper: views.f64(hyper, Object.keys(SGD_HYPER).length),
      state: views.f64(state, Object.keys(SGD_STATE).length),
      row: (i) => {
        const at = starts[i]!;
        return Array.from(columnOf.subarray(at, starts[i + 1]), (j, k) => [j, valueOf[at + k]!] as const);
      },
    });
  };
}
