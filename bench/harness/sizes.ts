/** Rows of a recipe: all of them, or with `--scale` a share, to try a suite out. */
export function scaled(rows: number): number {
  const scale = Number(process.env["BENCH_SCALE"] ?? "1");
  return Math.max(1000, Math.round(rows * scale));
}
