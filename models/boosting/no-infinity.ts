import type { TaskContext } from "../../src/engine/engine.js";
import { locateInfinite } from "../../src/estimator/design-tasks.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { MatrixChunk } from "../../src/memory/column.js";

/** Throws where a chunk has an infinity, naming column, partition and row; NaN are fine. */
export function assertNoInfinity(
  context: TaskContext,
  args: { owner: string; names: readonly string[] | undefined },
  x: MatrixChunk,
): void {
  if (x.kind === "csr") {
    locateInfinite(context, args, { x });
    return;
  }
  using space = Workspace.over(context.memory, x);
  const { table, width, suffix } = space.matrix(x);
  const out = space.zeros(width * 3);
  space.kernels[`nonFinite${suffix}`](table, width, x.rows, out.pointer);
  for (let j = 0; j < width; j++) if ((out.values[3 * j + 1] ?? 0) > 0) locateInfinite(context, args, { x });
}
