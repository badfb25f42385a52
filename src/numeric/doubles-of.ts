import type { TaskContext } from "../engine/engine.js";
import type { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";

/**
 * A column's values as doubles for TypeScript to read: the column itself where it is f64, else a converted copy that
 * lives
 * as long as the workspace.
 */
export function doublesOf(context: TaskContext, space: Workspace, column: Column): Float64Array {
  if (column.dtype === "f64") return context.memory.view(column as Column<"f64">);
  const buffer = context.memory.memoryOf(space.arena).buffer as ArrayBuffer;
  return new Float64Array(buffer, space.doubles(column), column.length);
}
