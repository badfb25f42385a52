/** How far two fits of one subject may be apart, relative to the largest entry of what is compared. */
export function toleranceOf(solution: "closed form" | "iterative" | "exact"): number {
  return solution === "closed form" ? 1e-10 : solution === "iterative" ? 1e-6 : 0;
}

/** @throws Error with `message` unless the condition holds */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/**
 * Entry by entry within `tolerance` times the largest finite magnitude; NaN equals NaN only, infinities themselves only.
 * @throws Error naming the first entry that is further away
 */
export function assertClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  assert(actual.length === expected.length, `${what}: expected ${expected.length} values, got ${actual.length}.`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const size = Math.abs(expected[i] ?? NaN);
    if (Number.isFinite(size)) scale = Math.max(scale, size);
  }
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] ?? NaN, expected[i] ?? NaN];
    if (Object.is(a, e) || a === e) continue;
    const gap = Math.abs(a - e);
    assert(
      gap <= tolerance * scale,
      `${what}: entry ${i} is ${a}, expected ${e} (apart by ${gap}, allowed ${tolerance * scale}).`,
    );
  }
}

/** The same values with the same bits. @throws Error naming the first entry that differs */
export function assertSameBits(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert(actual.length === expected.length, `${what}: expected ${expected.length} values, got ${actual.length}.`);
  for (let i = 0; i < expected.length; i++) {
    assert(Object.is(actual[i], expected[i]), `${what}: entry ${i} is ${actual[i]}, expected exactly ${expected[i]}.`);
  }
}

/** The error that `work` rejects with or throws. @throws Error when it succeeds */
export async function errorOf(what: string, work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`${what}: threw something that is not an Error: ${String(error)}.`, { cause: error });
  }
  throw new Error(`${what}: an error was expected, but it succeeded.`);
}

/** @throws Error unless the message has all parts */
export function assertMentions(what: string, error: Error, parts: readonly (string | RegExp)[]): void {
  for (const part of parts) {
    const there = typeof part === "string" ? error.message.includes(part) : part.test(error.message);
    if (!there)
      throw new Error(`${what}: the message should mention ${String(part)}; it is "${error.message}".`, {
        cause: error,
      });
  }
}
