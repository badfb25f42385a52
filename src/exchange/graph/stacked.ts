import type { Builder, Symbolic } from "./record-graph.js";

/** Matrices side by side, each times its weight. */
export function stacked(
  build: Builder,
  parts: readonly (Symbolic & { kind: "matrix" })[],
  weights: readonly number[] = parts.map(() => 1),
): Symbolic & { kind: "matrix" } {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  return build.node(
    "stack",
    parts.map(({ node }) => node),
    width,
    { weights },
  );
}
