/** Events in order of time, and of arrival where times are equal: the heart of a discrete-event simulation. */
export class EventQueue {
  #now = 0;
  #arrivals = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];

  /** Seconds of simulated time. */
  get now(): number {
    return this.#now;
  }

  /** Has `run` called `delay` seconds from now. */
  after(delay: number, run: () => void): void {
    if (!(delay >= 0)) throw new RangeError(`EventQueue: a delay must be >= 0; got ${delay}.`);
    this.#heap.push({ at: this.#now + delay, order: this.#arrivals++, run });
    let i = this.#heap.length - 1;
    while (i > 0 && this.#earlier(i, (i - 1) >> 1)) {
      this.#swap(i, (i - 1) >> 1);
      i = (i - 1) >> 1;
    }
  }

  /** Runs events until there are none. */
  drain(): void {
    for (let next = this.#pop(); next; next = this.#pop()) {
      this.#now = next.at;
      next.run();
    }
  }

  #pop(): { readonly at: number; readonly run: () => void } | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length === 0) return first;
    this.#heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#earlier(child, least)) least = child;
      }
      if (least === i) return first;
      this.#swap(i, least);
      i = least;
    }
  }

  #earlier(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (!a || !b) return false;
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    if (!a || !b) return;
    this.#heap[i] = b;
    this.#heap[j] = a;
  }
}

/** Something that does one thing at a time, in order of arrival: a process, a network card. Counts how busy it was. */
export class Server {
  readonly name: string;
  readonly #queue: EventQueue;
  #freeAt = 0;
  #busy = 0;

  constructor(name: string, queue: EventQueue) {
    this.name = name;
    this.#queue = queue;
  }

  /** Seconds of work done or promised. */
  get busy(): number {
    return this.#busy;
  }

  /** Queues work of so many seconds; `done` is called when it ends. */
  serve(seconds: number, done: () => void): void {
    const start = Math.max(this.#queue.now, this.#freeAt);
    this.#freeAt = start + seconds;
    this.#busy += seconds;
    this.#queue.after(this.#freeAt - this.#queue.now, done);
  }
}
