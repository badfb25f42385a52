import type { Plain } from "../base/plain.js";
import type { Engine, FnRef } from "../engine/engine.js";
import { hostColumn } from "../memory/host-column.js";
import { Team } from "../memory/team.js";
import { HeldPlan } from "./plan.js";
import { PlanRun, type RunOptions } from "./plan-run.js";

/** What a team does, see {@link holdTeam}. */
export interface TeamWork {
  /** In the user's words, for errors. */
  readonly label: string;
  /**
   * `(context, { ...args, place? }, control?, ...partitions) → part`. With a place the task is a member of a `Team`, whose
   * control block comes first; without one it has all partitions.
   */
  readonly step: FnRef;
  readonly args: { readonly [name: string]: Plain };
  /** `(context, { at }, part) → partition`: the one that takes the place of the member's partition `at`. */
  readonly partition: FnRef;
  /** `(context, undefined, ...parts) → value`: null when the team has come to nothing. */
  readonly value: FnRef;
  /** Milliseconds that members wait for each other at the start. */
  readonly patience: number;
  /** The task that makes a new partition of the old one alone, once the value is known. */
  readonly source: (value: Plain) => { readonly fn: FnRef; readonly args: Plain };
}

/** Members of a team over so many partitions; 0 where the engine has no teams. */
export function teamSize(engine: Engine, partitions: number): number {
  // Where tasks are dear, a partition's task would have to make and send two values.
  if (engine.groupByHolder) return 0;
  const members = Math.min(engine.parallelism, partitions);
  return members <= 1 || engine.setSource ? members : 0;
}

/**
 * Lets a team (a task a thread, all running at once) change the held partitions, and returns what it has found; undefined
 * when it could not assemble or lost a member, and nothing has changed. One member needs no team and works on any engine.
 */
export async function holdTeam(
  plan: HeldPlan,
  engine: Engine,
  work: TeamWork,
  options: RunOptions = {},
): Promise<{ readonly held: HeldPlan; readonly value: Plain } | undefined> {
  const { label, step, args, patience } = work;
  const members = teamSize(engine, plan.partitions);
  const edge = (member: number): number => Math.floor((member * plan.partitions) / members);
  const run = new PlanRun(engine);
  const keys: string[] = [];
  for (let index = 0; index < plan.partitions; index++) keys.push(await run.key(plan, index));
  const control =
    members > 1 ? [await engine.put(hostColumn("i32", new Int32Array(Team.words(members))) as unknown as Plain)] : [];
  const chunks: string[] = [];
  let value: string;
  try {
    const parts = Array.from({ length: members }, (_, member) => {
      const place = members > 1 ? { place: { member, members, patience } } : {};
      // Members of one team are one partition: an engine that takes lower partitions first takes teams one by one.
      const own = { index: 0, of: label };
      const part = run.add(
        step,
        { ...args, ...place },
        [...control, ...keys.slice(edge(member), edge(member + 1))],
        own,
      );
      for (let index = edge(member); index < edge(member + 1); index++)
        chunks.push(run.add(work.partition, { at: index - edge(member) }, [part], { index, of: label }));
      return part;
    });
    value = run.add(work.value, undefined, parts);
    await run.submit([...chunks, value], options.signal);
  } finally {
    engine.release(control);
  }
  try {
    const [found] = await engine.get([value]);
    if (found === null) {
      run.release(chunks);
      return undefined;
    }
    const failed = (await engine.wait(chunks)).find(({ state }) => state !== "done");
    if (failed) throw failed.error ?? new Error(`${failed.key} ${failed.state}`);
    if (members > 1) {
      const { fn, args: own } = work.source(found);
      chunks.forEach((key, index) =>
        engine.setSource?.(key, { fn, args: own, deps: [keys[index] as string], partition: { index, of: label } }),
      );
    }
    return { held: new HeldPlan(label, engine, chunks, plan.bytes), value: found };
  } catch (error) {
    run.release(chunks);
    throw error;
  } finally {
    run.release([value]);
  }
}
