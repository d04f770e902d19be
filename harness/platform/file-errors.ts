import { HarnessError } from "../domain/errors.ts";

const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOSPC: [
    "the disk is full",
    "Free some space or choose another folder with --out-dir; a run can go on with --resume.",
  ],
  EDQUOT: ["the disk quota is used up", "Free some space or choose another folder with --out-dir."],
  EFBIG: ["the file would grow past the size limit", "Raise the file size limit (ulimit -f) or choose another folder."],
  EROFS: ["the file system is read-only", "Choose a writable folder with --out-dir."],
  EACCES: ["permission was denied", "Give this user write access, or choose another folder with --out-dir."],
  EPERM: ["the operation is not permitted", "Give this user write access, or choose another folder with --out-dir."],
  ENOENT: ["its folder does not exist", "Create the folder first."],
  ENOTDIR: ["part of the path is a file, not a folder", "Choose another path, or move that file away."],
  EISDIR: ["a folder of that name is in the way", "Choose another path, or move that folder away."],
  EEXIST: ["something of that name is in the way", "Choose another path, or move it away."],
  EMFILE: ["too many files are open", "Raise the limit of open files (ulimit -n)."],
  EIO: ["the disk reported an input/output error", "Check the disk, then run again."],
};

/** The system's errno name of an error, e.g. "ENOSPC". */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** STORE_WRITE for whatever went wrong while writing `path`, in words; a HarnessError passes through. */
export function writeError(path: string, error: unknown): HarnessError {
  if (error instanceof HarnessError) return error;
  const code = errnoOf(error);
  const [reason, hint] = (code === undefined ? undefined : REASONS[code]) ?? [
    error instanceof Error ? error.message : String(error),
    "Check the path and the disk, then run again.",
  ];
  return new HarnessError("STORE_WRITE", `Cannot write ${path}: ${reason}.`, { hint, cause: error });
}
