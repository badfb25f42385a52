// The Dask engine is not part of this version (docs/adr/0004), so there are no cluster tests; this says so aloud.
console.log(
  "cluster tests: NONE YET. The Dask engine is not part of this version; see docs/adr/0004-dask-as-the-cluster-engine.md.",
);
