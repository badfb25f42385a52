import type { Kernels } from "#src/kernels/kernels.js";
import { SGD_HYPER, type SgdLossCode, type SgdScheduleCode } from "#src/kernels/sgd-kernels.js";
import { expectWithin, finiteDistance, uniform, weights, type KernelHarness, type Outcome } from "./kernel-harness.js";
import { toCsr } from "./glm-cases.js";
import type { TwinCase } from "./matrix-cases.js";

const WIDTHS: readonly number[] = [0, 1, 2, 3, 5, 8, 17];
const LOSSES: readonly SgdLossCode[] = [0, 1, 2, 3, 4, 5, 6, 7];

interface Pass {
  readonly loss: SgdLossCode;
  readonly schedule: SgdScheduleCode;
  readonly hyper: Record<keyof typeof SGD_HYPER, number>;
  readonly batch: number;
  readonly positive: number;
}

/** Every loss with some schedule, penalty, average and batch; all combinations come up as n goes through its values. */
function passes(n: number): Pass[] {
  const some = n < 100 ? LOSSES : LOSSES.filter((code) => code % 4 === n % 4);
  return some.map((loss, at) => {
    const turn = n + at * 5;
    // The passive-aggressive steps belong to the losses with a corner.
    const pa = (loss === 0 || loss === 6) && turn % 3 === 0;
    return {
      loss,
      schedule: (pa ? 3 + (turn % 2) : turn % 3) as SgdScheduleCode,
      batch: [1, 1, 4, n][turn % 4] as number,
      positive: loss < 4 ? 1 : -1,
      hyper: {
        alpha: 0.5,
        eta0: 0.05,
        powerT: 0.25,
        optimalStart: 1 / (Math.SQRT2 ** 0.5 * 0.5),
        parameter: 0.75,
        l2: turn % 2 === 0 ? 0.3 : 0,
        l1: turn % 3 === 1 ? 0.05 : 0,
        averageFrom: [0, 1, 7][turn % 3] as number,
        fitIntercept: turn % 5 === 0 ? 0 : 1,
        weightPositive: loss < 4 ? 1.5 : 1,
        weightNegative: loss < 4 ? 0.5 : 1,
      },
    };
  });
}

function close(outcome: Outcome<ArrayLike<number>>, what: string): void {
  // A pass is a recursion over the rows: roundings are carried on, not summed.
  expectWithin(outcome, (i) => 1e-9 * Math.max(1, Math.abs(outcome.twin[i]!)), what, finiteDistance);
}

function check(
  h: KernelHarness,
  n: number,
  p: number,
  pass: Pass,
  call: (k: Kernels, rest: readonly number[]) => number,
): void {
  const { loss, schedule, hyper, batch, positive } = pass;
  const order = h.u32(Array.from({ length: n }, (_, i) => (i * 7 + 3) % n).filter((_, i) => i % 11 !== 10));
  const count = n - Math.floor(n / 11);
  const raw = uniform(n, 9);
  const y = h.f64(raw.map((u) => (loss < 4 ? (u > 0 ? 1 : 0) : 2 * u)));
  const w = schedule === 2 ? h.f64(weights(n, 3)) : 0;
  const coef = h.accumulator(uniform(p, 5).map((u) => 0.1 * u));
  const average = hyper.averageFrom > 0 ? h.accumulator(uniform(p, 6)) : 0;
  const q = hyper.l1 > 0 ? h.accumulator(Array.from({ length: p }, () => 0)) : 0;
  const state = h.accumulator([0.1, 3, 0, 0.2, 0.05]);
  const list = h.f64((Object.keys(SGD_HYPER) as (keyof typeof SGD_HYPER)[]).map((name) => hyper[name]));
  const scratch = h.room(Math.max(1, batch) * 8);
  const rest = [p, order, count, Math.max(1, batch), y, w, positive, coef, average, q, list, state, scratch];
  const what = `loss ${loss}, schedule ${schedule}, n ${n}, ${p} columns, batch ${batch}`;
  const total = h.run((k) => call(k, rest));
  close({ wasm: [total.wasm], twin: [total.twin], magnitude: [0] }, `Σ loss, ${what}`);
  close(h.f64At(coef, p), `coef, ${what}`);
  close(h.f64At(state, 5), `state, ${what}`);
  if (average) close(h.f64At(average, p), `average, ${what}`);
  if (q) close(h.f64At(q, p), `q, ${what}`);
}

type Rest = [number, number, number, number, number, number, number, number, number, number, number, number, number];

const sgdRows: TwinCase = (h, n, flavour) => {
  for (const pass of passes(n)) {
    h.reset();
    const p = WIDTHS[(n + pass.loss) % WIDTHS.length] as number;
    const values = [...uniform(n * p, 4)];
    if (flavour === "special" && values.length > 20) values[17] = NaN;
    const x = h.f64(values);
    check(h, n, p, pass, (k, rest) => k.sgdRows(pass.loss, pass.schedule, x, ...(rest as Rest)));
  }
};

const csrSgdRows: TwinCase = (h, n, flavour) => {
  for (const pass of passes(n)) {
    h.reset();
    const p = WIDTHS[(n + pass.loss) % WIDTHS.length] as number;
    const columns = Array.from({ length: p }, (_, j) =>
      uniform(n, 20 + j).map((u, i) =>
        (i * 3 + j) % 4 === 0 ? u : flavour === "special" && i === 17 && j === 1 ? Infinity : 0,
      ),
    );
    const { indptr, indices, values } = toCsr(h, columns, n);
    check(h, n, p, pass, (k, rest) =>
      k.csrSgdRows(pass.loss, pass.schedule, indptr, indices, values, ...(rest as Rest)),
    );
  }
};

/** Cases of the stochastic gradient kernels. */
export const sgdCases = { sgdRows, csrSgdRows } satisfies Partial<Record<keyof Kernels, TwinCase>>;
