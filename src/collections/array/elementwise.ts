import { DataError } from "../../base/errors.js";
import type { BinaryOpCode, CompareOpCode } from "../../kernels/kernels.js";
import { TaskPlan } from "../plan.js";
import type { ArrayParts } from "./array-parts.js";
import { arrayTask, blockwiseParts } from "./blockwise.js";
import type { DistributedArray } from "./distributed-array.js";
import { meet } from "./meet.js";

/** A number, or one number a column. */
export type Scalars = number | readonly number[];

/** Each element with a number, or with that of its column. */
export function withScalars(array: DistributedArray, label: string, op: BinaryOpCode, other: Scalars): ArrayParts {
  const args = { op, scalars: scalarsFor(array, label, other), reversed: 0 };
  return blockwiseParts(array, label, arrayTask("binaryScalar"), args, { dtype: "f64" });
}

/** Whether each element compares so with a number, or with that of its column. */
export function compareScalars(array: DistributedArray, label: string, op: CompareOpCode, other: Scalars): ArrayParts {
  const args = { op, scalars: scalarsFor(array, label, other) };
  return blockwiseParts(array, label, arrayTask("compareScalar"), args, { dtype: "bool" });
}

function scalarsFor({ width }: DistributedArray, label: string, other: Scalars): number[] {
  const scalars = typeof other === "number" ? [other] : [...other];
  if (scalars.length === 1 || scalars.length === width) return scalars;
  throw new DataError(
    `DistributedArray.${label}: this array has ${width} columns; pass one number or ${width}, not ${scalars.length}.`,
  );
}

/** Two arrays, element by element; a single column meets every column of the other. */
export function withArray(
  array: DistributedArray,
  label: string,
  op: BinaryOpCode,
  other: DistributedArray,
): ArrayParts {
  if (other.width !== array.width && other.width !== 1 && array.width !== 1) {
    throw new DataError(
      `DistributedArray.${label}: the operands have ${array.width} and ${other.width} columns. They need the same number, or one of them a single column.`,
    );
  }
  const right = meet(label, array, other);
  const wider = array.width >= right.width ? array : right;
  const plan = new TaskPlan({
    label,
    partitions: array.partitions,
    inputs: [array.plan, right.plan],
    bytes: array.plan.bytes,
    task: (index) => ({
      fn: arrayTask("binaryChunks"),
      args: { op, label: `DistributedArray.${label}` },
      inputs: [
        { plan: array.plan, index },
        { plan: right.plan, index },
      ],
    }),
  });
  return {
    plan,
    innerShape: wider.innerShape,
    dtype: "f64",
    partitionRows: array.partitionRows ?? right.partitionRows,
    names: wider.names,
  };
}
