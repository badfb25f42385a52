import { DataError, show } from "../../base/errors.js";
import { encodeExpr } from "./expressions.js";
import { assertColumns, withVerb, type FrameState } from "./frame-state.js";
import { schemaOf } from "./frame-types.js";
import { polars, type PolarsExpr } from "./polars.js";

/** What {@link DistributedDataFrame.fillNull} can put in the place of null. */
export type FillValue = number | string | boolean | Date;

/**
 * The state with nulls replaced: by one value in every column that it fits, or column by column; types stay as they are.
 * @throws DataError when a value does not fit its column, or no column
 */
export function fillNullState(
  state: FrameState,
  value: FillValue | Readonly<Record<string, FillValue | undefined>>,
): FrameState {
  const owner = "DistributedDataFrame.fillNull";
  const pl = polars();
  const schema = schemaOf(state.empty);
  const targets = isRecord(value)
    ? Object.entries(value)
    : Object.entries(schema).flatMap(([name, type]) => (fits(type, value) ? [[name, value] as const] : []));
  assertColumns(
    owner,
    state,
    targets.map(([name]) => name),
  );
  if (targets.length === 0) {
    const columns = Object.entries(schema).map(([name, type]) => `${name}: ${type}`);
    throw new DataError(`${owner}: no column can take ${show(value)}. The columns are ${columns.join(", ")}.`);
  }
  const values: Record<string, Uint8Array> = {};
  const dtypes: Record<string, string> = {};
  for (const [name, fill] of targets) {
    const type = schema[name] ?? "";
    if (fill === undefined || !fits(type, fill)) {
      throw new DataError(
        `${owner}: column ${show(name)} is ${type} and cannot take ${show(fill)}. Pass a value of its type, or cast it first.`,
        { details: { column: name } },
      );
    }
    values[name] = encodeExpr(owner, pl.lit(fill) as PolarsExpr);
    // A number must not change the column's type: 0 in an integer column stays an integer.
    dtypes[name] = type;
  }
  const filled = withVerb(state, { verb: "fillNull", args: { values } });
  return withVerb(filled, { verb: "cast", args: { dtypes, strict: true } });
}

function isRecord(value: unknown): value is Readonly<Record<string, FillValue | undefined>> {
  return typeof value === "object" && value !== null && !(value instanceof Date);
}

function fits(type: string, value: FillValue): boolean {
  if (typeof value === "number") {
    return /^(U?Int|Float|Decimal)/.test(type) && (Number.isInteger(value) || !/^U?Int/.test(type));
  }
  if (typeof value === "string") return type === "String" || type === "Categorical";
  return typeof value === "boolean" ? type === "Bool" : type.startsWith("Date");
}
