import { gaussPoints, leafPaths, type NodeWeight, type PathStep } from "./shap-paths.js";
import type { TreeEnsemble } from "./tree-ensemble.js";

/** Whether a value satisfies a column of a path. */
export function satisfies(x: number, { low, high, missing, codes, other }: PathStep): boolean {
  if (Number.isNaN(x)) return missing;
  if (!(x > low && x <= high)) return false;
  if (!codes) return true;
  const code = Math.trunc(x);
  return code >= 0 && code < codes.length ? (codes[code] as boolean) : other;
}

/**
 * Adds SHAP interaction values (Lundberg et al. 2018, eq. 9 and 10): what two columns contribute together, half to each
 * order, and on the diagonal what is left of each column's own contribution. By the integrals of `ShapPathsKernel`, with the
 * derivative by two columns.
 *
 * @param outs an output after the other `width²` columns, row by row of its square
 */
export function addInteractions(
  trees: TreeEnsemble,
  weight: NodeWeight,
  values: readonly ArrayLike<number>[],
  rows: number,
  width: number,
  outs: readonly Float64Array[],
): void {
  for (const { output, value, steps } of leafPaths(trees, weight)) {
    const d = steps.length;
    const points = gaussPoints((d + 1) >> 1);
    const at = (i: number, j: number): Float64Array => outs[(output * width + i) * width + j] as Float64Array;
    const factors = points.map(() => new Float64Array(d));
    for (let row = 0; row < rows; row++) {
      const gained = steps.map((step) => {
        const own = values[step.column] as ArrayLike<number>;
        return Number(satisfies(own[row] as number, step)) - step.share;
      });
      points.forEach(({ t }, q) =>
        steps.forEach(({ share }, k) => ((factors[q] as Float64Array)[k] = share + t * (gained[k] as number))),
      );
      // The integral of the product of all factors but two, or one.
      const rest = (i: number, j: number): number =>
        points.reduce((sum, { w }, q) => {
          let product = w;
          (factors[q] as Float64Array).forEach((factor, k) => (product *= k === i || k === j ? 1 : factor));
          return sum + product;
        }, 0);
      for (let i = 0; i < d; i++) {
        const own = (steps[i] as PathStep).column;
        let left = value * (gained[i] as number) * rest(i, i);
        for (let j = 0; j < d; j++) {
          if (j === i) continue;
          const half = 0.5 * value * (gained[i] as number) * (gained[j] as number) * rest(i, j);
          const pair = at(own, (steps[j] as PathStep).column);
          pair[row] = (pair[row] as number) + half;
          left -= half;
        }
        const diagonal = at(own, own);
        diagonal[row] = (diagonal[row] as number) + left;
      }
    }
  }
}
