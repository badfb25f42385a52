import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const loaded = new Map<string, unknown>();

/**
 * A dependency loaded at its first use instead of at start-up, which keeps `import "partwise"` fast. For packages that
 * have a CommonJS entry; synchronous, so that constructors and kernels of math can use it.
 */
export function lazyRequire<T>(name: string): T {
  let module = loaded.get(name);
  if (module === undefined) {
    module = require(name);
    loaded.set(name, module);
  }
  return module as T;
}
