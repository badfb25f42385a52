import { availableParallelism } from "node:os";
import { ParameterError, show } from "../base/errors.js";
import { DaskEngine } from "./dask/dask-engine.js";
import type { Engine } from "./engine.js";
import { InlineEngine } from "./inline/inline-engine.js";
import { LocalEngine, type LocalEngineOptions } from "./local/local-engine.js";

let inline: InlineEngine | undefined;
let current: Engine | undefined;

/** The one inline engine of this process: small data run here without starting threads. */
export function inlineEngine(): InlineEngine {
  inline ??= new InlineEngine();
  return inline;
}

/** A new engine over all cores of this machine; close it when done, or make it the default with {@link setEngine}. */
export function localEngine(options: LocalEngineOptions = {}): LocalEngine {
  return new LocalEngine(options);
}

/**
 * The engine that runs what names no other: what {@link setEngine} was given, else `PARTWISE_ENGINE` (`inline`, `local`,
 * `local:4`, `dask://scheduler:8786`, `partwise://gateway:9000`), else one thread for each core. A cluster is reached with
 * the first task.
 */
export function defaultEngine(): Engine {
  current ??= fromEnvironment(process.env["PARTWISE_ENGINE"] ?? "local");
  return current;
}

/** Makes `engine` the default; undefined goes back to the environment's choice. The previous one is not closed. */
export function setEngine(engine: Engine | undefined): void {
  current = engine;
}

/** True when the user has chosen an engine: then small data run there too. */
export function engineIsChosen(): boolean {
  return current !== undefined || process.env["PARTWISE_ENGINE"] !== undefined;
}

function fromEnvironment(text: string): Engine {
  if (/^(dask|tcp|tls|partwise):/.test(text)) return new DaskEngine(text);
  const [kind, threads] = text.split(":");
  if (kind === "inline" && threads === undefined) return inlineEngine();
  if (kind === "local" && threads === undefined) return new LocalEngine({ threads: availableParallelism() });
  if (kind === "local" && /^[1-9]\d*$/.test(threads ?? "")) return new LocalEngine({ threads: Number(threads) });
  throw new ParameterError(
    `PARTWISE_ENGINE must be inline, local, local:<threads> or dask://<scheduler>:<port>; got ${show(text)}.`,
  );
}
