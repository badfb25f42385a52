import { ParameterError, show } from "../../base/errors.js";

/** How the local engine uses the machine. */
export interface LocalEngineOptions {
  /** Worker threads; one for each core unless given. */
  readonly threads?: number;
  /** Bytes that values and scratch may hold before values are spilled; 60 % of the machine's memory unless given. */
  readonly memoryLimit?: number;
  /** Where spilled values go; the system's temporary folder unless given. */
  readonly tempDirectory?: string;
}

/** An option as a whole number. @throws ParameterError when it is below `least` or not finite */
export function positive(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return Math.floor(value);
  throw new ParameterError(`LocalEngine: ${name} must be >= ${least}; got ${show(value)}.`);
}
