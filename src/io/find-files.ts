import { readdirSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { FileError, closest, show } from "../base/errors.js";

/** A file, a folder, a glob (`*`, `**`, `?`), or a list of them. */
export type Paths = string | readonly string[];

/**
 * The files that `paths` name, absolute; those of a folder or glob sorted by path, so that partitions always come in the
 * same order. Names that begin with `.` or `_` (markers and temporary files) are left out of folders.
 *
 * @param extensions which files of a folder count: [".csv", ".csv.gz"]
 * @throws FileError for a missing file, an empty folder, a glob without matches
 */
export function findFiles(owner: string, paths: Paths, extensions: readonly string[]): string[] {
  const list = typeof paths === "string" ? [paths] : paths;
  if (!Array.isArray(list) || list.length === 0 || list.some((path) => typeof path !== "string" || path === "")) {
    throw new FileError(`${owner}: expected a path, a glob or a list of them; got ${show(paths)}.`);
  }
  return (list as readonly string[]).flatMap((path) => filesOf(owner, path, extensions));
}

function filesOf(owner: string, path: string, extensions: readonly string[]): string[] {
  const full = resolve(path);
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat?.isFile()) return [full];
  if (stat?.isDirectory()) {
    const found = walk(full, full).filter((file) =>
      extensions.some((extension) => file.toLowerCase().endsWith(extension)),
    );
    if (found.length === 0) {
      throw new FileError(
        `${owner}: the folder ${show(path)} holds no file that ends in ${extensions.join(", ")}. Name the files, or use a glob.`,
        { details: { path } },
      );
    }
    return found;
  }
  if (/[*?]/.test(path)) {
    const [root, pattern] = splitGlob(full);
    const rule = globRule(pattern);
    const found = statSync(root, { throwIfNoEntry: false })?.isDirectory()
      ? walk(root, root).filter((file) =>
          rule.test(
            file
              .slice(root.length + 1)
              .split(sep)
              .join("/"),
          ),
        )
      : [];
    if (found.length === 0)
      throw new FileError(`${owner}: no file matches ${show(path)}. Check the pattern and the folder ${show(root)}.`, {
        details: { path },
      });
    return found;
  }
  const near = neighbour(full);
  throw new FileError(
    `${owner}: there is no file or folder ${show(path)}${near === undefined ? "" : `; did you mean ${show(near)}?`}${near === undefined ? ". Check the path; it is relative to the working directory." : ""}`,
    { details: { path } },
  );
}

function neighbour(full: string): string | undefined {
  const folder = join(full, "..");
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return closest(full.slice(folder.length + 1), readdirSync(folder));
}

function walk(folder: string, root: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (/^[._]/.test(entry.name)) continue;
    const path = join(folder, entry.name);
    const stat = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (stat?.isDirectory()) found.push(...walk(path, root));
    else if (stat?.isFile()) found.push(path);
  }
  return found.sort();
}

/** The folder above the first part with a wildcard, and the rest of the pattern. */
function splitGlob(full: string): [string, string] {
  const parts = full.split(sep);
  const first = parts.findIndex((part) => /[*?]/.test(part));
  return [parts.slice(0, first).join(sep) || sep, parts.slice(first).join("/")];
}

function globRule(pattern: string): RegExp {
  const text = pattern.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (piece) => {
    if (piece === "**/") return "(?:.*/)?";
    if (piece === "**") return ".*";
    if (piece === "*") return "[^/]*";
    return piece === "?" ? "[^/]" : `\\${piece}`;
  });
  return new RegExp(`^${text}$`);
}
