import { CounterRng } from "./rng.js";

/** Fisher and Yates with numbers drawn by position and `draw`. */
export function shuffleInPlace(order: Uint32Array, seed: number, purpose: string, draw: number): void {
  const rng = new CounterRng(seed, purpose);
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.integer(i, i + 1, draw);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
}
