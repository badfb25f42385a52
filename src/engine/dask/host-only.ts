import { PartwiseError } from "../../base/errors.js";
import { notPlainPart } from "../../base/plain.js";
import { columnsIn } from "../../memory/column.js";

/** Checks what is put: plain data, whose columns are host columns. @throws PartwiseError on anything else */
export function hostOnly(value: unknown): void {
  const bad = columnsIn(value).length > 0 ? "a column of another engine" : notPlainPart(value);
  if (bad === undefined) return;
  throw new PartwiseError(
    `Engine: put got ${bad}. Pass plain data: numbers, strings, arrays, typed arrays, host columns.`,
  );
}
