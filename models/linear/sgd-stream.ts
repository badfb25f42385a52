import { AbortedError, DataError, show } from "../../src/base/errors.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { LabelInput, MatrixInput, VectorInput } from "../../src/estimator/inputs.js";

/** One batch of a stream. */
export interface StreamBatch<Y extends VectorInput | LabelInput> {
  readonly X: MatrixInput;
  readonly y: Y;
  /** Weight of each row, none negative. */
  readonly sampleWeight?: VectorInput;
}

/** Batches as they come. */
export type BatchStream<Y extends VectorInput | LabelInput> = AsyncIterable<StreamBatch<Y>> | Iterable<StreamBatch<Y>>;

/**
 * Takes batch after batch from a stream, each once. The model is whole between two batches, so that an abort or an error of
 * the stream leaves what was learned until then. Returns the number of batches.
 */
export async function takeStream<Y extends VectorInput | LabelInput, O extends Omit<FitOptions, "sampleWeight">>(
  owner: string,
  batches: BatchStream<Y>,
  options: O,
  take: (batch: StreamBatch<Y>, options: O & FitOptions) => Promise<unknown>,
): Promise<number> {
  const { onProgress, ...rest } = options;
  let done = 0;
  if (typeof batches !== "object" || !(Symbol.asyncIterator in batches || Symbol.iterator in batches)) {
    throw new DataError(
      `${owner}: batches must be an iterable of { X, y }; got ${show(batches)}. Pass a generator or a list.`,
    );
  }
  for await (const batch of batches) {
    if (options.signal?.aborted) {
      throw new AbortedError(`${owner}: stopped by its signal after ${done} batches, which the model keeps.`, {
        cause: options.signal.reason,
      });
    }
    const weight = batch.sampleWeight === undefined ? {} : { sampleWeight: batch.sampleWeight };
    await take(batch, { ...(rest as unknown as O), ...weight });
    done += 1;
    // How many will come, nobody knows.
    onProgress?.({ stage: owner, done, total: done });
  }
  return done;
}
