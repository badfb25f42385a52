import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Plain } from "#src/base/plain.js";
import { MessageReader, MessageSocket, type Header, type Message } from "#src/engine/dask/message-socket.js";
import { SidecarServer } from "#src/engine/dask/sidecar-server.js";
import { decodeValue, encodeValue } from "#src/engine/dask/value-codec.js";
import { hostColumn } from "#src/memory/host-column.js";

type Ask = (header: Header, payload?: Uint8Array[]) => Promise<Message>;

let folder: string;
let path: string;
let server: Server;
let sidecar: SidecarServer;
let sockets: Socket[];
let ask: Ask;

// The worker's side of the conversation: it listens, and the sidecar connects.
async function connection(): Promise<{ socket: Socket; ask: Ask }> {
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  sidecar.serve(path);
  const socket = await accepted;
  sockets.push(socket);
  const waiting: ((message: Message) => void)[] = [];
  const messages = new MessageSocket(socket, new MessageReader((message) => waiting.shift()?.(message)));
  const send: Ask = (header, payload) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      messages.send(header, payload);
    });
  return { socket, ask: send };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "partwise-sidecar-test-"));
  path = join(folder, "socket");
  server = createServer();
  sockets = [];
  await new Promise<void>((resolve) => server.listen(path, resolve));
  sidecar = new SidecarServer({ threads: 1, memoryLimit: 2 ** 26, tempDirectory: folder });
  ({ ask } = await connection());
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const held = async (): Promise<number> => (await ask({ op: "info" })).header["held"] as number;
const ramp = (length: number, from = 0): Float64Array => Float64Array.from({ length }, (_, i) => from + i / 3);
const column = (data: Float64Array): Plain => hostColumn("f64", data) as unknown as Plain;

const values: Record<string, Plain> = {
  "a column": column(ramp(50_000)),
  "a dense chunk": { kind: "dense", rows: 9_001, columns: [column(ramp(9_001)), column(ramp(9_001, 5))] },
  "a dense chunk beside short columns and plain arrays": {
    x: { kind: "dense", rows: 3, columns: [column(ramp(3)), column(ramp(3, 5))] },
    y: [column(ramp(20_000)), column(ramp(0)), column(ramp(2))],
    plain: ramp(30_000),
    text: "zażółć",
  },
  "no column at all": { plain: ramp(50_000), many: "x".repeat(100_000) },
};

for (const [name, value] of Object.entries(values)) {
  it(`a large value with ${name} comes back as it went in, and its end gives all memory back`, async () => {
    const before = await held();
    const { header } = await ask({ op: "put" }, encodeValue(value));
    expect(header["ok"]).toBe(true);
    const back = await ask({ op: "fetch", handle: header["handle"] });
    expect(decodeValue(back.payload)).toEqual(value);
    await ask({ op: "free", handles: [header["handle"]] });
    expect(await held()).toBe(before);
  });
}

it("a large value takes its place once, where it is received", async () => {
  const before = await held();
  const pieces = encodeValue(column(ramp(1_000_000)));
  await ask({ op: "put" }, pieces);
  const taken = (await held()) - before;
  expect(taken).toBeGreaterThan(8_000_000);
  expect(taken).toBeLessThan(8_100_000);
});

it("a value that breaks off on its way leaves nothing behind", async () => {
  const before = await held();
  const { socket } = await connection();
  const head = Buffer.from([0x81, 0xa2, 0x6f, 0x70, 0xa3, 0x70, 0x75, 0x74]); // { op: "put" }
  const prefix = Buffer.alloc(12);
  prefix.writeUInt32LE(head.byteLength, 0);
  prefix.writeBigUInt64LE(1_000_000n, 4);
  socket.write(Buffer.concat([prefix, head, Buffer.alloc(500_000)]));
  await expect.poll(held).toBeGreaterThan(before + 900_000);
  socket.destroy();
  await expect.poll(held).toBe(before);
});

it("a value can go when who asked for it hangs up while it is written", async () => {
  const before = await held();
  const { header } = await ask({ op: "put" }, encodeValue(column(ramp(2_000_000))));
  const other = await connection();
  const begun = new Promise((resolve) => other.socket.once("data", resolve));
  void other.ask({ op: "fetch", handle: header["handle"] });
  await begun;
  other.socket.pause();
  await ask({ op: "free", handles: [header["handle"]] });
  // Its bytes are on their way still.
  expect(await held()).toBeGreaterThan(before + 16_000_000);
  other.socket.destroy();
  await expect.poll(held).toBe(before);
});
