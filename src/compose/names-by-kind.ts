/** Names after classes, in lower case; repeated ones are numbered. What is no estimator gets a name too, and is refused later. */
export function namesByKind(estimators: readonly (string | { readonly kind: string })[]): string[] {
  const names = estimators.map((estimator) => {
    const { kind = "step" } = (typeof estimator === "object" ? (estimator ?? {}) : {}) as { kind?: string };
    return typeof estimator === "string" ? estimator : kind.toLowerCase();
  });
  return names.map((name, k) =>
    names.filter((other) => other === name).length > 1
      ? `${name}-${names.slice(0, k + 1).filter((other) => other === name).length}`
      : name,
  );
}
