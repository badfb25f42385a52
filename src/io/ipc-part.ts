import { polars, type PolarsLazyFrame } from "../collections/frame/polars.js";

/** Rows [offset, offset + rows) of an Arrow IPC (Feather v2) file. */
export interface IpcPart {
  readonly format: "ipc";
  readonly path: string;
  readonly offset: number;
  readonly rows: number;
  readonly whole: boolean;
  readonly columns: readonly string[] | null;
}

/** Opens a part lazily. */
export function openIpc(part: IpcPart): PolarsLazyFrame {
  const pl = polars();
  let frame: PolarsLazyFrame = pl.scanIPC(part.path);
  if (!part.whole) frame = frame.slice(part.offset, part.rows);
  if (part.columns) frame = frame.select(part.columns.map((name) => pl.col(name)));
  return frame;
}
