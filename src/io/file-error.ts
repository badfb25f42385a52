import { FileError, show } from "../base/errors.js";

/** True for an error of the system, which carries a code. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Free some space, or write elsewhere.",
  EDQUOT: "the disk quota is used up. Free some space, or write elsewhere.",
  EACCES: "permission denied. Choose a folder that you may write to.",
  EPERM: "permission denied. Choose a folder that you may write to.",
  EROFS: "the file system is read-only. Choose another folder.",
  ENOTDIR: "a part of the path is a file. Choose another folder.",
  EEXIST: "a part of the path is a file. Choose another folder.",
  EISDIR: "it is a folder. Choose another name.",
};

/** What the writers throw when the system refuses: names the path, the reason and the next step. */
export function fileError(owner: string, path: string, cause: unknown): FileError {
  const code = isErrno(cause) ? (cause.code ?? "") : "";
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new FileError(`${owner}: cannot write ${show(path)}: ${reason}`, { cause, details: { path } });
}
