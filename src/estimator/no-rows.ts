import { DataError } from "../base/errors.js";

/** The error for an X without rows. */
export function noRows(owner: string): DataError {
  return new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
}
