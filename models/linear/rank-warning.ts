import type { Comoments } from "../../src/numeric/comoments.js";
import { dependenceOf, nullSpaceOf, type Dependence, type NullSpace } from "../../src/numeric/linalg/null-space.js";

/** The directions of coefficients that the columns behind the co-moments of [x, y] do not determine. */
export function nullSpaceOfColumns(moments: Comoments, fitIntercept: boolean): NullSpace {
  return nullSpaceOf(...squaresOf(moments, fitIntercept));
}

/** The columns behind the co-moments of [x, y] that depend on others. */
export function dependenceOfColumns(moments: Comoments, fitIntercept: boolean): Dependence {
  return dependenceOf(...squaresOf(moments, fitIntercept));
}

/** The Gram matrix of the columns, about their means where there is an intercept, and their whole squares. */
function squaresOf({ mean, scatter, weight }: Comoments, fitIntercept: boolean): [Float64Array, Float64Array] {
  const width = mean.length;
  const p = width - 1;
  const gram = new Float64Array(p * p);
  for (let i = 0; i < p; i++)
    for (let j = 0; j < p; j++)
      gram[i * p + j] = (scatter[i * width + j] ?? 0) + (fitIntercept ? 0 : weight * (mean[i] ?? 0) * (mean[j] ?? 0));
  const sizes = Float64Array.from({ length: p }, (_, j) => {
    return (scatter[j * (width + 1)] ?? 0) + weight * (mean[j] ?? 0) ** 2;
  });
  return [gram, sizes];
}

/** Says which columns leave coefficients undetermined, where some do; a `RankWarning` of the process. */
export function warnDependent(
  owner: string,
  { constant, dependent }: Dependence,
  names: readonly string[] | undefined,
  p: number,
): void {
  if (constant.length + dependent.length === 0) return;
  const list = (columns: readonly number[]): string => {
    const shown = columns.slice(0, 5).map((j) => JSON.stringify(names?.[j] ?? j));
    return shown.join(", ") + (columns.length > 5 ? ` and ${columns.length - 5} more` : "");
  };
  const parts = [
    ...(dependent.length > 0
      ? [`${list(dependent)} depend${dependent.length === 1 ? "s" : ""} on columns before`]
      : []),
    ...(constant.length > 0 ? [`${list(constant)} ${constant.length === 1 ? "is" : "are"} constant`] : []),
  ];
  process.emitWarning(
    `${owner}: X has rank ${p - constant.length - dependent.length}, but ${p} columns: ${parts.join("; ")}. ` +
      "The coefficients are those of minimum norm: predictions are determined, single coefficients are not. Drop such columns, or use a penalty.",
    "RankWarning",
  );
}
