import { ParameterError, PartwiseError, show } from "../../base/errors.js";

/**
 * What can start and stop workers of a cluster: {@link DaskOptions.scaler}. A `LocalCluster` is one; others are a few
 * lines around the command that scales them (docs/cluster.md).
 */
export interface ClusterScaler {
  /** Asks for so many workers; resolves once that is on its way. */
  scale(workers: number): Promise<unknown>;
}

/** Bounds for {@link DaskEngine.adapt}. */
export interface AdaptOptions {
  readonly min: number;
  readonly max: number;
  /** Seconds between looks at what there is to do; 1 unless given. */
  readonly interval?: number;
  /** Looks in a row that have to find fewer workers enough before some are stopped; 3 unless given. */
  readonly patience?: number;
}

/** The cluster as adaptive scaling sees it. */
export interface Load {
  /** Values that were asked for and are not there. */
  readonly waiting: number;
  readonly threads: number;
  readonly workers: number;
}

/** Keeps the number of workers between bounds, by what there is to do. */
export class Adaptive {
  readonly #options: Required<AdaptOptions>;
  readonly #scaler: ClusterScaler;
  readonly #load: () => Load;
  readonly #timer: NodeJS.Timeout;
  #asked: number | undefined;
  #fewer = 0;

  constructor(scaler: ClusterScaler, options: AdaptOptions, load: () => Load) {
    const { min, max, interval = 1, patience = 3 } = options;
    if (!Number.isInteger(min) || !Number.isInteger(max) || min < 0 || max < 1 || max < min) {
      throw new ParameterError(
        `adapt: min and max must be whole numbers, 0 <= min <= max; got ${show(min)} and ${show(max)}.`,
      );
    }
    if (!(interval > 0)) throw new ParameterError(`adapt: interval must be > 0 seconds; got ${show(interval)}.`);
    this.#options = { min, max, interval, patience };
    this.#scaler = scaler;
    this.#load = load;
    this.#timer = setInterval(() => this.look(), interval * 1000);
    this.#timer.unref();
    this.look();
  }

  /** Looks at the load, and asks for more workers at once or for fewer after a while. */
  look(): void {
    const { min, max, patience } = this.#options;
    const { waiting, threads, workers } = this.#load();
    const each = workers > 0 ? Math.max(1, threads / workers) : 1;
    const wanted = Math.min(max, Math.max(min, Math.ceil(waiting / each)));
    const now = this.#asked ?? workers;
    this.#fewer = wanted < now ? this.#fewer + 1 : 0;
    if (wanted === now || (wanted < now && this.#fewer < patience)) return;
    this.#asked = wanted;
    this.#fewer = 0;
    // The next look asks again when this one came to nothing.
    this.#scaler.scale(wanted).catch(() => (this.#asked = undefined));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** The scaler of an engine. @throws PartwiseError where the cluster has none */
export function scalerOf(scaler: ClusterScaler | undefined, address: string): ClusterScaler {
  if (scaler) return scaler;
  throw new PartwiseError(
    `Dask engine: the cluster at ${address} was started by others, and Dask gives clients no way to start its workers. ` +
      "Scale it the way it was started (`kubectl scale`, dask-jobqueue's `cluster.scale`, `dask worker`), or pass what can do it as `scaler` to connect().",
  );
}
