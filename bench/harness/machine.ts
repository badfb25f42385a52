import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import type { Machine } from "./types.js";

/** What of this machine explains a timing. */
export function describeMachine(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    ramGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
  };
}
