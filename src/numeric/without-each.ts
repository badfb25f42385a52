/** For each fold the sums of all others: prefixes and suffixes are merged, so that no digit is lost to a difference. */
export function withoutEach<S>(folds: readonly S[], merge: (a: S, b: S) => S): S[] {
  const joined = (a: S | undefined, b: S | undefined): S | undefined =>
    a !== undefined && b !== undefined ? merge(a, b) : (a ?? b);
  const suffix: (S | undefined)[] = [];
  for (let f = folds.length - 1; f > 0; f--) suffix[f] = joined(folds[f], suffix[f + 1]);
  let prefix: S | undefined;
  return folds.map((fold, f) => {
    const rest = joined(prefix, suffix[f + 1]);
    prefix = joined(prefix, fold);
    return rest as S;
  });
}
