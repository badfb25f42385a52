/**
 * The versions of the other side that partwise works with. Tests run Dask's `newest` on Python 3.11; older ones than
 * `oldest` are refused, because they lack what the gateway calls, and newer ones are tried.
 */
export const supportedVersions = {
  python: { oldest: "3.10", newest: "3.13" },
  dask: { oldest: "2025.4.0", newest: "2026.8.0" },
} as const;

/** The command that installs what the Python side needs. */
export function installCommand(python: string): string {
  return `${python} -m pip install "dask>=${supportedVersions.dask.oldest}" "distributed>=${supportedVersions.dask.oldest}" msgpack`;
}

/** Compares dotted versions part by part, as numbers: negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string): number[] => version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
