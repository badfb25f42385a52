import { DataError, ParameterError } from "../../base/errors.js";
import { TaskPlan, type Plan } from "../plan.js";
import type { ArrayParts } from "./array-parts.js";
import { arrayTask } from "./blockwise.js";
import type { DistributedArray } from "./distributed-array.js";
import type { PieceLayout } from "./pieces.js";

/** The same rows in other partitions. */
export function partsOfPieces(source: ArrayParts, layout: PieceLayout): ArrayParts {
  const plan = new TaskPlan({
    label: "repartition",
    partitions: layout.pieces.length,
    inputs: [source.plan],
    bytes: source.plan.bytes,
    task: (index) => {
      const pieces = layout.pieces[index] ?? [];
      return {
        fn: arrayTask("takePieces"),
        args: {
          pieces: pieces.map((piece, input) => ({ input, from: piece.from, to: piece.to, unit: layout.unit })),
        },
        inputs: pieces.map((piece) => ({ plan: source.plan, index: piece.partition })),
      };
    },
  });
  return { ...source, plan, partitionRows: layout.partitionRows };
}

/** Arrays below one another. @throws ParameterError for none; DataError where shapes or dtypes differ */
export function partsOfConcat(arrays: readonly DistributedArray[]): ArrayParts {
  const [first] = arrays;
  if (!first) throw new ParameterError("DistributedArray.concat: the list is empty. Pass at least one array.");
  const shapeOf = ({ dtype, innerShape }: DistributedArray): string => `${dtype}[${innerShape.join(", ")}]`;
  const refs = arrays.flatMap((array, k) => {
    if (shapeOf(array) !== shapeOf(first) || array.layout !== first.layout) {
      throw new DataError(
        `DistributedArray.concat: array 0 is ${shapeOf(first)} but array ${k} is ${shapeOf(array)}. Cast or select columns first.`,
      );
    }
    return Array.from({ length: array.partitions }, (_, index) => ({ plan: array.plan, index }));
  });
  const plan = new TaskPlan({
    label: "concat",
    partitions: refs.length,
    inputs: arrays.map((array) => array.plan),
    task: (index) => ({
      fn: arrayTask("takePieces"),
      args: { pieces: [{ input: 0, from: 0, to: 1, unit: "fraction" }] },
      inputs: [refs[index] as { plan: Plan; index: number }],
    }),
  });
  const known = arrays.every(({ partitionRows }) => partitionRows);
  return { ...first, plan, partitionRows: known ? arrays.flatMap((array) => array.partitionRows ?? []) : undefined };
}
