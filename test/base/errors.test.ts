import { describe, expect, it } from "vitest";
import * as errors from "#src/base/errors.js";
import {
  abortedError,
  AbortedError,
  closest,
  DataError,
  decodeError,
  encodeError,
  PartwiseError,
  show,
  TaskError,
  throwIfAborted,
} from "#src/base/errors.js";

/** Over a thread boundary and back. */
function roundTrip(thrown: unknown): Error {
  return decodeError(structuredClone(encodeError(thrown)));
}

describe("encodeError and decodeError", () => {
  it("keep the class of every error of partwise, with message, stack, place and cause", () => {
    const classes = Object.values(errors).filter(
      (value): value is typeof PartwiseError =>
        typeof value === "function" && (value === PartwiseError || value.prototype instanceof PartwiseError),
    );
    expect(classes.length).toBeGreaterThanOrEqual(11);
    for (const Class of classes) {
      const original = new Class("text", {
        details: { column: "age", partition: 2, row: 5 },
        cause: new RangeError("why"),
      });
      const back = roundTrip(original);
      expect(back).toBeInstanceOf(Class);
      expect(back.constructor).toBe(Class);
      expect(back).toMatchObject({
        name: Class.name,
        message: "text",
        stack: original.stack,
        details: original.details,
      });
      expect(back.cause).toBeInstanceOf(RangeError);
      expect((back.cause as Error).message).toBe("why");
    }
  });

  it("keep the classes of JavaScript and the names of others", () => {
    for (const Class of [TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError]) {
      const back = roundTrip(new Class("x"));
      expect(back).toBeInstanceOf(Class);
      expect(Object.keys(back)).not.toContain("name");
    }
    class OddError extends Error {
      override name = "OddError";
    }
    const odd = roundTrip(new OddError("odd"));
    expect(odd).toBeInstanceOf(Error);
    expect(odd.name).toBe("OddError");
    expect(String(odd)).toBe("OddError: odd");
  });

  it("keep the system's code", () => {
    const original = Object.assign(new Error("no such file"), { code: "ENOENT" });
    expect(roundTrip(original)).toMatchObject({ code: "ENOENT" });
    expect(roundTrip(Object.assign(new Error("x"), { code: 7 }))).not.toHaveProperty("code");
  });

  it("follow causes of causes, but not round in circles", () => {
    const deep = new TaskError("outer", { cause: new DataError("middle", { cause: "a plain string" }) });
    const back = roundTrip(deep);
    expect(back.cause).toBeInstanceOf(DataError);
    expect(((back.cause as Error).cause as Error).message).toBe("a plain string");
    const circle = new Error("circle");
    circle.cause = circle;
    expect(roundTrip(circle).message).toBe("circle");
  });

  it("make an error of whatever was thrown", () => {
    expect(
      ["text", 7, null, undefined, 5n, Symbol("s"), { a: 1 }, Object.create(null) as unknown].map(
        (thrown) => roundTrip(thrown).message,
      ),
    ).toEqual(["text", "7", "null", "undefined", "5n", "Symbol(s)", "an object", "an object"]);
  });
});

describe("PartwiseError", () => {
  it("is named by its class and has an empty place unless given", () => {
    const error = new DataError("x");
    expect(error.name).toBe("DataError");
    expect(error.details).toEqual({});
    expect("cause" in error).toBe(false);
  });
});

describe("aborting", () => {
  it("names what was stopped and keeps the signal's reason", () => {
    const signal = AbortSignal.abort(new Error("too slow"));
    const error = abortedError(signal, "KMeans.fit");
    expect(error).toBeInstanceOf(AbortedError);
    expect(error.message).toContain("KMeans.fit: stopped by its signal.");
    expect((error.cause as Error).message).toBe("too slow");
    expect(() => throwIfAborted(signal, "KMeans.fit")).toThrow(AbortedError);
    throwIfAborted(undefined, "KMeans.fit");
    throwIfAborted(new AbortController().signal, "KMeans.fit");
  });
});

describe("show", () => {
  it("quotes strings, cuts long things and names objects", () => {
    expect(show("a")).toBe('"a"');
    expect(show("x".repeat(100))).toBe(JSON.stringify(`${"x".repeat(57)}...`));
    expect(show([1, "b", [2], 4, 5, 6])).toBe('[1, "b", [2], 4, 5, ...]');
    expect([show(-1), show(Number.NaN), show(null), show(undefined), show(2n), show({}), show(new Map())]).toEqual([
      "-1",
      "NaN",
      "null",
      "undefined",
      "2n",
      "an object",
      "a Map",
    ]);
    expect(show(new Float64Array(3))).toBe("Float64Array(24 bytes)");
  });
});

describe("closest", () => {
  it("finds the name that was meant, whatever the case", () => {
    expect(closest("maxiter", ["tol", "maxIter", "alpha"])).toBe("maxIter");
    expect(closest("alhpa", ["tol", "maxIter", "alpha"])).toBe("alpha");
  });

  it("gives nothing when nothing is near", () => {
    expect(closest("xyz", ["maxIter", "alpha"])).toBeUndefined();
    expect(closest("a", [])).toBeUndefined();
  });
});
