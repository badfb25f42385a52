import { describe, expect, it } from "vitest";
import { Emitter } from "#src/base/emitter.js";

interface Events {
  progress: { readonly done: number };
  end: string;
}

describe("Emitter", () => {
  it("calls every listener of an event, in order, and no others", () => {
    const emitter = new Emitter<Events>();
    const seen: string[] = [];
    emitter.on("progress", (event) => seen.push(`a${event.done}`));
    emitter.on("progress", (event) => seen.push(`b${event.done}`));
    emitter.on("end", (event) => seen.push(event));
    emitter.emit("progress", { done: 1 });
    emitter.emit("end", "over");
    expect(seen).toEqual(["a1", "b1", "over"]);
  });

  it("takes listeners off again, also while it calls them", () => {
    const emitter = new Emitter<Events>();
    const seen: string[] = [];
    const off = emitter.on("end", (event) => {
      seen.push(event);
      off();
    });
    expect(emitter.has("end")).toBe(true);
    emitter.emit("end", "first");
    emitter.emit("end", "second");
    off();
    expect(seen).toEqual(["first"]);
    expect(emitter.has("end")).toBe(false);
    expect(emitter.has("progress")).toBe(false);
  });

  it("lets a listener's error surface without stopping the emitter or the other listeners", async () => {
    const emitter = new Emitter<Events>();
    const seen: string[] = [];
    const uncaught: unknown[] = [];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    try {
      emitter.on("end", () => {
        throw new Error("listener");
      });
      emitter.on("end", (event) => seen.push(event));
      emitter.emit("end", "over");
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of before) process.on("uncaughtException", listener);
    }
    expect(seen).toEqual(["over"]);
    expect(uncaught).toMatchObject([{ message: "listener" }]);
  });
});
