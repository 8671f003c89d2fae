/** Wait queues of FUSE requests, and the daemons that answer them. */
import { attempt, Fault } from "../../../base/fault.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { openEnds, openObjects } from "../../fs/openEnds.ts";
import type { Found, Holder } from "../resource.ts";
import type { QueuedEntry } from "./queueResource.ts";

/**
 * Returns the request whose answer a task waits for (fs/fuse/dev.c: request_wait_answer()), for kernels in which
 * `fuse_req` has a pointer to its mount (`fm`, since 2020); undefined for another queue. @throws Fault
 */
export function fuseRequestWait({ sleeper: { kernel }, queue }: QueuedEntry): Found | undefined {
  const type = "struct fuse_req";
  const probe = kernel.object(type, 0n);
  const request = kernel.object(type, queue - probe.at("waitq").address);
  const connection = request.at("fm.fc").value();
  // The super block of the mount points back to the mount, or the queue is not that of a request.
  if (request.at("fm.sb.s_fs_info").value() !== request.at("fm").value()) return undefined;
  const opcode = request.at("in.h.opcode").number();
  const known = kernel.types.enumerator("FUSE_LOOKUP");
  const name = known?.type.values.find(({ value }) => Number(value) === opcode)?.name ?? `FUSE opcode ${opcode}`;
  const id = attempt(() => request.at("fm.sb.s_id").text());
  const where = id instanceof Fault ? "" : ` of file system ${id}`;
  return {
    resource: { kind: "fuse request", type, address: request.address, phrase: `the answer to ${name}${where}` },
    state: {
      holders: fuseDaemons(kernel, connection),
      fields: [{ type, address: request.address, path: "in.h.opcode", value: String(opcode) }],
    },
  };
}

/**
 * Returns the tasks that have a connection's /dev/fuse open, and so can answer its requests. @param connection address
 * of a `struct fuse_conn`
 */
export function fuseDaemons(kernel: Kernel, connection: bigint): Holder[] {
  const found: Holder[] = [];
  const offset = attempt(() => kernel.object("struct fuse_dev", 0n).at("fc").address);
  if (offset instanceof Fault) return found;
  for (const address of openObjects(kernel)) {
    if (attempt(() => kernel.memory.word(address + offset)) !== connection) continue;
    const how = "has the connection of the file system open, on which requests are answered";
    for (const { task } of openEnds(kernel, address)) found.push({ task, certainty: "likely", how });
  }
  return found;
}

/** Returns the daemons of the FUSE file system of an inode; none for another file system. @throws Fault */
export function fuseDaemonsOf(inode: Obj<"struct inode">): Holder[] {
  const { kernel } = inode;
  if (!/^fuse/.test(inode.at("i_sb.s_type.name").text())) return [];
  const mount = kernel.object("struct fuse_mount", inode.at("i_sb.s_fs_info").value());
  return fuseDaemons(kernel, mount.at("fc").value());
}
