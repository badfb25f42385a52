import { ParameterError, show } from "../../base/errors.js";
import { DaskEngine } from "./dask-engine.js";
import type { DaskOptions } from "./dask-options.js";

/**
 * Connects to a Dask cluster, and resolves to an engine that runs on it.
 *
 * Given a scheduler's address it starts a gateway beside this process: Python 3.10 or newer with `dask[distributed]` and
 * `msgpack` is needed here, a `node` binary on the workers, and nothing else. Given `partwise://host:port` it speaks to a
 * gateway that runs already.
 *
 * @throws ParameterError on an address that makes no sense; EngineClosedError when nobody answers; PartwiseError without
 * Python or Dask, on a wrong token, and on another version of partwise, each with the command that mends it
 *
 * @example
 * ```ts
 * const engine = await connect("tcp://scheduler:8786");
 * setEngine(engine);            // everything that follows runs on the cluster
 * await model.fit(X, y);
 * await engine.close();
 * ```
 */
export async function connect(address: string, options: DaskOptions = {}): Promise<DaskEngine> {
  const { scaler } = options;
  if (scaler !== undefined && typeof scaler?.scale !== "function") {
    throw new ParameterError(`connect: scaler must have a method scale(workers); got ${show(scaler)}.`);
  }
  const engine = new DaskEngine(address, options);
  await engine.ready();
  return engine;
}
