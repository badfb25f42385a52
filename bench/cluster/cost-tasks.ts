/** A task that does nothing: its time is what a task costs. */
export function nothing(): number {
  return 0;
}

/** A value of so many bytes. */
export function bytes(_context: unknown, args: { bytes: number }): Float64Array {
  return new Float64Array(args.bytes / 8).fill(1);
}
