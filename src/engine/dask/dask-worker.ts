import type { WorkerInfo } from "../engine.js";
import type { Meeting } from "../team/meeting-point.js";

/** One Dask worker with the sidecar beside it. */
export interface DaskWorkerInfo extends WorkerInfo {
  readonly name: string;
  readonly threads: number;
  /** Resource tags it was started with. */
  readonly resources: Readonly<Record<string, number>>;
  /** The Node process; undefined while there is none. */
  readonly sidecar:
    | {
        readonly pid: number;
        /** Bytes that its values and scratch hold, and how many they may. */
        readonly held: number;
        readonly limit: number;
        /** How often it was started. */
        readonly lives: number;
        /** The folder that its JavaScript comes from. */
        readonly home: string;
        /** The port by which tasks on several workers find each other. */
        readonly teamPort?: number;
      }
    | undefined;
}

/** What the gateway says about a worker. */
export interface RawWorker {
  readonly name?: string;
  readonly nthreads?: number;
  readonly busy?: boolean;
  readonly resources?: Readonly<Record<string, number>>;
  readonly tasksDone?: number;
  readonly pid?: number;
  readonly held?: number;
  readonly limit?: number;
  readonly lives?: number;
  readonly home?: string;
  readonly meeting?: Meeting;
}

/** A worker as the engine tells about it. */
export function daskWorker(id: string, raw: RawWorker): DaskWorkerInfo {
  const { name = id, nthreads = 0, busy = false, resources = {}, tasksDone = 0 } = raw;
  const { pid, held = 0, limit = 0, lives = 0, home = "", meeting } = raw;
  const team = meeting ? { teamPort: meeting.port } : {};
  return {
    id,
    state: busy ? "busy" : "idle",
    tasksDone,
    name,
    threads: nthreads,
    resources,
    sidecar: pid === undefined ? undefined : { pid, held, limit, lives, home, ...team },
  };
}
