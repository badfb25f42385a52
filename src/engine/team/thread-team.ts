import { TeamBrokenError } from "../../base/errors.js";
import type { Column } from "../../memory/column.js";
import { DTYPE_CODE, type DType } from "../../memory/dtype.js";
import type { Memory } from "../../memory/memory.js";
import type { Exchange } from "./exchange.js";

// Words of the control block, in lines of a cache: the state, the barrier, then a line for each member.
const LINE = 16;
const STATE = 0;
const JOINED = 1;
const ARRIVED = LINE;
const TURN = LINE + 1;
const FIRST_MEMBER = 2 * LINE;
// Words of a member's line: whether it came, then what it shows in even and in odd turns.
const CAME = 0;
const SHOWN = 4;
const SHOWN_WORDS = 4;

const ASSEMBLING = 0;
const RUNNING = 1;
const ABANDONED = 2;
const BROKEN = 3;

// So many looks at a word, some ten microseconds, before a thread goes to sleep over it.
const LOOKS = 2000;
// Milliseconds after which a sleeper looks whether the team is broken or its task aborted.
const NAP_MS = 20;
// Milliseconds of silence after which a member must be gone. Its task, which runs again, has usually told long before.
const LOST_MS = 60_000;

const DTYPES = Object.keys(DTYPE_CODE) as DType[];

/**
 * Threads that work together within one task each, by a control block in shared memory: they wait for each other in
 * microseconds, where a message to the driver and back takes a millisecond.
 *
 * They start all or not at all: members that wait in vain for the others abandon the team, and all of them agree on it. A
 * member that fails, is aborted, or comes a second time (its thread died, and its task runs again) breaks the team: then
 * the others get a {@link TeamBrokenError}, instead of waiting for ever. A control block serves one team.
 *
 * @example
 * ```ts
 * const team = new ThreadTeam(memory, control, { member: 1, members: 2 }, () => context.throwIfAborted());
 * if (!team.join(200)) throw new TeamBrokenError("Not all members of the team have come.");
 * return await team.work(() => sum(team.exchange(partial).map((column) => memory.view(column))));
 * ```
 */
export class ThreadTeam implements Exchange {
  readonly member: number;
  readonly members: number;
  readonly #memory: Memory;
  readonly #words: Int32Array;
  readonly #check: () => void;
  #turn = 0;

  /**
   * @param control {@link ThreadTeam.words} zeros, seen by all members
   * @param check throws when the member's task is aborted
   */
  constructor(
    memory: Memory,
    control: Column<"i32">,
    { member, members }: { readonly member: number; readonly members: number },
    check: () => void,
  ) {
    this.#memory = memory;
    this.#words = memory.view(control);
    this.member = member;
    this.members = members;
    this.#check = check;
  }

  /** Words of the control block of so many members. */
  static words(members: number): number {
    return FIRST_MEMBER + members * LINE;
  }

  /** Waits up to `ms` for all members to come; false when they do not, or did not. */
  join(ms: number): boolean {
    const words = this.#words;
    if (Atomics.exchange(words, this.#line + CAME, 1) !== 0) {
      this.#leave(ASSEMBLING, BROKEN);
      this.#leave(RUNNING, BROKEN);
      return false;
    }
    if (Atomics.add(words, JOINED, 1) === this.members - 1) this.#leave(ASSEMBLING, RUNNING);
    const end = performance.now() + ms;
    while (Atomics.load(words, STATE) === ASSEMBLING) {
      const left = end - performance.now();
      if (left <= 0) this.#leave(ASSEMBLING, ABANDONED);
      else Atomics.wait(words, STATE, ASSEMBLING, left);
    }
    return Atomics.load(words, STATE) === RUNNING;
  }

  /** Does the work of a member that has joined. What it throws breaks the team. */
  async work<T>(task: () => T | Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      this.#leave(RUNNING, BROKEN);
      throw error;
    }
  }

  exchange<D extends DType>(own: Column<D>): Column<D>[] {
    const words = this.#words;
    const shown = SHOWN + (this.#turn & 1) * SHOWN_WORDS;
    words.set([own.arena, own.offset, own.length, DTYPE_CODE[own.dtype]], this.#line + shown);
    this.meet();
    this.#turn += 1;
    return Array.from({ length: this.members }, (_, k): Column<D> => {
      const at = FIRST_MEMBER + k * LINE + shown;
      const [arena, offset, length, code] = words.subarray(at, at + SHOWN_WORDS) as unknown as [
        number,
        number,
        number,
        number,
      ];
      // Offsets go up to 4 GiB.
      const place = offset >>> 0;
      const column = { kind: "column", arena, block: place, offset: place, length, dtype: DTYPES[code] as D } as const;
      this.#memory.reach(column);
      return column;
    });
  }

  get #line(): number {
    return FIRST_MEMBER + this.member * LINE;
  }

  #leave(from: number, to: number): void {
    if (Atomics.compareExchange(this.#words, STATE, from, to) !== from) return;
    Atomics.notify(this.#words, STATE);
    Atomics.notify(this.#words, TURN);
  }

  meet(): void {
    const words = this.#words;
    this.#check();
    // It cannot go on before this member has come.
    const turn = Atomics.load(words, TURN);
    if (Atomics.add(words, ARRIVED, 1) === this.members - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, TURN, 1);
      Atomics.notify(words, TURN);
      return;
    }
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(words, TURN) !== turn) return;
    const end = performance.now() + LOST_MS;
    while (Atomics.load(words, TURN) === turn) {
      if (Atomics.load(words, STATE) !== RUNNING) throw new TeamBrokenError("Another member has left the team.");
      if (performance.now() > end) throw new TeamBrokenError(`No word of another member for ${LOST_MS / 1000} s.`);
      Atomics.wait(words, TURN, turn, NAP_MS);
      this.#check();
    }
  }
}
