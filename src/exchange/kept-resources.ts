/** What a thread keeps of models, by content hash: opened once, used by one call at a time, closed when others need the place. */
export class KeptResources<T> {
  readonly #kept = new Map<string, { readonly resource: Promise<T>; last: Promise<unknown> }>();

  constructor(
    /** How many are kept at most. */
    readonly most: number,
    readonly close: (resource: T) => unknown,
  ) {}

  /**
   * Calls `work` with the resource, after all calls before it: runtimes take one run at a time, and none is closed in one.
   * An `open` that failed is tried again by the next call.
   */
  async use<R>(hash: string, open: () => Promise<T>, work: (resource: T) => Promise<R>): Promise<R> {
    let entry = this.#kept.get(hash);
    if (entry) {
      // The most recently used is last.
      this.#kept.delete(hash);
    } else {
      const resource = open();
      entry = { resource, last: resource.catch(() => this.#kept.delete(hash)) };
    }
    this.#kept.set(hash, entry);
    this.#makeRoom();
    const { resource, last } = entry;
    const run = last.then(async () => work(await resource));
    entry.last = run.catch(() => undefined);
    return run;
  }

  #makeRoom(): void {
    for (const [hash, { resource, last }] of this.#kept) {
      if (this.#kept.size <= this.most) return;
      this.#kept.delete(hash);
      void last.then(async () => this.close(await resource)).catch(() => undefined);
    }
  }
}
