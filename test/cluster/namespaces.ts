import { spawnSync } from "node:child_process";

/** A test host: a network namespace with an address of its own. */
export interface TestHost {
  readonly name: string;
  readonly address: string;
  /** What is put before a command to run it on this host. */
  readonly prefix: readonly string[];
  /** Pulls the host's cable: packets are dropped silently, as by a broken switch. */
  cut(): void;
  /** Plugs it in again. */
  restore(): void;
}

/** Hosts on one virtual switch; this process is on it too, at `address`. */
export interface TestNetwork {
  readonly address: string;
  readonly hosts: readonly TestHost[];
  close(): void;
}

function ip(...args: string[]): void {
  const { status, stderr, error } = spawnSync("ip", args, { encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}

/** Why network namespaces cannot be made here, or undefined when they can. */
export function namespacesAreMissing(): string | undefined {
  if (process.platform !== "linux") return `network namespaces are a thing of Linux; this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "making network namespaces needs root";
  const name = `pwtry${process.pid}`;
  try {
    ip("netns", "add", name);
    ip("netns", "exec", name, "ip", "link", "set", "lo", "up");
    ip("netns", "del", name);
    return undefined;
  } catch (error) {
    return `network namespaces cannot be made: ${(error as Error).message} (apt-get install iproute2; a container needs NET_ADMIN)`;
  }
}

let networks = 0;

/** Makes `count` hosts on a switch of their own. Names carry the process id, so that runs do not meet. */
export function makeNetwork(count: number): TestNetwork {
  const id = `${process.pid.toString(36)}${(networks++).toString(36)}`;
  const bridge = `pwb${id}`;
  const subnet = `10.${200 + (process.pid % 50)}.${(Math.floor(process.pid / 50) + networks) % 250}`;
  const names: string[] = [];
  const close = (): void => {
    for (const name of names) spawnSync("ip", ["netns", "del", name]);
    spawnSync("ip", ["link", "del", bridge]);
  };
  try {
    ip("link", "add", bridge, "type", "bridge");
    ip("addr", "add", `${subnet}.1/24`, "dev", bridge);
    ip("link", "set", bridge, "up");
    const hosts = Array.from({ length: count }, (_, i): TestHost => {
      const name = `pw${id}h${i}`;
      const address = `${subnet}.${i + 2}`;
      const [outside, inside] = [`pwo${id}${i}`, `pwi${id}${i}`];
      ip("netns", "add", name);
      names.push(name);
      ip("link", "add", outside, "type", "veth", "peer", "name", inside);
      ip("link", "set", inside, "netns", name);
      ip("link", "set", outside, "master", bridge);
      ip("link", "set", outside, "up");
      const inHost = (...args: string[]): void => ip("netns", "exec", name, "ip", ...args);
      inHost("addr", "add", `${address}/24`, "dev", inside);
      inHost("link", "set", inside, "up");
      inHost("link", "set", "lo", "up");
      return {
        name,
        address,
        prefix: ["ip", "netns", "exec", name],
        // Off the switch, but with its link up: neither side is told.
        cut: () => ip("link", "set", outside, "nomaster"),
        restore: () => ip("link", "set", outside, "master", bridge),
      };
    });
    return { address: `${subnet}.1`, hosts, close };
  } catch (error) {
    close();
    throw error;
  }
}
