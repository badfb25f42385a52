import type { Progress } from "../collections/plan-run.js";

/** What a {@link progressBar} writes to: `process.stderr`, or anything like it. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly writable?: boolean | undefined;
}

/** Options of {@link progressBar}. */
export interface ProgressBarOptions {
  /** Where to write; standard error unless given, so that standard output stays clean. */
  readonly stream?: ProgressStream;
  /** Milliseconds since some moment; `performance.now` unless given. */
  readonly now?: () => number;
}

/** A listener for `onProgress`; `done()` ends the last line. */
export interface ProgressBar {
  (progress: Progress): void;
  done(): void;
}

const BAR = 24;
const REDRAW_MS = 80;
const LINE_MS = 5000;

interface Stage {
  readonly name: string;
  readonly since: number;
  /** When its present pass began: a stage may count from 0 again. */
  passSince: number;
  last: Progress;
  drawn: number;
}

/**
 * Shows what `onProgress` tells: stage, bar, percent, time left and the stage's own numbers. In a terminal one line is
 * redrawn, and stays with its time when the stage ends; elsewhere (files, CI) a plain line marks the end of each stage,
 * and every 5 seconds of a long one. Errors of the stream are its owner's: a closed one is left alone.
 *
 * @example
 * ```ts
 * const onProgress = progressBar();
 * await model.fit(X, y, { onProgress });
 * onProgress.done();
 * ```
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressBar {
  const stream: ProgressStream = options.stream ?? process.stderr;
  const now = options.now ?? (() => performance.now());
  const live = stream.isTTY === true;
  let stage: Stage | undefined;

  const write = (text: string): void => {
    if (stream.writable !== false) stream.write(text);
  };
  const draw = (line: string, end: boolean): void => {
    // One column less than there are: a full line would wrap, and a wrapped one cannot be redrawn.
    const width = Math.max(20, (stream.columns ?? 80) - 1);
    if (live) write(`\r${line.slice(0, width)}\u001b[K${end ? "\n" : ""}`);
    else write(`${line}\n`);
  };
  const finish = (): void => {
    if (!stage) return;
    const { name, last, since } = stage;
    const complete = last.done >= last.total;
    const share = complete ? "done" : `stopped at ${percent(last)}`;
    draw([`${name}: ${share} in ${seconds(now() - since)}`, ...details(last)].join("  "), true);
    stage = undefined;
  };

  const listener = (progress: Progress): void => {
    if (stage && stage.name !== progress.stage) finish();
    const at = now();
    const first = !stage;
    stage ??= { name: progress.stage, since: at, passSince: at, last: progress, drawn: at };
    if (progress.done < stage.last.done) stage.passSince = at;
    stage.last = progress;
    const due = live
      ? first || at - stage.drawn >= REDRAW_MS || progress.done >= progress.total
      : at - stage.drawn >= LINE_MS;
    if (!due) return;
    stage.drawn = at;
    draw(lineOf(stage, at, live), false);
  };
  return Object.assign(listener, { done: finish });
}

function lineOf({ name, last, passSince }: Stage, at: number, live: boolean): string {
  const share = last.total > 0 ? Math.min(1, last.done / last.total) : 0;
  const left = share > 0 && share < 1 ? `${seconds(((at - passSince) * (1 - share)) / share)} left` : "";
  const filled = Math.round(share * BAR);
  const bar = live ? `${"█".repeat(filled)}${"░".repeat(BAR - filled)} ` : "";
  return [`${name}: ${bar}${percent(last)}`, left, ...details(last)].filter((part) => part !== "").join("  ");
}

function percent({ done, total }: Progress): string {
  return total > 0 ? `${Math.min(100, Math.floor((100 * done) / total))} %` : `${done}`;
}

function details({ detail }: Progress): string[] {
  return Object.entries(detail ?? {}).map(
    ([name, value]) => `${name} ${Number.isInteger(value) ? value : Number(value.toPrecision(6))}`,
  );
}

function seconds(ms: number): string {
  const total = ms / 1000;
  if (total < 10) return `${total.toFixed(1)} s`;
  if (total < 60) return `${Math.round(total)} s`;
  const minutes = Math.floor(total / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(total - minutes * 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
