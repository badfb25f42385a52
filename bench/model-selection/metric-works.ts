import type { PeerWork } from "../harness/types.js";

const row = (work: string, data: string, large: boolean): PeerWork => ({
  work,
  peer: "scikit-learn (sum of ten)",
  peerWork: "ten-metrics",
  data,
  target: 5,
  checks: [{ value: "scores", kind: "close", tolerance: 1e-9 }],
  ...(large ? { large } : {}),
});

/** Rows of the suite: metrics.ts serves them. */
export const metricsWorks: readonly PeerWork[] = [
  row("ten-metrics", "labels-10m", true),
  row("ten-metrics-2m", "labels-2m", false),
];
