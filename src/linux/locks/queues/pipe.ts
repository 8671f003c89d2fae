/** Wait queues of pipes. */
import type { Obj } from "../../../model/object.ts";
import { attempt, Fault } from "../../../base/fault.ts";
import { inodeText } from "../../fs/fileText.ts";
import { openEnds } from "../../fs/openEnds.ts";
import type { Found, Holder } from "../resource.ts";
import { callers, objectPointingBack, type Sleeper } from "../sleeper.ts";
import type { QueuedEntry } from "./queueResource.ts";

const TYPE = "struct pipe_inode_info";

/**
 * Returns the pipe of a queue: `rd_wait` or `wr_wait` since v5.6 (commit 0ddad21d3e99); undefined for another queue.
 */
export function pipeWait({ sleeper, queue }: QueuedEntry): Found | undefined {
  const { kernel, task } = sleeper;
  const probe = kernel.object(TYPE, 0n);
  for (const member of ["rd_wait", "wr_wait"]) {
    if (!probe.has(member)) continue;
    const pipe = kernel.object(TYPE, queue - probe.at(member).address);
    const [readers, writers] = [pipe.at("readers").number(), pipe.at("writers").number()];
    const [size, files] = [pipe.at("ring_size").number(), pipe.at("files").number()];
    // The ring size of a pipe is a power of two, and each of its files is a reader or a writer.
    if (size < 1 || (size & (size - 1)) !== 0 || files < 1 || readers > files || writers > files) continue;
    const isOpening = callers(sleeper, 3).some((name) => /^(fifo_open|wait_for_partner)$/.test(name));
    const needs = isOpening ? "open" : member === "rd_wait" ? "data" : "room";
    const name = pipeName(sleeper, pipe.address);
    return {
      resource: { kind: "pipe", type: TYPE, address: pipe.address, detail: member, phrase: PHRASES[needs](name) },
      // wait_for_partner() waits on `rd_wait`, whichever end it opens.
      mode: isOpening ? undefined : member === "rd_wait" ? "read" : "write",
      state: {
        holders: needs === "open" ? [] : otherEnds(pipe, member === "rd_wait" ? "writes" : "reads", task.address),
        ...NOTES[needs](readers, writers),
        fields: [
          { type: TYPE, address: pipe.address, path: "readers", value: String(readers) },
          { type: TYPE, address: pipe.address, path: "writers", value: String(writers) },
        ],
      },
    };
  }
  return undefined;
}

const PHRASES = {
  data: (name: string | undefined) => `data in ${name ?? "a pipe"}`,
  room: (name: string | undefined) => `room in ${name ?? "a pipe"}`,
  open: (name: string | undefined) => `the other end of ${name ?? "a FIFO"} to be opened`,
} as const;

const NOTES = {
  data: (_readers: number, writers: number) => ({ note: `until a writer writes (writers: ${writers})` }),
  room: (readers: number) => ({ note: `until a reader reads (readers: ${readers})` }),
  open: () => ({}),
} as const;

/**
 * Returns the name of the pipe's inode: from a file that is open, or the inode that the task is about to open;
 * undefined if neither is found.
 */
function pipeName(sleeper: Sleeper, pipe: bigint): string | undefined {
  const [end] = openEnds(sleeper.kernel, pipe);
  const name = attempt(() => {
    const address = end ? end.inode.address : objectPointingBack(sleeper, "struct inode", "i_pipe", pipe);
    return address === undefined ? undefined : inodeText(sleeper.kernel.object("struct inode", address));
  });
  return name instanceof Fault ? undefined : name;
}

/** Returns the tasks that have the other end open. Each of them can end the wait. */
function otherEnds({ kernel, address }: Obj, uses: "reads" | "writes", self: bigint): Holder[] {
  const how = uses === "writes" ? "has the end open to which data is written" : "has the end open that is read";
  const tasks = openEnds(kernel, address).filter((end) => end[uses] && end.task !== self);
  return [...new Set(tasks.map(({ task }) => task))].map((task) => ({ task, certainty: "possible", how }));
}
