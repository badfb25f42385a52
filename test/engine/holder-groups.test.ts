import { describe, expect, it } from "vitest";
import { MOST_MEMBERS, seatsOf, spreadOver } from "#src/engine/dask/holder-groups.js";
import { KeptValue } from "#src/engine/dask/kept-value.js";

it("a value that nobody holds yet is asked for again, and the others are spread over those who hold them", () => {
  const values = ["a", "b", "c"].map((key) => new KeptValue(key, "run", undefined));
  const holders = (): (string | undefined)[] => values.map((value) => value.holder);
  const both = ["one", "two"];
  spreadOver(
    values,
    new Map([
      ["a", both],
      ["b", []],
      ["c", both],
    ]),
  );
  expect(holders()).toEqual(["one", undefined, "two"]);
  spreadOver(values, new Map([["b", ["two"]]]));
  expect(holders()).toEqual(["one", "two", "two"]);
});

describe("seatsOf", () => {
  const heldBy = (holders: readonly string[]): KeptValue[] =>
    holders.map((holder, i) => Object.assign(new KeptValue(`v${i}`, "run", undefined), { holder }));

  it("gives each thread of a holder a run of what is there", () => {
    const values = heldBy(["a", "b", "a", "a", "b", "a", "a"]);
    expect(seatsOf(values, { a: 2, b: 4 })).toEqual([[0, 2], [3, 5, 6], [1], [4]]);
  });

  it("leaves threads out where every one would be too many members", () => {
    const names = Array.from({ length: 100 }, (_, k) => `worker ${k}`);
    const values = heldBy(Array.from({ length: 20 }, () => names).flat());
    const seats = seatsOf(values, Object.fromEntries(names.map((name) => [name, 16])));
    expect(seats).toHaveLength(200);
    expect(seats.length).toBeLessThanOrEqual(MOST_MEMBERS);
    expect(seats.flat().toSorted((a, b) => a - b)).toEqual([...values.keys()]);
  });
});
