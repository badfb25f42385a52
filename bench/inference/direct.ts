// What the comparisons of other libraries' models with their runtime called directly have in common: both sides start from
// batches of a Polars frame and end at columns (what a worker does with a batch), in one thread.
import { polars, type PolarsFrame } from "../../src/index.js";
import { scaled } from "../harness/sizes.js";
import { median } from "../harness/stats.js";

const ROWS = scaled(200_000);
const BATCH = 65_536;
const REPEAT = 7;

/** Alternating medians of both sides; prints them and, on the last line, ours in percent of the direct call's. */
export async function compare(
  name: string,
  ours: () => Promise<unknown>,
  direct: () => Promise<unknown>,
): Promise<void> {
  const times: [number[], number[]] = [[], []];
  await ours();
  await direct();
  for (let round = 0; round < REPEAT; round++)
    for (const [side, run] of [ours, direct].entries()) {
      const start = performance.now();
      await run();
      times[side]?.push(performance.now() - start);
    }
  const [mine, theirs] = [median(times[0]), median(times[1])];
  console.log(`${name}: ${mine.toFixed(1)} ms, direct ${theirs.toFixed(1)} ms`);
  console.log(((100 * mine) / theirs).toFixed(1));
}

/** Rows of a batch in float32, as one writes it by hand. */
export function rowMajor(frame: PolarsFrame): Float32Array {
  const width = frame.columns.length;
  const out = new Float32Array(frame.height * width);
  frame.columns.forEach((column, j) => {
    const values = frame.getColumn(column).toTypedArray() as Float64Array;
    for (let i = 0; i < values.length; i++) out[i * width + j] = values[i] as number;
  });
  return out;
}

/** Columns of a result in rows, as one writes it by hand. */
export function columnsOf(data: ArrayLike<number>, width: number): PolarsFrame {
  const rows = data.length / width;
  const column = (j: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, i) => data[i * width + j] as number);
  return polars().DataFrame(Array.from({ length: width }, (_, j) => polars().Series(`p${j}`, column(j))));
}

/** Columns of waves. */
export function waves(width: number): Record<string, Float64Array> {
  return Object.fromEntries(
    Array.from({ length: width }, (_, j) => [
      `c${j}`,
      Float64Array.from({ length: ROWS }, (__, i) => Math.sin(i * (j + 1))),
    ]),
  );
}

/** A frame in batches. */
export function batchesOf(frame: PolarsFrame): PolarsFrame[] {
  const { height } = frame;
  return Array.from({ length: Math.ceil(height / BATCH) }, (_, k) =>
    frame.slice(k * BATCH, Math.min(BATCH, height - k * BATCH)),
  );
}
