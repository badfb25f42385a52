import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root: this file runs from `dist/bench/harness/`. */
export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** The compiled tree. */
export const dist = join(root, "dist");

/** The peers' interpreter, made by `npm run bench:setup`. */
export const python =
  process.platform === "win32" ? join(root, ".venv", "Scripts", "python.exe") : join(root, ".venv", "bin", "python");
