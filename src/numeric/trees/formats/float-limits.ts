/**
 * The largest double that XGBoost, which rounds values to float32 and asks whether they are below `t`, sends to the left:
 * `x <= leftLimit(t)` for a double x is `fround(x) < t`.
 */
export function leftLimit(t: number): number {
  if (t === Infinity) return 3.4028235677973362e38;
  const below = nextFloat(t, -1);
  if (below === -Infinity) return -3.4028235677973366e38;
  const middle = (below + t) / 2;
  return Math.fround(middle) < t ? middle : nextDouble(middle, -1);
}

/** The float32 t for which a float32 x is below t where it is at most `limit`. */
export function leftFloat(limit: number): number {
  const rounded = Math.fround(limit);
  return rounded > limit || rounded === Infinity ? rounded : nextFloat(rounded, 1) + 0;
}

function nextFloat(x: number, direction: 1 | -1): number {
  const float = new Float32Array([x]);
  const bits = new Int32Array(float.buffer);
  if (x === 0) return direction * 1.401298464324817e-45;
  bits[0] = (bits[0] as number) + (x > 0 ? direction : -direction);
  return float[0] as number;
}

/** The next double up or down. */
export function nextDouble(x: number, direction: 1 | -1): number {
  const double = new Float64Array([x]);
  const bits = new BigInt64Array(double.buffer);
  if (x === 0) return direction * Number.MIN_VALUE;
  bits[0] = (bits[0] as bigint) + BigInt(x > 0 ? direction : -direction);
  return double[0] as number;
}
