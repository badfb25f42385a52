import type { PartitionId, TaskStatus } from "../engine.js";

/** A value that the cluster keeps for this engine, as the engine knows it. */
export class KeptValue {
  status: TaskStatus | undefined;
  /** The value itself, when it is small. */
  inline: Uint8Array | undefined;
  /** The worker that holds it, once somebody asked; forgotten when the cluster changes. */
  holder: string | undefined;
  /** It has been part of a group before: its place was looked at then. */
  settled = false;
  /** Called once, when it ends. */
  onEnd: (() => void) | undefined;
  ended: Promise<TaskStatus>;
  #resolve!: (status: TaskStatus) => void;

  constructor(
    readonly key: string,
    readonly run: string,
    readonly partition: PartitionId | undefined,
  ) {
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }

  end(status: TaskStatus): void {
    this.status = status;
    this.#resolve(status);
    this.onEnd?.();
    this.onEnd = undefined;
  }

  /** It had ended well, and is gone now: whoever asks next is told why. */
  lose(status: TaskStatus): void {
    this.status = status;
    this.inline = undefined;
    this.ended = Promise.resolve(status);
  }
}
