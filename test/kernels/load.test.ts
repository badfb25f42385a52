import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gramScratchBytes, kernelNames } from "#src/kernels/kernels.js";
import { instantiateKernels, loadKernelModule } from "#src/kernels/load.js";
import { referenceKernels } from "#src/kernels/reference/index.js";

const wasmFile = new URL("../../dist/src/kernels/kernels.wasm", import.meta.url);

/** Section ids of a WebAssembly binary. */
function sections(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  let at = 8;
  while (at < bytes.length) {
    ids.push(bytes[at]!);
    at++;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at]!;
      at++;
      size += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

describe("the kernel module", () => {
  it("is compiled once and exports every kernel", () => {
    expect(loadKernelModule()).toBe(loadKernelModule());
    const exported = WebAssembly.Module.exports(loadKernelModule()).map(({ name }) => name);
    expect(exported.toSorted()).toEqual([...kernelNames].toSorted());
  });

  it("imports the memory only and has no data, start function or mutable globals", () => {
    expect(WebAssembly.Module.imports(loadKernelModule())).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
    // 6 global, 8 start, 11 data, 12 data count: any of these could write to a memory that another thread uses.
    expect(sections(readFileSync(wasmFile)).filter((id) => [6, 8, 11, 12].includes(id))).toEqual([]);
  });

  it("leaves the memory alone when instantiated", () => {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
    new Uint8Array(memory.buffer).fill(0x5a);
    instantiateKernels(loadKernelModule(), memory);
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0x5a)).toBe(true);
  });

  it("serves several instances on one memory, also where the memory has grown since", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const first = instantiateKernels(loadKernelModule(), memory);
    const second = instantiateKernels(loadKernelModule(), memory);
    const plain = referenceKernels(memory);
    memory.grow(3);
    const at = 3 * 65536;
    first.fillF64(at, 2.5, 100);
    expect(second.weightedSum(at, 0, 100)).toBe(250);
    expect(plain.weightedSum(at, 0, 100)).toBe(250);
  });

  it("names the missing kernels when given another module", () => {
    // An empty module: magic number and version.
    const empty = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    expect(() => instantiateKernels(empty, memory)).toThrow(/lacks momentsF64.*npm run build/);
  });

  it("addresses the whole of a memory above 2 GiB", () => {
    const memory = new WebAssembly.Memory({ initial: 40_000, maximum: 65536, shared: true });
    const kernels = instantiateKernels(loadKernelModule(), memory);
    const at = 39_000 * 65536;
    new Float64Array(memory.buffer, at, 3).set([1, 2, 4]);
    new Uint32Array(memory.buffer, at + 64, 1)[0] = at;
    expect(kernels.weightedSum(at, 0, 3)).toBe(7);
    const [out, sums, scratch] = [at + 128, at + 192, at + 1024];
    expect(kernels.gramF64(at + 64, 1, 3, 0, 0, out, sums, scratch)).toBe(3);
    expect(new Float64Array(memory.buffer, out, 1)[0]).toBe(21);
    expect(gramScratchBytes(1)).toBeLessThan(40_000 * 65536 - scratch);
  });
});
