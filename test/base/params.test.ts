import { describe, expect, it } from "vitest";
import { ParameterError } from "#src/base/errors.js";
import { ParamTable } from "#src/base/params.js";

interface Params {
  C: number;
  maxIter: number;
  penalty: "l1" | "l2" | "none";
  fitIntercept: boolean;
  tol: number | null;
}

const table = new ParamTable<Params>("LogisticRegression", (z) =>
  z.object({
    C: z.number().gt(0).default(1).describe("Inverse of the strength of regularisation."),
    maxIter: z.int().min(1).max(10_000).default(100),
    penalty: z.enum(["l1", "l2", "none"]).default("l2"),
    fitIntercept: z.boolean().default(true),
    tol: z.union([z.number().gte(0), z.null()]).default(1e-4),
  }),
);

describe("ParamTable", () => {
  it("fills in defaults, takes what is given and freezes the result", () => {
    expect(table.parse({})).toEqual({ C: 1, maxIter: 100, penalty: "l2", fitIntercept: true, tol: 1e-4 });
    const parsed = table.parse({ C: 0.5, tol: null });
    expect(parsed).toMatchObject({ C: 0.5, tol: null });
    expect(Object.isFrozen(parsed)).toBe(true);
  });

  it("takes an explicit undefined as not given", () => {
    expect(table.parse({ C: undefined }).C).toBe(1);
  });

  it("leaves its input alone", () => {
    const input = Object.freeze({ C: 2 });
    table.parse(input);
    expect(input).toEqual({ C: 2 });
  });

  it.each([
    [{ C: -1 }, "LogisticRegression: C must be > 0; got -1. C: Inverse of the strength of regularisation."],
    [{ C: 0 }, "LogisticRegression: C must be > 0; got 0."],
    [{ C: Number.NaN }, "LogisticRegression: C must be a number; got NaN."],
    [{ C: "1" }, 'LogisticRegression: C must be a number; got "1".'],
    [{ maxIter: 0 }, "LogisticRegression: maxIter must be >= 1; got 0."],
    [{ maxIter: 10_001 }, "LogisticRegression: maxIter must be <= 10000; got 10001."],
    [{ maxIter: 1.5 }, "LogisticRegression: maxIter must be an integer; got 1.5."],
    [{ penalty: "l3" }, 'LogisticRegression: penalty must be one of "l1", "l2", "none"; got "l3".'],
    [{ fitIntercept: 1 }, "LogisticRegression: fitIntercept must be a boolean; got 1."],
    [{ tol: "x" }, 'LogisticRegression: tol must be a number or null; got "x".'],
  ])("says for %j what is wrong", (input, message) => {
    expect(() => table.parse(input)).toThrow(ParameterError);
    expect(() => table.parse(input)).toThrow(message);
  });

  it("names unknown parameters, the nearest known one and all others", () => {
    expect(() => table.parse({ maxiter: 5 })).toThrow(
      'LogisticRegression: unknown parameter "maxiter". Did you mean "maxIter"? It takes: C, maxIter, penalty, fitIntercept, tol.',
    );
    expect(() => table.parse({ qqqqqqqq: 5 })).toThrow(/unknown parameter "qqqqqqqq"\. It takes: C,/);
    expect(() => new ParamTable("Nothing", (z) => z.object({})).parse({ a: 1 })).toThrow("It takes: no parameters.");
  });

  it("describes itself for docs and tests", () => {
    expect(table.names).toEqual(["C", "maxIter", "penalty", "fitIntercept", "tol"]);
    const [c, , penalty] = table.describe();
    expect(c).toMatchObject({ name: "C", default: 1, description: "Inverse of the strength of regularisation." });
    expect(c?.rule).toMatchObject({ type: "number", exclusiveMinimum: 0 });
    expect(penalty?.rule).toMatchObject({ enum: ["l1", "l2", "none"] });
  });
});
