const WORDS = 16; // one cache line each, so that threads do not disturb each other
const OWNER = 0;
const ABORT = 1;
const GRANT = 2;
const REFUSED = 3;

/** Shared words, one line a running task: who runs it, whether it should stop, and whether its memory request is granted. */
export class WorkerSlots {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(source: number | SharedArrayBuffer) {
    this.buffer = typeof source === "number" ? new SharedArrayBuffer(source * WORDS * 4) : source;
    this.#words = new Int32Array(this.buffer);
  }

  /** Driver: prepares a slot for a new task. */
  reset(slot: number): void {
    this.#words.fill(0, slot * WORDS, (slot + 1) * WORDS);
  }

  /** Worker: says which thread runs the slot's task. */
  begin(slot: number, owner: number): void {
    Atomics.store(this.#words, slot * WORDS + OWNER, owner);
  }

  /** Driver: the thread that ran the slot's task, 0 when it never began. */
  ownerOf(slot: number): number {
    return Atomics.load(this.#words, slot * WORDS + OWNER);
  }

  abort(slot: number): void {
    Atomics.store(this.#words, slot * WORDS + ABORT, 1);
    this.grant(slot);
  }

  isAborted(slot: number): boolean {
    return Atomics.load(this.#words, slot * WORDS + ABORT) === 1;
  }

  /** Worker: sleeps until {@link grant}, after having sent its request with `send`. */
  waitForGrant(slot: number, send: () => void): void {
    const word = slot * WORDS + GRANT;
    const before = Atomics.load(this.#words, word);
    send();
    Atomics.wait(this.#words, word, before);
  }

  /** Driver: wakes the sleeper without having found room. */
  refuse(slot: number): void {
    Atomics.store(this.#words, slot * WORDS + REFUSED, 1);
    this.grant(slot);
  }

  isRefused(slot: number): boolean {
    return Atomics.load(this.#words, slot * WORDS + REFUSED) === 1;
  }

  grant(slot: number): void {
    Atomics.add(this.#words, slot * WORDS + GRANT, 1);
    Atomics.notify(this.#words, slot * WORDS + GRANT);
  }
}
