import { DataError } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { CsrChunk } from "../memory/column.js";
import type { FittedInput } from "./estimator.js";
import { Transformer } from "./transformer.js";

/** A transformer that keeps some of the columns as they are. */
export abstract class FeatureSelector<P extends object, S extends FittedInput & object> extends Transformer<P, S> {
  /** Whether each column is kept. */
  abstract getSupport(): boolean[];

  /** Positions of the kept columns. */
  get supportIndices(): number[] {
    return this.getSupport().flatMap((kept, j) => (kept ? [j] : []));
  }

  override getFeatureNamesOut(): string[] {
    const names = super.getFeatureNamesOut();
    return this.supportIndices.map((j) => names[j] ?? "");
  }

  protected transformArray(x: DistributedArray): DistributedArray {
    const kept = this.supportIndices;
    if (kept.length === 0) {
      throw new DataError(
        `${this.kind}.transform: no column is selected. Lower the threshold, or select more columns.`,
      );
    }
    return keepFeatures(this.kind, x, kept);
  }
}

/** Some columns of an array, lazily: dense ones are shared, of compressed rows the entries are copied. */
export function keepFeatures(owner: string, x: DistributedArray, kept: readonly number[]): DistributedArray {
  if (x.layout !== "csr") return x.columns(kept);
  const position = new Int32Array(x.width).fill(-1);
  kept.forEach((j, k) => (position[j] = k));
  const names = x.names ? kept.map((j) => x.names?.[j] ?? "") : undefined;
  const args = { position, width: kept.length };
  return x.mapChunks(owner, fnRef(import.meta.url, "keepColumns"), args, {
    innerShape: [kept.length],
    names,
    layout: "csr",
  });
}

/** The entries of one partition whose column has a position, under that position. */
export function keepColumns(
  context: TaskContext,
  args: { position: Int32Array; width: number },
  x: CsrChunk,
): CsrChunk {
  const { memory } = context;
  const indptr = memory.view(x.indptr);
  const indices = memory.view(x.indices);
  const values = memory.view(x.values);
  const from = indptr[0] as number;
  const to = indptr[x.rows] as number;
  let count = 0;
  for (let k = from; k < to; k++) if ((args.position[indices[k] as number] as number) >= 0) count += 1;
  const out = memory.csr(x.rows, args.width, count);
  const [outPtr, outIndices, outValues] = [memory.view(out.indptr), memory.view(out.indices), memory.view(out.values)];
  let at = 0;
  outPtr[0] = 0;
  for (let i = 0; i < x.rows; i++) {
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const position = args.position[indices[k] as number] as number;
      if (position < 0) continue;
      outIndices[at] = position;
      outValues[at] = values[k] as number;
      at += 1;
    }
    outPtr[i + 1] = at;
  }
  return out;
}
