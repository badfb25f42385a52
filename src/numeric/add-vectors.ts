/** `a + b` of equal lengths, in a plain loop: partials of a wide Hessian have millions of entries. */
export function addVectors(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let j = 0; j < out.length; j++) out[j] = (a[j] as number) + (b[j] as number);
  return out;
}

/** Multiplies every entry, in place. */
export function scaleInPlace(a: Float64Array, factor: number): Float64Array {
  for (let j = 0; j < a.length; j++) a[j] = (a[j] as number) * factor;
  return a;
}
