import { DataError } from "../../src/base/errors.js";
import type { DataRange } from "./range-tasks.js";

/** Where groups start. @throws DataError when the rows of a group do not follow one another */
export function groupStarts(owner: string, { ids, rows }: NonNullable<DataRange["groups"]>): Float64Array {
  const seen = new Set<number>();
  const starts: number[] = [];
  let [at, before] = [0, NaN];
  ids.forEach((id, k) => {
    // A run that goes on in the next partition is one group.
    if (id !== before) {
      if (seen.has(id)) {
        throw new DataError(
          `${owner}: group ${id} appears again at row ${at}, apart from its other rows. Sort the rows by group.`,
          { details: { row: at, column: "groups" } },
        );
      }
      seen.add(id);
      starts.push(at);
    }
    before = id;
    at += rows[k] as number;
  });
  starts.push(at);
  return Float64Array.from(starts);
}
