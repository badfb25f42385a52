import { abortedError, PartwiseError } from "../base/errors.js";
import type { TaskStatus } from "./engine.js";

/** The error of the first key that did not end well, or undefined. */
export function firstFailure(statuses: readonly TaskStatus[]): Error | undefined {
  for (const status of statuses) {
    if (status.state === "failed") return status.error ?? new PartwiseError(`Engine: ${status.key} failed.`);
    if (status.state === "cancelled") return status.error ?? abortedError(undefined, status.key);
  }
  return undefined;
}

/** The error for a key that the engine has never heard of, or has let go. */
export function unknownKey(key: string): PartwiseError {
  return new PartwiseError(
    `Engine: there is no value ${key}; it was not kept, was released, or belongs to another engine.`,
    {
      details: { key },
    },
  );
}

/** The error for a graph that makes a key which the engine has already. */
export function repeatedKey(key: string): PartwiseError {
  return new PartwiseError(`Engine: the key ${key} exists already. Use a new key, or release the old one first.`, {
    details: { key },
  });
}
