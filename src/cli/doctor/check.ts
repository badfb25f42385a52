/** One line of `partwise doctor`. */
export interface Check {
  readonly name: string;
  /** `absent`: missing, and needed only for what was not asked for. */
  readonly state: "ok" | "absent" | "problem";
  /** What was found, or what is wrong. */
  readonly found: string;
  /** The command or the step that mends it. */
  readonly mend?: string;
}

/** A check that is fine. */
export function ok(name: string, found: string): Check {
  return { name, state: "ok", found };
}

/** A check that is not. */
export function problem(name: string, found: string, mend: string): Check {
  return { name, state: "problem", found, mend };
}

/** Bytes as people read them. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** What went wrong, in one line. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split("\n")[0] as string;
}
