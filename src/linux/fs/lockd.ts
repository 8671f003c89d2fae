/** Files that the NFS lock server holds open. */
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalAddress } from "../vmcoreinfo.ts";
import { hlistEntries, listEntries } from "../../kernel/list.ts";

/** A file that the NFS lock server keeps open for clients. */
export interface LockedFile {
  /** `struct file`. */
  readonly file: Obj<"struct file">;
  /** Names of the clients that have a lock on the file. */
  readonly clients: readonly string[];
}

/** FILE_NRHASH (include/linux/lockd/lockd.h) */
const FILE_NRHASH = 128;

/** Yields the files that lockd has open (fs/lockd/svcsubs.c: nlm_files); none if it is not loaded. @throws Fault */
export function* lockedFiles(kernel: Kernel): Generator<LockedFile> {
  const table = globalAddress(kernel, "nlm_files");
  if (table === undefined || !kernel.types.find("struct", "nlm_file")) return;
  for (let i = 0; i < FILE_NRHASH; i++) {
    const head = kernel.object("struct hlist_head", table + BigInt(i * kernel.arch.wordSize));
    for (const nlmFile of hlistEntries(kernel, head, "struct nlm_file", "f_list")) {
      for (const file of openedAs(nlmFile)) yield { file, clients: [...new Set(clients(file))] };
    }
  }
}

/**
 * Yields the open files of an nlm_file: one for reading and one for writing since Linux kernel commit 7f024fcd5c97
 * ("Keep read and write fds with each nlm_file") (in v5.15); before, one.
 */
function* openedAs(nlmFile: Obj<"struct nlm_file">): Generator<Obj<"struct file">, void, void> {
  const files = nlmFile.at("f_file");
  const slots = bare(files.type).kind === "array" ? files.elements() : [files];
  for (const slot of slots) if (slot.value() !== 0n) yield slot.deref();
}

/** Yields the hosts of the POSIX locks on a file that belong to lockd. */
function* clients(file: Obj<"struct file">): Generator<string, void, void> {
  const { kernel } = file;
  const operations = globalAddress(kernel, "nlmsvc_lock_operations");
  const context = file.at("f_inode.i_flctx");
  if (context.value() === 0n) return;
  // Changed by Linux kernel commit a69ce85ec9af ("filelock: split common fields into struct file_lock_core") (in v6.9).
  const shape = kernel.object("struct file_lock", 0n);
  const [list, owner] = shape.has("c") ? (["c.flc_list", "c.flc_owner"] as const) : (["fl_list", "fl_owner"] as const);
  for (const lock of listEntries(kernel, context.at("flc_posix"), "struct file_lock", list)) {
    if (lock.at("fl_lmops").value() !== operations) continue;
    yield kernel.object("struct nlm_lockowner", lock.at(owner).value()).at("host.h_name").text();
  }
}
