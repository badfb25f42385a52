import type { TeamSeats } from "../engine.js";
import type { RawWorker } from "./dask-worker.js";
import type { ClusterFacts } from "./gateway-link.js";
import { groupsWithin, isUneven, MOST_MEMBERS, seatsOf, spreadOver } from "./holder-groups.js";
import type { KeptValue } from "./kept-value.js";
import type { Header } from "./message-socket.js";

// Milliseconds in which Dask starts the tasks of a graph where its workers have nothing else to do, and of work that is
// worth such a start.
const TEAM_PATIENCE = 1000;
const TEAM_WORTH = 1000;

/** What {@link ValuePlaces} asks the gateway, and knows of the cluster. */
export interface ClusterView {
  ask<T>(header: Header): Promise<T>;
  facts(): ClusterFacts | undefined;
}

/** Where an engine's values are on the cluster, and what can be done with those that are together. */
export class ValuePlaces {
  readonly #cluster: ClusterView;
  /** What workers say of themselves, asked for again when something has changed. */
  #workers: Promise<Record<string, RawWorker>> | undefined;

  constructor(cluster: ClusterView) {
    this.#cluster = cluster;
  }

  /** Workers came, went, or lost their sidecars. */
  changed(): void {
    this.#workers = undefined;
  }

  /** The holders of each key. */
  locate(keys: readonly string[]): Promise<Record<string, string[]>> {
    return keys.length > 0 ? this.#cluster.ask({ op: "locate", keys }) : Promise.resolve({});
  }

  /** See `Engine.groupByHolder`. */
  async groups(values: readonly KeptValue[]): Promise<number[][]> {
    await this.#settle(values);
    return groupsWithin(values, this.#groupBytes());
  }

  /** See `Engine.seatTeam`. */
  async seats(values: readonly KeptValue[]): Promise<TeamSeats | undefined> {
    await this.#settle(values);
    const positions = seatsOf(values, this.#threads());
    if (positions.length > MOST_MEMBERS) return undefined;
    const seats = { positions, patience: TEAM_PATIENCE, worthMs: TEAM_WORTH };
    if (positions.length <= 1) return seats;
    const workers = await this.#described();
    const [meeting] = values.flatMap(({ holder = "" }) => workers[holder]?.meeting ?? []);
    return meeting ? { ...seats, meeting } : undefined;
  }

  // Passes over values end with the worker that holds the most: an uneven placement is put right before the first.
  async #settle(values: readonly KeptValue[]): Promise<void> {
    await this.#findHolders(values);
    if (values.some((value) => !value.settled) && isUneven(values, this.#threads())) {
      const moved = await this.#cluster.ask<number>({ op: "rebalance", keys: values.map(({ key }) => key) });
      if (moved > 0) for (const value of values) value.holder = undefined;
      await this.#findHolders(values);
    }
    for (const value of values) value.settled = true;
  }

  async #findHolders(values: readonly KeptValue[]): Promise<void> {
    const unknown = values.filter((value) => value.holder === undefined).map(({ key }) => key);
    if (unknown.length > 0) spreadOver(values, new Map(Object.entries(await this.locate(unknown))));
  }

  async #described(): Promise<Record<string, RawWorker>> {
    this.#workers ??= this.#cluster.ask<Record<string, RawWorker>>({ op: "workers" });
    try {
      return await this.#workers;
    } catch (error) {
      this.#workers = undefined;
      throw error;
    }
  }

  #threads(): Readonly<Record<string, number>> {
    return this.#cluster.facts()?.workers ?? {};
  }

  // A group is in memory as a whole; another one may run beside it, and both make something.
  #groupBytes(): number {
    const limits = Object.values(this.#cluster.facts()?.limits ?? {});
    return limits.length === 0 ? Infinity : Math.min(...limits) / 4;
  }
}
