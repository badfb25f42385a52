import { stack } from "../collections/frame/frame-task.js";
import type { PolarsFrame } from "../collections/frame/polars.js";

/** The results of a frame's rows, so many at once; an empty frame is one batch, so that its result has columns. */
export async function inBatches(
  frame: PolarsFrame,
  rows: number,
  run: (batch: PolarsFrame) => Promise<PolarsFrame>,
): Promise<PolarsFrame> {
  const parts: PolarsFrame[] = [];
  for (let from = 0; from < Math.max(1, frame.height); from += rows)
    parts.push(await run(frame.slice(from, Math.min(rows, frame.height - from))));
  return stack(parts);
}
