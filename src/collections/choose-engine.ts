import { DataError } from "../base/errors.js";
import { defaultEngine, engineIsChosen, inlineEngine } from "../engine/default-engine.js";
import type { Engine } from "../engine/engine.js";
import { HeldPlan, plansBelow, type Plan } from "./plan.js";

/** Data up to this size run in the calling thread, unless the user has chosen an engine. */
export const INLINE_BYTES = 4 * 2 ** 20;

/**
 * The engine that a run over `plans` uses: the one that holds their data, else the user's choice, else the calling thread
 * for small data of known size, else all cores.
 * @throws DataError when the data are held by two engines, or were released
 */
export function chooseEngine(plans: readonly Plan[]): Engine {
  let held: Engine | undefined;
  let bytes: number | undefined = 0;
  for (const plan of plansBelow(plans)) {
    if (plan instanceof HeldPlan) {
      if (plan.released) {
        throw new DataError(
          `${plan.label}: its partitions were released. Use it before release(), or persist() the source again.`,
        );
      }
      if (held && held !== plan.engine && held.name !== "inline" && plan.engine.name !== "inline") {
        throw new DataError(
          `${plan.label}: the data of one call are held by two engines (${held.name} and ${plan.engine.name}). Persist them on one.`,
        );
      }
      if (!held || held.name === "inline") held = plan.engine;
    } else if (plan.inputs.length === 0)
      bytes = bytes === undefined || plan.bytes === undefined ? undefined : bytes + plan.bytes;
  }
  if (held) return held;
  if (!engineIsChosen() && bytes !== undefined && bytes <= INLINE_BYTES) return inlineEngine();
  return defaultEngine();
}
