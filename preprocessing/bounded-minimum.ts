const GOLDEN = 0.5 * (3 - Math.sqrt(5));
const SQRT_EPSILON = Math.sqrt(2.2e-16);
const MOST_STEPS = 500;

/**
 * The minimum of a function of one variable in (low, high), by golden sections and parabolas (Brent, "Algorithms for
 * minimization without derivatives", 1973, chapter 5; Forsythe, Malcolm and Moler's fmin). A generator: it yields where it
 * wants the function, takes the value, and returns the place of the minimum, so that many minimisations can share each
 * pass over data.
 *
 * @param tolerance of the place, besides the square root of the rounding
 */
export function* boundedMinimum(low: number, high: number, tolerance: number): Generator<number, number, number> {
  let [a, b] = [low, high];
  let best = a + GOLDEN * (b - a);
  let [second, third] = [best, best];
  let step = 0;
  let before = 0;
  let fBest = yield best;
  let [fSecond, fThird] = [fBest, fBest];
  for (let steps = 1; steps < MOST_STEPS; steps++) {
    const middle = 0.5 * (a + b);
    const near = SQRT_EPSILON * Math.abs(best) + tolerance / 3;
    if (Math.abs(best - middle) <= 2 * near - 0.5 * (b - a)) break;
    let golden = true;
    if (Math.abs(before) > near) {
      // A parabola through the three best places.
      let r = (best - second) * (fBest - fThird);
      let q = (best - third) * (fBest - fSecond);
      let p = (best - third) * q - (best - second) * r;
      q = 2 * (q - r);
      if (q > 0) p = -p;
      q = Math.abs(q);
      r = before;
      before = step;
      if (Math.abs(p) < Math.abs(0.5 * q * r) && p > q * (a - best) && p < q * (b - best)) {
        step = p / q;
        const place = best + step;
        if (place - a < 2 * near || b - place < 2 * near) step = near * (middle >= best ? 1 : -1);
        golden = false;
      }
    }
    if (golden) {
      before = best >= middle ? a - best : b - best;
      step = GOLDEN * before;
    }
    const place = best + (step >= 0 ? 1 : -1) * Math.max(Math.abs(step), near);
    const value = yield place;
    if (value <= fBest) {
      if (place >= best) a = best;
      else b = best;
      [third, fThird] = [second, fSecond];
      [second, fSecond] = [best, fBest];
      [best, fBest] = [place, value];
    } else {
      if (place < best) a = place;
      else b = place;
      if (value <= fSecond || second === best) {
        [third, fThird] = [second, fSecond];
        [second, fSecond] = [place, value];
      } else if (value <= fThird || third === best || third === second) {
        [third, fThird] = [place, value];
      }
    }
  }
  return best;
}
