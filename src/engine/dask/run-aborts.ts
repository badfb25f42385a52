// Names of aborted graphs that are remembered: what comes late comes within a second.
const MOST = 1000;

/** Something that runs for a graph. */
export interface Running {
  readonly signal: AbortSignal;
  /** It runs no more. */
  end(): void;
}

/** The signals of what runs for graphs, by the graphs' names. A graph that was aborted stays so for its tasks that come late. */
export class RunAborts {
  readonly #running = new Map<string, Map<AbortController, Promise<void>>>();
  readonly #aborted = new Set<string>();

  begin(run: string): Running {
    const controller = new AbortController();
    if (this.#aborted.has(run)) controller.abort();
    const all = this.#running.get(run) ?? new Map<AbortController, Promise<void>>();
    let ended!: () => void;
    this.#running.set(run, all.set(controller, new Promise((resolve) => (ended = resolve))));
    return {
      signal: controller.signal,
      end: () => {
        all.delete(controller);
        if (all.size === 0) this.#running.delete(run);
        ended();
      },
    };
  }

  /** Resolves when nothing of it runs any more: then whoever stopped it may remove what it writes. */
  async abort(run: string): Promise<void> {
    this.#aborted.add(run);
    for (const old of [...this.#aborted].slice(0, -MOST)) this.#aborted.delete(old);
    const all = this.#running.get(run) ?? new Map<AbortController, Promise<void>>();
    for (const controller of all.keys()) controller.abort();
    await Promise.all(all.values());
  }
}
