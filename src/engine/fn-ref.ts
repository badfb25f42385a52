import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { PartwiseError, show } from "../base/errors.js";
import type { FnRef, TaskFn } from "./engine.js";

// This file is dist/src/engine/fn-ref.js: the build's root is two levels up from its folder.
const ROOT = new URL("../../", import.meta.url).href;
const SCHEME = "partwise:";

/**
 * Names an exported function of the calling module. Functions of partwise itself are named relative to the package, so
 * that a worker with its own copy of the build finds them.
 *
 * @param moduleUrl `import.meta.url` of the module that exports the function
 *
 * @example
 * ```ts
 * export const addStep = (context: TaskContext, args: { by: number }, x: number) => x + args.by;
 * const add = fnRef(import.meta.url, "addStep");
 * ```
 */
export function fnRef(moduleUrl: string, name: string): FnRef {
  return { module: moduleUrl.startsWith(ROOT) ? SCHEME + moduleUrl.slice(ROOT.length) : moduleUrl, export: name };
}

const loaded = new Map<string, Promise<unknown>>();

/**
 * Loads the function that a reference names.
 * @throws PartwiseError naming module and export when there is none
 */
export async function loadFn(ref: FnRef): Promise<TaskFn> {
  const specifier = resolveModule(ref.module);
  // Workers would run the program again, and here its own top-level await would wait for itself.
  if (process.argv[1] !== undefined && specifier === pathToFileURL(process.argv[1]).href) {
    throw new PartwiseError(
      `The function ${show(ref.export)} is exported by the program itself (${specifier}), which workers cannot load without running it. ` +
        "Move the function (and the estimator that uses it) to a module of its own and import it.",
    );
  }
  let module = loaded.get(specifier);
  if (!module) {
    module = import(specifier);
    loaded.set(specifier, module);
  }
  let exports: Record<string, unknown>;
  try {
    exports = (await module) as Record<string, unknown>;
  } catch (cause) {
    loaded.delete(specifier);
    throw new PartwiseError(
      `Cannot load the module ${show(ref.module)} in a worker. Pass a file URL (import.meta.url) or an absolute path of built JavaScript.`,
      { cause },
    );
  }
  const fn = exports[ref.export];
  if (typeof fn !== "function") {
    const names = Object.keys(exports).filter((name) => typeof exports[name] === "function");
    throw new PartwiseError(
      `Module ${show(ref.module)} exports no function ${show(ref.export)}. It exports: ${names.join(", ") || "none"}.`,
    );
  }
  return fn as TaskFn;
}

function resolveModule(module: string): string {
  if (module.startsWith(SCHEME)) return ROOT + module.slice(SCHEME.length);
  if (isAbsolute(module)) return pathToFileURL(module).href;
  return module;
}
