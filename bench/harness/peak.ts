import { readFileSync, writeFileSync } from "node:fs";

/**
 * Resets the kernel's high-water mark of this process's resident memory, so that `peakMb` tells about what follows.
 * Where that is not permitted the peak is that of the whole process so far: an overstatement, never an understatement.
 */
export function resetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

/** Peak resident memory in MiB: VmHWM on Linux, the process's maximum elsewhere. */
export function peakMb(): number {
  if (process.platform === "linux") {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (line?.[1] !== undefined) return Number(line[1]) / 1024;
  }
  return process.resourceUsage().maxRSS / 1024;
}
