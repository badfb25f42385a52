import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { TeamBrokenError } from "#src/base/errors.js";
import { MeetingPoint, type Meeting } from "#src/engine/team/meeting-point.js";
import { PeerTeam } from "#src/engine/team/peer-team.js";
import { Memory } from "#src/memory/memory.js";

const SECRET = "5e".repeat(32);
const KEY = "c0".repeat(32);
const points: MeetingPoint[] = [];

async function meetingPoint(key?: string): Promise<Meeting> {
  const { point, meeting } = await MeetingPoint.open("127.0.0.1", key);
  points.push(point);
  return meeting;
}

afterEach(() => {
  for (const point of points.splice(0)) point.close();
});

interface Told {
  readonly patience?: number;
  readonly team?: string;
  readonly failsAt?: number;
  readonly check?: () => void;
}

const TURNS = 30;

/** One member's work: shows a fresh column each turn and looks at what it may read of the others'. */
async function work(meeting: Meeting, member: number, members: number, told: Told = {}): Promise<string> {
  const { patience = 10_000, team: secret = SECRET, failsAt, check = () => undefined } = told;
  const memory = Memory.create(2 ** 26);
  try {
    const team = await PeerTeam.join(memory, { member, members, meeting, team: secret }, patience, check);
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        if (turn === failsAt) throw new RangeError("this member fails");
        // Every dtype of the trees, and columns of many sizes.
        const length = members * (1 + ((turn * 7919) % 5000));
        const own =
          turn % 2 === 0
            ? memory.columnFrom(
                "f64",
                Float64Array.from({ length }, (_, i) => turn + member * 1000 + i),
              )
            : memory.columnFrom(
                "i32",
                Int32Array.from({ length }, (_, i) => turn + member * 1000 + i),
              );
        const share = length / members;
        const shown =
          turn % 3 === 0
            ? await team.exchange(own)
            : await team.exchange(own, (k) => [{ from: k * share, length: share }]);
        const seen = turn % 3 === 0 ? [0, length - 1] : [member * share, (member + 1) * share - 1];
        shown.forEach((column, k) => {
          for (const i of seen) expect(memory.view(column)[i]).toBe(turn + k * 1000 + i);
        });
        await team.meet();
        memory.free(own);
      }
      await team.meet();
      return "done";
    } finally {
      team.leave();
      if (failsAt === undefined && told.check === undefined) expect(memory.held).toBeLessThan(2 ** 20);
    }
  } catch (error) {
    return error instanceof TeamBrokenError ? "broken" : (error as Error).message;
  }
}

function all(meeting: Meeting, members: number, told: (member: number) => Told = () => ({})): Promise<string[]> {
  return Promise.all(Array.from({ length: members }, (_, k) => work(meeting, k, members, told(k))));
}

describe("a team over sockets", () => {
  it.each([
    ["open", undefined],
    ["encrypted", KEY],
  ])("shows each member what it reads of the others, turn by turn, %s", async (_, key) => {
    const meeting = await meetingPoint(key);
    for (const members of [2, 3, 5]) expect(await all(meeting, members)).toEqual(Array(members).fill("done"));
  });

  it("of several at one meeting point are kept apart by their secrets", async () => {
    const meeting = await meetingPoint();
    const other = "0a".repeat(32);
    const said = await Promise.all([all(meeting, 2), all(meeting, 3, () => ({ team: other }))]);
    expect(said.flat()).toEqual(Array(5).fill("done"));
  });

  it("does not start without one of its members", async () => {
    const meeting = await meetingPoint();
    const early = await Promise.all([0, 1].map((k) => work(meeting, k, 3, { patience: 50 })));
    expect(early).toEqual(["broken", "broken"]);
    expect(await work(meeting, 2, 3, { patience: 50 })).toBe("broken");
    // A member that comes twice is one whose task runs again: nobody waits for the third.
    const waits = work(meeting, 0, 3);
    expect(await Promise.all([work(meeting, 0, 3), waits])).toEqual(["broken", "broken"]);
  });

  it("breaks when a member fails, and tells the others", async () => {
    const meeting = await meetingPoint();
    const said = await all(meeting, 3, (k) => (k === 1 ? { failsAt: 20 } : {}));
    expect(said).toEqual(["broken", "this member fails", "broken"]);
  });

  it("lets an aborted member go, while it waits for the others as well as later", async () => {
    const meeting = await meetingPoint();
    let aborted = false;
    const check = (): void => {
      if (aborted) throw new Error("aborted");
    };
    const alone = work(meeting, 0, 2, { check });
    aborted = true;
    expect(await alone).toBe("aborted");
    aborted = false;
    let looks = 0;
    const late = (): void => {
      if (++looks > 30) throw new Error("aborted");
    };
    const team = "1a".repeat(32);
    expect(await all(meeting, 2, (k) => (k === 0 ? { check: late, team } : { team }))).toEqual(["aborted", "broken"]);
  });

  it("says where it was to meet when nobody answers there", async () => {
    const { point, meeting } = await MeetingPoint.open("127.0.0.1");
    point.close();
    const memory = Memory.create(2 ** 20);
    const place = { member: 0, members: 2, meeting, team: SECRET };
    await expect(PeerTeam.join(memory, place, 5000, () => undefined)).rejects.toThrow(
      new RegExp(
        `^A worker has not reached the others of its team, who meet at 127.0.0.1:${meeting.port} \\(.*ECONNREFUSED`,
      ),
    );
  });

  it("hangs up on strangers, at the meeting point and at its members", async () => {
    const meeting = await meetingPoint();
    const stranger = connect(meeting.port, meeting.host);
    stranger.on("error", () => undefined);
    const hungUp = once(stranger, "close");
    stranger.write(Buffer.from("GET / HTTP/1.1\r\n\r\n".padEnd(4096)));
    const encrypted = await meetingPoint(KEY);
    expect(await work({ ...encrypted, key: "ee".repeat(32) }, 0, 2, { patience: 2000 })).toBe("broken");
    expect(await all(meeting, 2)).toEqual(["done", "done"]);
    await hungUp;
  });
});
