import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadyQueue } from "#src/engine/local/ready-queue.js";

describe("ReadyQueue", () => {
  it("gives the lowest priority number first and the first come among equals, however pushes and pops mix", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(5))), (steps) => {
        const queue = new ReadyQueue<{ priority: number; order: number }>();
        const model: { priority: number; order: number }[] = [];
        steps.forEach((priority, order) => {
          if (priority !== null) {
            queue.push({ priority, order });
            model.push({ priority, order });
            model.sort((a, b) => a.priority - b.priority || a.order - b.order);
          } else expect(queue.pop()).toEqual(model.shift());
        });
        expect(queue.size).toBe(model.length);
        while (model.length > 0) expect(queue.pop()).toEqual(model.shift());
        expect(queue.pop()).toBeUndefined();
      }),
    );
  });
});
