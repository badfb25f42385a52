/**
 * The layers of ARCHITECTURE.md: imports run downward only. The check reads the built JavaScript (whose tree mirrors the
 * sources), where type-only imports are gone: a type may be named upward, code may not be reached upward.
 */
const layers = [
  ["base", "dist/src/base/"],
  ["memory", "dist/src/memory/"],
  ["kernels", "dist/src/kernels/"],
  ["engine", "dist/src/engine/"],
  ["numeric", "dist/src/numeric/"],
  ["collections", "dist/src/(collections|io)/"],
  ["estimator", "dist/src/estimator/"],
  ["metrics", "dist/src/metrics/"],
  ["compose", "dist/src/(compose|model-selection|feature-selection|inference|persistence|exchange)/"],
  ["observe", "dist/src/observe/"],
  ["top", "dist/(models|preprocessing|datasets)/"],
  ["cli", "dist/src/cli/"],
];

const upward = layers.slice(0, -1).map(([name, path], i) => ({
  name: `${name}-imports-downward`,
  severity: "error",
  from: { path: `^${path}` },
  to: {
    path: layers
      .slice(i + 1)
      .map(([, above]) => `^${above}`)
      .join("|"),
  },
}));

module.exports = {
  forbidden: [
    ...upward,
    { name: "no-cycles", severity: "error", from: { path: "^dist/" }, to: { circular: true } },
    {
      name: "models-and-preprocessing-apart",
      severity: "error",
      from: { path: "^dist/models/" },
      to: { path: "^dist/preprocessing/" },
    },
    {
      name: "preprocessing-and-models-apart",
      severity: "error",
      from: { path: "^dist/preprocessing/" },
      to: { path: "^dist/models/" },
    },
    {
      name: "threads-only-in-engine",
      severity: "error",
      from: { path: "^dist/", pathNot: "^dist/(src/engine/|bench/|examples/)" },
      to: { path: "^(node:)?worker_threads$|piscina" },
    },
    { name: "nothing-imports-tests", severity: "error", from: { path: "^dist/" }, to: { path: "^test/" } },
    {
      name: "library-does-not-import-programs",
      severity: "error",
      from: { path: "^dist/(src|models|preprocessing|datasets)/" },
      to: { path: "^dist/(bench|examples)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.d\\.ts$|\\.map$" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
