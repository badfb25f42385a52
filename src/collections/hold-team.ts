import { randomBytes } from "node:crypto";
import type { Plain } from "../base/plain.js";
import type { Engine, FnRef, TaskShortcut, TeamSeats } from "../engine/engine.js";
import { ThreadTeam } from "../engine/team/thread-team.js";
import type { TeamPlace } from "../engine/team/with-team.js";
import { hostColumn } from "../memory/host-column.js";
import { HeldPlan } from "./plan.js";
import { PlanRun, type RunOptions } from "./plan-run.js";

/** What a team does, see {@link holdTeam}. */
export interface TeamWork {
  /** In the user's words, for errors. */
  readonly label: string;
  /** `(context, { ...args, place? }, control?, ...partitions) → part`, see {@link withTeam}. */
  readonly step: FnRef;
  readonly args: { readonly [name: string]: Plain };
  /** `(context, { at }, part) → partition`: the one that takes the place of the member's partition `at`. */
  readonly partition: FnRef;
  /** `(context, undefined, part of the first member) → value`. */
  readonly value: FnRef;
  /** The task that makes a new partition of the old one alone, once the value is known. */
  readonly source: (value: Plain) => { readonly fn: FnRef; readonly args: Plain };
}

/** How a team over held partitions is made up; undefined where their engine has no teams, or none now. */
export async function seatTeam({ partitions, engine, keys }: HeldPlan): Promise<TeamSeats | undefined> {
  return partitions > 0 ? engine.seatTeam?.(keys) : undefined;
}

/**
 * Lets a team (tasks that run at once) change the held partitions, and returns what it has found.
 *
 * A member's task cannot be run again alone. So the new partitions are made of the old ones by tasks that need no team, as
 * soon as the value is known; only that what the members have made saves them the work, where it is at hand.
 *
 * @throws TeamBrokenError when it could not come together or lost a member; nothing has changed then
 */
export async function holdTeam(
  plan: HeldPlan,
  seats: TeamSeats,
  work: TeamWork,
  options: RunOptions = {},
): Promise<{ readonly held: HeldPlan; readonly value: Plain }> {
  const { engine, keys } = plan;
  const { label } = work;
  const run = new PlanRun(engine);
  // Those who wait for one that is lost are told at once.
  const broken = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, broken.signal]) : broken.signal;
  const control = await controlOf(seats, engine);
  let parts: string[];
  let value: string;
  try {
    const places = placesOf(seats);
    parts = seats.positions.map((positions, member) => {
      const place = places[member];
      const deps = [...control, ...positions.map((position) => keys[position] as string)];
      // Members of one team are one partition: an engine that takes lower partitions first takes teams one by one.
      return run.add(work.step, { ...work.args, ...(place ? { place } : {}) } as Plain, deps, { index: 0, of: label });
    });
    value = run.add(work.value, undefined, parts.slice(0, 1), undefined, { collected: true });
    await run.submit([...parts, value], signal);
  } finally {
    engine.release(control);
  }
  const made = [...parts, value];
  try {
    await allEnd(engine, made);
    const [found] = (await engine.get([value])) as [Plain];
    const held = await follow(plan, seats, { ...work, parts, source: work.source(found) }, options);
    const followed = engine.wait(held.keys).then(
      () => run.release(made),
      () => undefined, // the engine is closed, and holds nothing
    );
    // Where tasks are dear, what comes next is handed over meanwhile.
    if (!seats.meeting) await followed;
    return { held, value: found };
  } catch (error) {
    broken.abort();
    run.release(made);
    throw error;
  }
}

/** Members of a team in one memory need a control block, those in several processes a meeting point; one alone needs none. */
async function controlOf({ positions, meeting }: TeamSeats, engine: Engine): Promise<string[]> {
  if (positions.length <= 1 || meeting) return [];
  return [await engine.put(hostColumn("i32", new Int32Array(ThreadTeam.words(positions.length))) as unknown as Plain)];
}

function placesOf({ positions, patience, meeting }: TeamSeats): (TeamPlace | undefined)[] {
  const members = positions.length;
  if (members <= 1) return positions.map(() => undefined);
  const place = { members, patience, ...(meeting ? { meeting: { ...meeting, team: secret() } } : {}) };
  return positions.map((_, member) => ({ ...place, member }));
}

function secret(): string {
  return randomBytes(32).toString("hex");
}

async function allEnd(engine: Engine, keys: readonly string[]): Promise<void> {
  const each = keys.map(async (key) => {
    const [status] = await engine.wait([key]);
    if (status?.state !== "done") throw status?.error ?? new Error(`${key} ${status?.state}`);
  });
  await Promise.all(each);
}

/** The partitions after a team's work. */
async function follow(
  { engine, keys, bytes }: HeldPlan,
  { positions }: TeamSeats,
  made: Pick<TeamWork, "label" | "partition"> & { readonly parts: readonly string[] } & {
    readonly source: ReturnType<TeamWork["source"]>;
  },
  { signal }: RunOptions,
): Promise<HeldPlan> {
  const { label, partition, parts, source } = made;
  const run = new PlanRun(engine);
  const shortcuts = new Map<number, TaskShortcut>();
  positions.forEach((own, member) =>
    own.forEach((position, at) =>
      shortcuts.set(position, { fn: partition, args: { at }, dep: parts[member] as string }),
    ),
  );
  const next = keys.map((key, index) => {
    const shortcut = shortcuts.get(index);
    return run.add(source.fn, source.args, [key], { index, of: label }, shortcut ? { shortcut } : {});
  });
  await run.submit(next, signal);
  return new HeldPlan(label, engine, next, bytes);
}
