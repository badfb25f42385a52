import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import "#src/compose/pipeline.js";
import { decodeState, encodeState } from "#src/estimator/state-codec.js";
import { estimatorFromJSON, registeredKinds } from "#src/estimator/registry.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";
import { elementwise, expectClose } from "../checks/tolerances.js";

const trip = (value: unknown): unknown => decodeState(JSON.parse(JSON.stringify(encodeState(value))));

describe("fitted state as JSON", () => {
  it("loses nothing", () => {
    const state = {
      numbers: [0, -0, 1.5, NaN, Infinity, -Infinity, 5e-324, 2 ** 53],
      texts: ["", "NaN", "$type"],
      none: null,
      yes: true,
      big: 2n ** 70n,
      nested: [{ deep: Float64Array.of(1, NaN, -0) }],
    };
    expect(trip(state)).toEqual(state);
    expect(Object.is(trip(-0) as number, -0)).toBe(true);
  });

  it("keeps typed arrays of every type, and views into larger buffers", () => {
    const view = new Float64Array(new ArrayBuffer(64), 8, 3);
    view.set([1, 2, 3]);
    const arrays = [
      view,
      Float32Array.of(0.1),
      Int32Array.of(-1),
      Uint32Array.of(4e9),
      BigInt64Array.of(-5n),
      Uint8Array.of(255),
      Int8Array.of(-3),
      Uint16Array.of(65535),
      Int16Array.of(-7),
      new Float64Array(),
    ];
    for (const array of arrays) expect(trip(array)).toEqual(array);
    expect((trip(view) as Float64Array).buffer.byteLength).toBe(24);
  });

  it("refuses arrays of a type it does not know, or cut short", () => {
    expect(() => decodeState({ $type: "DataView", data: "" })).toThrow('an array of the unknown type "DataView"');
    expect(() => decodeState({ $type: "constructor", data: "" })).toThrow("unknown type");
    expect(() => decodeState({ $type: "Float64Array", data: "AAAA" })).toThrow(
      "a Float64Array of 3 bytes is cut short",
    );
  });
});

describe("estimators from JSON", () => {
  it("are made by kind", async () => {
    expect(registeredKinds()).toEqual(
      expect.arrayContaining(["LinearRegression", "LogisticRegression", "Pipeline", "StandardScaler"]),
    );
    const model = await new LinearRegression().fit([[0], [1], [2]], [1, 3, 5]);
    const again = estimatorFromJSON(model.toJSON()) as unknown as LinearRegression;
    expect(again).toBeInstanceOf(LinearRegression);
    expect(again.coef).toEqual(model.coef);
  });

  it("are refused by unknown kind, other class and version, with what to do", async () => {
    const json = new LinearRegression().toJSON();
    expect(() => estimatorFromJSON({ ...json, kind: "LinearRegresion" })).toThrow(
      'there is no estimator "LinearRegresion"; did you mean LinearRegression. Import the module',
    );
    expect(() => LogisticRegression.fromJSON(json)).toThrow(
      'LogisticRegression: the JSON holds a "LinearRegression". Load it with that class.',
    );
    expect(() => LinearRegression.fromJSON({ ...json, version: 2 })).toThrow(
      "the JSON has version 2; this library reads 1 to 1. Update partwise.",
    );
    expect(() => LinearRegression.fromJSON({ ...json, params: { alpha: 1 } } as EstimatorJson)).toThrow(
      'unknown parameter "alpha"',
    );
  });
});

describe("an estimator", () => {
  it("takes over the state of its own class only", async () => {
    const fitted = await new StandardScaler().fit([[1], [3]]);
    const other = new StandardScaler({ withStd: false });
    other.adopt(fitted);
    expect([other.isFitted, Array.from(other.mean), other.getParams().withStd]).toEqual([true, [2], false]);
    expect(() => new LinearRegression().adopt(fitted)).toThrow(
      "LinearRegression: it cannot take over the state of a StandardScaler.",
    );
  });

  it("keeps its fitted state when parameters change, until the next fit", async () => {
    const model = await new LinearRegression().fit([[0], [1], [2]], [1, 3, 5]);
    model.setParams({ fitIntercept: false });
    expect(model.intercept).toBe(1);
    expect(() => model.setParams({ fitIntercept: "no" } as never)).toThrow(
      'LinearRegression: fitIntercept must be a boolean; got "no"',
    );
    expect(model.getParams().fitIntercept).toBe(false);
    await model.fit([[1], [2]], [2, 4]);
    expect(model.intercept).toBe(0);
    expectClose(model.coef, [2], elementwise, "coef");
  });
});
