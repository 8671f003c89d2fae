/** Buffers of printk_safe. */
import type { Kernel } from "../../model/kernel.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/**
 * The buffer of one CPU for messages that it printed while printk() could not take its lock, and that were not yet moved
 * to the log; often empty.
 */
export interface SafeBuffer {
  /** "nmi_print_seq" or "safe_print_seq". */
  readonly name: string;
  readonly cpu: number;
  readonly address: bigint;
  /** Number of bytes in the buffer according to its member `len`. */
  readonly length: number;
  /** Number of messages that did not fit. */
  readonly lost: number;
  readonly lines: readonly string[];
}

/** Maximum size of the text of a buffer, in bytes; larger than any SAFE_LOG_BUF_LEN. */
const MAX_BYTES = 1 << 16;

/** Yields the `struct printk_safe_seq_buf` of every CPU (kernel/printk/printk_safe.c, v4.11 to v5.14). @throws Fault */
export function* safeBuffers(kernel: Kernel): Generator<SafeBuffer> {
  for (const name of ["nmi_print_seq", "safe_print_seq"]) {
    const base = globalAddress(kernel, name);
    if (base === undefined) continue;
    for (const cpu of possibleCpus(kernel)) {
      const buffer = kernel.object("struct printk_safe_seq_buf", perCpuAddress(kernel, base, cpu));
      const length = buffer.at("len.counter").number();
      const bytes = kernel.memory.read(buffer.at("buffer").address, Math.min(Math.max(0, length), MAX_BYTES));
      const text = new TextDecoder().decode(bytes).replace(/\0/g, "");
      const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
      yield { name, cpu, address: buffer.address, length, lost: buffer.at("message_lost.counter").number(), lines };
    }
  }
}
