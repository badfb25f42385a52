import { expect, it } from "vitest";
import { spreadOver } from "#src/engine/dask/holder-groups.js";
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
