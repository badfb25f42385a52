import { DataError, show } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { decodeUserFn } from "../../src/collections/user-function.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk } from "./boost-chunk.js";

/** What a {@link CustomObjective} returns, one entry a row each. */
export interface CustomDerivatives {
  /** First derivative of the loss by the margin, times the weight. */
  readonly gradient: ArrayLike<number>;
  /** Second derivative (or a bound of it), times the weight; none negative. */
  readonly hessian: ArrayLike<number>;
  /** The loss, times the weight; without it there are no scores. */
  readonly loss?: ArrayLike<number>;
}

/**
 * An objective of one's own. It sees some of the rows, so each entry has to depend on its own row alone; arguments are
 * copies.
 *
 * @param margin the sum of the trees so far
 * @param w weights, undefined when there are none
 */
export type CustomObjective = (
  margin: Float64Array,
  y: Float64Array,
  w: Float64Array | undefined,
) => CustomDerivatives | Promise<CustomDerivatives>;

/** Calls a custom objective for a chunk. @throws DataError for another length, or an entry that is no number */
export async function callObjective(
  context: TaskContext,
  { owner, fn }: { owner: string; fn: Plain },
  chunk: BoostChunk,
  out: { g: Float64Array; h: Float64Array; losses: Float64Array },
): Promise<void> {
  const { memory } = context;
  const objective = (await decodeUserFn(fn)) as unknown as CustomObjective;
  const copy = (column: Column<"f64">): Float64Array => memory.view(column).slice();
  const result: Partial<CustomDerivatives> | undefined = await objective(
    copy(chunk.margins[0] as Column<"f64">),
    copy(chunk.y),
    chunk.w ? copy(chunk.w) : undefined,
  );
  const take = (name: "gradient" | "hessian" | "loss", target: Float64Array): void => {
    const values = result?.[name];
    if (values === undefined || values.length !== chunk.rows) {
      throw new DataError(
        `${owner}: the objective must return ${name} with an entry for each of ${chunk.rows} rows; got ${values === undefined ? "none" : values.length}. Return { gradient, hessian } of the margins' length.`,
      );
    }
    for (let i = 0; i < chunk.rows; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value) || (name === "hessian" && value < 0)) {
        throw new DataError(
          `${owner}: the objective returned ${name} ${show(value)} for row ${chunk.firstRow + i} (margin ${memory.view(chunk.margins[0] as Column<"f64">)[i]}, y ${memory.view(chunk.y)[i]}). It has to be finite${name === "hessian" ? " and not negative" : ""}.`,
          { details: { row: chunk.firstRow + i } },
        );
      }
      target[i] = value;
    }
  };
  take("gradient", out.g);
  take("hessian", out.h);
  if (result?.loss === undefined) out.losses.fill(NaN);
  else take("loss", out.losses);
}
