import { describe, expect, it } from "vitest";
import { isPlainObject, isTypedArray, notPlainPart } from "#src/base/plain.js";

class Point {}

describe("plain data", () => {
  it("are object literals, arrays, typed arrays and primitives", () => {
    const value = {
      a: [1, "b", null, undefined, true, 2n, Number.NaN],
      c: { d: new Float32Array(2) },
      e: Object.create(null) as unknown,
    };
    expect(notPlainPart(value)).toBeUndefined();
    expect([isPlainObject({}), isPlainObject([]), isPlainObject(null), isPlainObject(new Point())]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([isTypedArray(new Int8Array(1)), isTypedArray(new DataView(new ArrayBuffer(1))), isTypedArray([])]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    [() => 1, "a function at value"],
    [{ a: [Symbol("s")] }, "a symbol at value.a[0]"],
    [[0, new Map()], "a Map at value[1]"],
    [{ p: new Point() }, "a Point at value.p"],
    [{ when: new Date(0) }, "a Date at value.when"],
    [new ArrayBuffer(1), "an ArrayBuffer at value"],
  ])("are not %o", (value, text) => {
    expect(notPlainPart(value)).toBe(text);
  });

  it("are no circles", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(notPlainPart(circle)).toContain("perhaps a cycle");
  });
});
