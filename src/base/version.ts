import { readFileSync } from "node:fs";

let version: string | undefined;

/** The version of partwise that is running, from its package.json. */
export function partwiseVersion(): string {
  // This file is dist/src/base/version.js: the package's root is three levels up from its folder.
  version ??= (
    JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }
  ).version;
  return version;
}
