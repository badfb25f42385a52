import { readFileSync } from "node:fs";
import { kernelNames, type Kernels } from "./kernels.js";

let cached: WebAssembly.Module | undefined;

/**
 * The compiled kernels, read from `kernels.wasm` beside this file on the first call and kept. The module can be posted
 * to worker threads, which saves them the compilation.
 *
 * @throws Error when the file is missing or no WebAssembly module, naming it and the command that builds it
 */
export function loadKernelModule(): WebAssembly.Module {
  if (cached === undefined) {
    const file = new URL("./kernels.wasm", import.meta.url);
    try {
      cached = new WebAssembly.Module(readFileSync(file));
    } catch (cause) {
      throw new Error(
        `kernels: cannot load ${file.pathname}; got ${cause instanceof Error ? cause.message : String(cause)}. ` +
          "Build the package with `npm run build`, or install it again.",
        { cause },
      );
    }
  }
  return cached;
}

function hasEveryKernel(exported: object): exported is Kernels {
  return kernelNames.every((name) => typeof Reflect.get(exported, name) === "function");
}

/**
 * Binds the kernels to a shared memory. Cheap (well under a millisecond): each thread does it once for each memory.
 *
 * @param module what {@link loadKernelModule} returned, here or on another thread
 * @param memory a shared memory with a maximum of at most 65,536 pages (4 GiB)
 * @throws Error when the module is not that of this version
 */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  if (!hasEveryKernel(exports)) {
    const missing = kernelNames.filter((name) => !(name in exports));
    throw new Error(
      `kernels: the module lacks ${missing.join(", ")}. It was built from other sources; run \`npm run build\`.`,
    );
  }
  return exports;
}
