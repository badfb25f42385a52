import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "#src/base/heap.js";

describe("Heap", () => {
  it("gives what is in it in order, whatever the order in which items come and go", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer({ min: -20, max: 20 }), { nil: "take" as const })), (steps) => {
        const heap = new Heap<number>((a, b) => a - b);
        const plain: number[] = [];
        for (const step of steps) {
          if (step === "take") expect(heap.take()).toBe(plain.sort((a, b) => a - b).shift());
          else {
            heap.add(step);
            plain.push(step);
          }
          expect([heap.size, heap.first]).toEqual([plain.length, plain.toSorted((a, b) => a - b)[0]]);
        }
      }),
    );
  });
});
