import { fnRef } from "../engine/fn-ref.js";
import { onlyColumns, type VerbCall } from "../collections/frame/verbs.js";
import { addCellStep, type RowCells, type RowValue } from "./row-steps.js";
import type { TableColumn } from "./table.js";

/** A cell as encoders see it: text and booleans or null, numbers or NaN. */
type EncodedCell = string | number | boolean | null;

const inFrames = (file: string, name: string) =>
  fnRef(new URL(`../collections/frame/${file}`, import.meta.url).href, name);

// Names are those of the plan, the same list for each row: where they are is found out once.
function placesIn(wanted: readonly string[]): (names: readonly string[]) => readonly number[] {
  let known: readonly string[] | undefined;
  let places: readonly number[] = [];
  return (names) => {
    if (names !== known) {
      places = wanted.map((name) => names.indexOf(name));
      known = names;
    }
    return places;
  };
}

/** Reads the columns of a table from a row: of numbers by position, of cells by name. */
export function cellReader(columns: readonly TableColumn[]): (row: RowValue, j: number) => EncodedCell | undefined {
  const places = placesIn(columns.map(({ name }) => name));
  const kinds = columns.map(({ kind }) => kind);
  return (row, j) => {
    if (row instanceof Float64Array) return row[j] as number;
    if (!("names" in row)) return undefined;
    const cell = row.cells[places(row.names)[j] as number];
    if (kinds[j] === "number") return typeof cell === "boolean" ? Number(cell) : (cell as number | undefined);
    return cell as EncodedCell | undefined;
  };
}

addCellStep<{ verbs: readonly VerbCall[] }>(inFrames("frame-task.js", "frameTask"), ({ verbs }) => {
  // Verbs that compute need Polars.
  if (verbs.some(({ verb }) => verb !== "select" && verb !== "drop")) return undefined;
  let known: readonly string[] | undefined;
  let left: readonly string[] | undefined;
  let places: readonly number[] = [];
  return (row) => {
    if (!("names" in row)) return undefined;
    if (row.names !== known) {
      known = row.names;
      left = onlyColumns(verbs, row.names);
      places = left?.map((name) => row.names.indexOf(name)) ?? [];
    }
    return left && { names: left, cells: places.map((place) => row.cells[place]) };
  };
});

addCellStep<{ columns: readonly string[]; dtype: "f64" | "f32" }>(
  inFrames("to-array-task.js", "denseTask"),
  ({ columns, dtype }) => {
    // In single precision what follows is computed so.
    if (dtype !== "f64") return undefined;
    const places = placesIn(columns);
    return (row) => {
      if (!("names" in row)) return undefined;
      const out = new Float64Array(columns.length);
      const at = places(row.names);
      for (let j = 0; j < out.length; j++) {
        const cell = row.cells[at[j] as number];
        if (typeof cell === "string" || cell === undefined) return undefined;
        out[j] = cell === null ? NaN : Number(cell);
      }
      return out;
    };
  },
);

addCellStep<{ names: readonly string[] }>(
  inFrames("array-to-frame.js", "chunkToFrame"),
  ({ names }) =>
    (row) =>
      row instanceof Float64Array ? ({ names, cells: Array.from(row) } satisfies RowCells) : undefined,
);
