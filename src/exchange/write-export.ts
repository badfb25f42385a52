import { rename, writeFile } from "node:fs/promises";
import { ParameterError, show } from "../base/errors.js";
import { fileError } from "../io/file-error.js";

/** Writes a file beside its place and renames it, so that it is whole or not there. @throws FileError naming the reason */
export async function writeExport(owner: string, path: string, content: Uint8Array | string): Promise<void> {
  if (typeof path !== "string" || path === "")
    throw new ParameterError(`${owner}: path must be a file's name; got ${show(path)}.`);
  try {
    await writeFile(`${path}.writing`, content, { flush: true });
    await rename(`${path}.writing`, path);
  } catch (cause) {
    throw fileError(owner, path, cause);
  }
}
