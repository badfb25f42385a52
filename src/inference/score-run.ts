import { join, relative } from "node:path";
import { abortedError, DataError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { chooseEngine } from "../collections/choose-engine.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { PlanRun } from "../collections/plan-run.js";
import type { Manifest } from "./manifest.js";
import type { ScoreDatasetOptions } from "./score-options.js";
import { PACKED_TASK, SCORE_TASK, type PartResult, type ScoreTaskArgs } from "./score-task.js";

/** The partitions that are left, as one graph of tasks. */
export class ScoreRun {
  constructor(
    readonly owner: string,
    readonly options: ScoreDatasetOptions,
    readonly frame: DistributedDataFrame,
    readonly manifest: Manifest,
    readonly folder: string,
    readonly started: number,
  ) {}

  async scoreRest(
    argsOf: (index: number) => ScoreTaskArgs,
    bytes: Uint8Array,
  ): Promise<{ readonly modelLoads: number }> {
    const { plan, partitions } = this.frame;
    const left = Array.from({ length: partitions }, (_, i) => i).filter((i) => !this.manifest.done.has(i));
    if (left.length === 0) return { modelLoads: 0 };
    const engine = this.options.engine ?? chooseEngine([plan]);
    const run = new PlanRun(engine);
    const model = run.add(PACKED_TASK, { bytes }, []);
    const keys = new Map<string, number>();
    for (const index of left) {
      const rows = await run.key(plan, index);
      keys.set(run.add(SCORE_TASK, argsOf(index) as unknown as Plain, [rows, model], { index, of: this.owner }), index);
    }
    const stop = new AbortController();
    const { signal, deadlineSeconds } = this.options;
    const onAbort = (): void => stop.abort(signal?.reason);
    if (signal?.aborted) throw abortedError(signal, this.owner);
    signal?.addEventListener("abort", onAbort, { once: true });
    let late = false;
    const timer =
      deadlineSeconds === undefined
        ? undefined
        : setTimeout(
            () => {
              late = true;
              stop.abort(new DataError(`${this.owner}: the deadline of ${deadlineSeconds} s is over.`));
            },
            Math.max(0, deadlineSeconds * 1000 - (performance.now() - this.started)),
          );
    let modelLoads = 0;
    let failure: Error | undefined;
    try {
      await run.submit([...keys.keys()], stop.signal);
      // All of them are waited for, so that no thread still writes when the lock is given back.
      await Promise.all(
        [...keys].map(async ([key, index]) => {
          const [status] = await engine.wait([key]);
          if (status?.state === "done") {
            const [result] = (await engine.get([key])) as unknown as PartResult[];
            modelLoads += Number(result?.modelLoaded);
            this.#finish(index, argsOf(index), result as PartResult);
            if (this.manifest.badRows > (this.options.badRows?.limit ?? 0)) failure ??= this.#tooManyBadRows();
          } else if (status?.state === "failed")
            failure ??= status.error ?? new DataError(`${this.owner}: ${key} failed.`);
          if (failure && !stop.signal.aborted) stop.abort(failure);
          engine.release([key]);
        }),
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      engine.release([...keys.keys()]);
    }
    if (failure) throw failure;
    if (signal?.aborted) throw abortedError(signal, this.owner);
    // Neither failed nor aborted by the caller: what is missing now was cut off by the deadline.
    if (this.manifest.done.size < partitions && !late)
      throw new DataError(`${this.owner}: some partitions were not scored.`);
    return { modelLoads };
  }

  #finish(index: number, args: ScoreTaskArgs, { rows, bytes, badRows, drift }: PartResult): void {
    this.manifest.add({
      partition: index,
      file: relative(this.folder, args.path),
      rows,
      bytes,
      badRows,
      ...(drift ? { drift } : {}),
    });
    const { rows: all, done: parts } = this.manifest;
    const done = parts.size;
    const seconds = (performance.now() - this.started) / 1000;
    this.options.onProgress?.({
      stage: this.owner,
      done,
      total: this.frame.partitions,
      detail: {
        rows: all,
        rowsPerSecond: all / seconds,
        secondsLeft: (seconds / done) * (this.frame.partitions - done),
      },
    });
  }

  #tooManyBadRows(): DataError {
    return new DataError(
      `${this.owner}: ${this.manifest.badRows} rows could not be scored; badRows.limit is ${this.options.badRows?.limit ?? 0}. ` +
        `They are listed in ${show(join(this.folder, "_partwise", "bad-rows"))}. Mend the data, or raise the limit and call it again.`,
    );
  }
}
