import { DataError, ParameterError, show } from "../../base/errors.js";
import { ELEMENT_BYTES } from "../../memory/dtype.js";
import { DistributedArray } from "../array/distributed-array.js";
import { TaskPlan } from "../plan.js";
import { assertColumns, labelOf, partitionsOf, planOf, withVerb, type FrameState } from "./frame-state.js";
import { isNumericDtype, schemaOf } from "./frame-types.js";
import { selectCall } from "./verbs.js";
import { CODES_TASK, DENSE_TASK } from "./to-array-task.js";

/**
 * Columns of a frame as an array. Nothing runs; whether the columns are numbers is known from the schema.
 * @throws DataError naming the first column that is not
 */
export function frameToArray(
  owner: string,
  state: FrameState,
  columns: readonly string[],
  dtype: "f64" | "f32",
  vector: boolean,
): DistributedArray {
  assertColumns(owner, state, columns);
  if (dtype !== "f64" && dtype !== "f32")
    throw new ParameterError(`${owner}: dtype must be "f64" or "f32"; got ${show(dtype)}.`);
  if (columns.length === 0) throw new DataError(`${owner}: no columns are left. Name at least one.`);
  if (new Set(columns).size < columns.length)
    throw new DataError(`${owner}: a column is named twice in ${show(columns)}. Name each once.`);
  const schema = schemaOf(state.empty);
  for (const name of columns) {
    const type = schema[name] ?? "";
    if (!isNumericDtype(type)) {
      throw new DataError(
        `${owner}: column ${show(name)} is ${type}, not numeric. Encode it (an encoder, or column(${show(name)}).encode(classes)), cast it, or drop(${show(name)}).`,
        { details: { column: name } },
      );
    }
  }
  const narrowed = columns.length === state.empty.columns.length ? state : withVerb(state, selectCall(owner, columns));
  const plan = TaskPlan.blockwise(
    planOf(narrowed),
    `${labelOf(state)}.toArray`,
    DENSE_TASK,
    { columns, dtype },
    bytesOf(state, columns.length, dtype),
  );
  return new DistributedArray({
    plan,
    innerShape: vector ? [] : [columns.length],
    dtype,
    layout: "dense",
    partitionRows: state.partitionRows,
    names: columns,
  });
}

/** A column of labels as codes of `classes`. */
export function columnToCodes(
  state: FrameState,
  column: string,
  classes: readonly (string | number | boolean)[],
): DistributedArray {
  const plan = TaskPlan.blockwise(
    planOf(state),
    `${labelOf(state)}.encode`,
    CODES_TASK,
    { column, classes },
    bytesOf(state, 1, "f64"),
  );
  return new DistributedArray({
    plan,
    innerShape: [],
    dtype: "f64",
    layout: "dense",
    partitionRows: state.partitionRows,
    names: [column],
  });
}

function bytesOf(state: FrameState, width: number, dtype: "f64" | "f32"): number | undefined {
  if (state.partitionRows?.length !== partitionsOf(state)) return undefined;
  return state.partitionRows.reduce((sum, rows) => sum + rows, 0) * width * ELEMENT_BYTES[dtype];
}
