/** Audit records that are still queued in the kernel. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { listNodes } from "../../kernel/list.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** A message that the audit daemon has not fetched. */
export interface AuditRecord {
  /** Number in include/uapi/linux/audit.h, such as 1300 for a system call. */
  readonly type: number;
  readonly text: string;
}

/** Since Linux kernel commit af8b824f283d (in v4.10) audit has three queues; before, one. */
const QUEUES = ["audit_queue", "audit_retry_queue", "audit_hold_queue", "audit_skb_queue"];

/** struct nlmsghdr (include/uapi/linux/netlink.h): u32 length, u16 type, 16 bytes in all. */
const NLMSG_HDRLEN = 16;
/** Maximum size of a message in bytes. */
const MAX_MESSAGE = 1 << 16;

/** Yields the audit records still queued in the kernel, oldest first in each queue. @throws Fault */
export function* auditRecords(kernel: Kernel): Generator<AuditRecord> {
  for (const name of QUEUES) {
    const queue = globalAddress(kernel, name);
    if (queue === undefined) continue;
    // struct sk_buff_head and struct sk_buff both start with `next` and `prev`.
    for (const node of listNodes(kernel, queue)) {
      const buffer = kernel.object("struct sk_buff", node);
      const length = buffer.at("len").number();
      if (length < NLMSG_HDRLEN || length > MAX_MESSAGE)
        throw Fault.at(
          "corrupt",
          buffer.address,
          `audit message length of ${length} bytes is not between ${NLMSG_HDRLEN} and ${MAX_MESSAGE}`,
        );
      const data = buffer.at("data").value();
      const text = new TextDecoder().decode(kernel.memory.read(data + BigInt(NLMSG_HDRLEN), length - NLMSG_HDRLEN));
      yield { type: kernel.memory.u16(data + 4n), text: text.replace(/\0[^]*$/, "") };
    }
  }
}
