import { createRequire } from "node:module";
import { DataError, ParameterError, show } from "../base/errors.js";
import { isPlainObject, type Plain } from "../base/plain.js";
import type { FnRef } from "../engine/engine.js";
import { loadFn } from "../engine/fn-ref.js";

/**
 * A user's function for tasks: exported by a module (`{ module: import.meta.url, export: "name" }`), or written inline
 * without free variables, because only its text travels.
 */
export type UserFn<F extends (...args: never[]) => unknown> = FnRef | F;

/**
 * A user's function as plain data. An inline function is parsed, so that a variable it captures is found here and not as
 * a ReferenceError in a worker.
 *
 * @param owner what it is for, in error messages: `DistributedDataFrame.mapPartitions`
 * @throws ParameterError when `fn` is no function, cannot be written as text, or is not `{ module, export }`
 * @throws DataError naming the captured variables
 */
export function encodeUserFn<F extends (...args: never[]) => unknown>(owner: string, fn: UserFn<F>): Plain {
  if (typeof fn === "function") {
    const source = Function.prototype.toString.call(fn);
    const captured = freeVariables(owner, source);
    if (captured.length > 0) {
      throw new DataError(
        `${owner}: the inline function uses ${captured.map(show).join(", ")} from outside, which does not exist where the partitions are. ` +
          'Pass the values through `args`, load modules inside with `await import(...)`, or move the function to a module and pass { module: import.meta.url, export: "name" }.',
      );
    }
    return { inline: source };
  }
  const { module, export: name } = isPlainObject(fn) ? (fn as Partial<FnRef>) : {};
  if (typeof module !== "string" || typeof name !== "string") {
    throw new ParameterError(`${owner}: fn must be a function or { module, export }; got ${show(fn)}.`);
  }
  return { module, export: name };
}

const inline = new Map<string, (...args: never[]) => unknown>();

/** The function that {@link encodeUserFn} encoded, in this thread. */
export async function decodeUserFn(plain: Plain): Promise<(...args: never[]) => unknown> {
  const { inline: source, module, export: name } = plain as { inline?: string; module?: string; export?: string };
  if (source === undefined)
    return (await loadFn({ module: module ?? "", export: name ?? "" })) as (...args: never[]) => unknown;
  let fn = inline.get(source);
  if (!fn) {
    // The text is the caller's own function, sent by the caller's own process.
    fn = new Function(`"use strict"; return (${source});`)() as (...args: never[]) => unknown;
    inline.set(source, fn);
  }
  return fn;
}

function freeVariables(owner: string, source: string): string[] {
  const require = createRequire(import.meta.url);
  const { parse } = require("acorn") as typeof import("acorn");
  const { analyze } = require("eslint-scope") as typeof import("eslint-scope");
  let tree: unknown;
  try {
    tree = parse(`(${source})`, { ecmaVersion: "latest", sourceType: "script", ranges: true });
  } catch (cause) {
    throw new ParameterError(
      `${owner}: the inline function cannot be read as text (a native, bound or shorthand method?). Write it as an arrow function, or pass { module, export }.`,
      { cause },
    );
  }
  const scopes = analyze(tree as Parameters<typeof analyze>[0], { ecmaVersion: 2022, sourceType: "script" });
  const names = (scopes.globalScope?.through ?? []).map((reference) => reference.identifier.name);
  return [...new Set(names)].filter((name) => !(name in globalThis));
}
