import { inputChecks } from "./checks/input-checks.js";
import { invarianceChecks } from "./checks/invariance-checks.js";
import { mergeChecks } from "./checks/merge-checks.js";
import { parameterChecks } from "./checks/parameter-checks.js";
import { stateChecks } from "./checks/state-checks.js";
import type { CheckEntry, NamedCheck, TestSubject } from "./subject.js";

const ALL: readonly CheckEntry[] = [
  ...parameterChecks,
  ...inputChecks,
  ...invarianceChecks,
  ...stateChecks,
  ...mergeChecks,
];

/** Names of all checks, whether they apply to a subject or not. */
export function checkNames(): string[] {
  return ALL.map((check) => check.name);
}

/**
 * The promises every estimator keeps, as checks for a test runner: those that apply to what the subject has and says of
 * itself. A check that the subject skips runs too, and fails when it passes, so that no skip outlives its reason.
 *
 * Cost: some 30 fits of 120 rows; engines with one and two threads are started and closed.
 *
 * @throws Error when the subject skips a check that does not exist or does not apply
 *
 * @example
 * ```ts
 * for (const check of estimatorChecks(subject)) it(check.name, () => check.run());
 * ```
 */
export function estimatorChecks(subject: TestSubject): NamedCheck[] {
  const chosen = ALL.filter((check) => check.when?.(subject) ?? true);
  const skips = new Map((subject.skip ?? []).map(({ check, reason }) => [check, reason]));
  for (const name of skips.keys()) {
    if (!chosen.some((check) => check.name === name)) {
      throw new Error(
        `${subject.name}: it skips "${name}", which is not among its checks: ${chosen.map((check) => check.name).join("; ")}.`,
      );
    }
  }
  return chosen.map((check) => {
    const reason = skips.get(check.name);
    if (reason === undefined) return { name: check.name, run: () => check.run(subject) };
    return { name: `${check.name} (skipped: ${reason})`, run: () => expectFailure(check, subject, reason) };
  });
}

async function expectFailure(check: CheckEntry, subject: TestSubject, reason: string): Promise<void> {
  const failed = await check.run(subject).then(
    () => false,
    () => true,
  );
  if (!failed)
    throw new Error(`${subject.name}: "${check.name}" is skipped (${reason}), but it passes. Take it off the list.`);
}
