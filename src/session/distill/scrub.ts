/** Removes what can be secret from a recorded dump. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Job } from "../../base/job.ts";
import type { Recording } from "../../dump/recording.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { knownCpus } from "../../kernel/cpumask.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";
import { commandLine } from "../../linux/kdump/crashkernel.ts";
import { pageFlagMask } from "../../linux/mm/pageFlags.ts";
import { pageStruct } from "../../linux/mm/pageStruct.ts";
import { compoundHead, slabOfPfn } from "../../linux/slab/slabPage.ts";
import { pfnToPage } from "../../linux/mm/memoryModel.ts";
import { taskTable } from "../../linux/sched/task.ts";
import { globalU32 } from "../../linux/vmcoreinfo.ts";
import { utsname } from "../../linux/utsname.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { type Erasable, eraseRange } from "./keep.ts";
import { eraseFileNames } from "./fileNames.ts";

export interface ScrubOptions {
  /** Whether the name of the host and the names of files are removed as well. */
  readonly names: boolean;
}

/** State of random number generators and keys of hashes; copies of the command line of the kernel. */
const SECRET_VARIABLES = ["base_crng", "input_pool", "primary_crng", "net_secret", "ts_secret", "ptr_key"].concat([
  "inet6_ehash_secret",
  "inet_ehash_secret",
  "hash_rnd",
  "boot_command_line",
  "command_line",
]);
const SECRET_PER_CPU = ["crngs", "batched_entropy_u64", "batched_entropy_u32", "batched_entropy_u16", "batched_entropy_u8"]; // prettier-ignore
const COMMAND_LINES = ["saved_command_line", "static_command_line", "extra_command_line", "initcall_command_line"];
/** Registers of user programs, which can hold keys, in `struct thread_struct` of the machines. */
const USER_REGISTERS = ["thread.fpu", "thread.uw", "thread.fstate", "thread.vstate", "thread.fp_state", "thread.vr_state", "thread.vfpstate", "thread.ufpu"]; // prettier-ignore
/** Maximum number of keys whose data is erased. */
const MAX_KEYS = 1 << 20;
/** Number of bytes that are erased besides the data of a key: more than the header of any payload. */
const HEADER_BYTES = 64;
/** Maximum number of bytes of a key's data: `datalen` has 16 bits. */
const MAX_DATA_BYTES = 1 << 16;
/** Minimum length of a word of the command line that is searched for in all pages. */
const MIN_NEEDLE = 8;
/** Minimum length of a host's name that is searched for; a shorter one occurs by chance. */
const MIN_NAME = 4;
/** Number of pages per step of the job. */
const PAUSE_EVERY = 256;

/** Removes secrets from a recording. ERASEINFO of the written file names their kinds. */
export function* scrub(kernel: Kernel, recording: Recording, options: ScrubOptions): Job<void, Piece> {
  const pfns = recording.pfns;
  for (const [index, pfn] of pfns.entries()) {
    if (index % PAUSE_EVERY === 0) yield progress("Removing user pages", index, pfns.length);
    if (recording.paused(() => isSecretPage(kernel, recording.scanned, pfn))) recording.drop(pfn);
  }
  recording.paused(() => {
    eraseSecrets(kernel, recording);
    if (options.names) attempt(() => eraseFileNames(kernel, recording));
  });
  yield* erasingTexts(
    recording,
    recording.paused(() => needles(kernel, options)),
  );
}

/** Erases variables, registers and keys that are secret, as far as they can be read. */
export function eraseSecrets(kernel: Kernel, memory: Erasable): void {
  for (const erase of [eraseVariables, eraseUserRegisters, eraseKeys]) attempt(() => erase(kernel, memory));
}

/**
 * Whether a page belongs to a user program or to the page cache, or was read by a scan, because it can contain keys or
 * network data. Reserved pages (PG_reserved: the kernel image and other memory of the boot) are not secret. A page whose
 * `struct page` cannot be read is secret; memory without a `struct page` only if a scan read it.
 * @param scanned pages that a scan read
 */
export function isSecretPage(kernel: Kernel, scanned: ReadonlySet<number>, pfn: number): boolean {
  const secret = attempt(() => {
    const address = pfnToPage(kernel, pfn);
    // Programs do not use memory without a `struct page`.
    if (address === undefined) return scanned.has(pfn);
    const { flags } = pageStruct(kernel, pfn);
    const reserved = pageFlagMask(kernel, "PG_reserved") ?? 0n;
    if ((flags & reserved) !== 0n) return false;
    if (scanned.has(pfn)) return true;
    if (slabOfPfn(kernel, pfn)) return false;
    const head = kernel.object("struct page", compoundHead(kernel, address));
    return head.at("mapping").value() !== 0n;
  });
  return secret instanceof Fault || secret;
}

/** Erases `SECRET_VARIABLES`, each CPU's copy of `SECRET_PER_CPU`, and the texts to which `COMMAND_LINES` point. */
function eraseVariables(kernel: Kernel, recording: Erasable): void {
  for (const name of SECRET_VARIABLES) {
    const symbol = kernel.symbols.find(name);
    if (symbol) eraseRange(kernel, recording, symbol.address, symbol.size);
  }
  for (const name of SECRET_PER_CPU) {
    const symbol = kernel.symbols.find(name);
    if (!symbol) continue;
    for (const cpu of knownCpus(kernel))
      attempt(() => eraseRange(kernel, recording, perCpuAddress(kernel, symbol.address, cpu), symbol.size));
  }
  for (const name of COMMAND_LINES)
    attempt(() => {
      const text = kernel.memory.word(kernel.variable(name).address);
      eraseRange(kernel, recording, text, kernel.memory.cString(text).length);
    });
}

/** Erases the registers of user programs in the `task_struct` of all tasks. */
function eraseUserRegisters(kernel: Kernel, recording: Erasable): void {
  const { tasks } = taskTable(kernel);
  const declared = tasks[0]?.size ?? 0;
  // x86 allocates less than the declared size: only as much as the registers of the CPU need.
  const size = Math.min(declared, globalU32(kernel, "arch_task_struct_size") ?? declared);
  for (const task of tasks) {
    for (const path of USER_REGISTERS) {
      if (!task.has(path)) continue;
      const registers = task.at(path);
      const left = size - Number(registers.address - task.address);
      eraseRange(kernel, recording, registers.address, Math.min(registers.size, left));
    }
  }
}

/** Erases the payloads of all keys (security/keys/key.c: `key_serial_tree`). */
function eraseKeys(kernel: Kernel, recording: Erasable): void {
  let left = MAX_KEYS;
  for (const key of rbtreeEntries(kernel, kernel.variable("key_serial_tree"), "struct key", "serial_node")) {
    if (left-- === 0) return;
    attempt(() => {
      const payload = key.at("payload");
      const size = Math.min(key.at("datalen").number(), MAX_DATA_BYTES) + HEADER_BYTES;
      for (let at = 0; at < payload.size; at += kernel.arch.wordSize) {
        const data = kernel.memory.word(payload.address + BigInt(at));
        if (kernel.memory.isKernelAddress(data)) eraseRange(kernel, recording, data, size);
      }
      eraseRange(kernel, recording, payload.address, payload.size);
    });
  }
}

/**
 * Returns the texts that are erased in all pages: the kernel's command line, its words `key=value`, and with `names` the
 * name of the host. Texts that are too short are left out.
 */
export function needles(kernel: Kernel, { names }: ScrubOptions): Buffer[] {
  const line = attempt(() => commandLine(kernel));
  const host = attempt(() => utsname(kernel).nodename);
  const words = line instanceof Fault ? [] : [line, ...line.split(/\s+/).filter((word) => word.includes("="))];
  const hosts = host instanceof Fault || !names || host.length < MIN_NAME ? [] : [host];
  return [...words.filter(({ length }) => length >= MIN_NEEDLE), ...hosts].map((text) => Buffer.from(text, "latin1"));
}

/** Erases texts in all kept pages, also where they cross from a page to the next one. */
function* erasingTexts(recording: Recording, texts: readonly Buffer[]): Job<void, Piece> {
  const { pageSize } = recording.image;
  const reach = Math.max(0, ...texts.map(({ length }) => length - 1));
  const pfns = recording.pfns;
  let before = Buffer.alloc(0);
  let last = -1;
  for (const [index, pfn] of pfns.entries()) {
    if (index % PAUSE_EVERY === 0) yield progress("Removing texts", index, pfns.length);
    const page = recording.kept(pfn);
    const kept = Buffer.from(page instanceof Fault ? new Uint8Array(pageSize) : page);
    const lead = last === pfn - 1 ? before : Buffer.alloc(0);
    const all = Buffer.concat([lead, kept]);
    for (const text of texts)
      for (let at = all.indexOf(text); at >= 0; at = all.indexOf(text, at + 1)) {
        const from = at - lead.length;
        if (from < 0) recording.erase(pfn - 1, pageSize + from, Math.min(text.length, -from));
        if (from + text.length > 0) recording.erase(pfn, Math.max(0, from), text.length + Math.min(0, from));
      }
    before = kept.subarray(Math.max(0, kept.length - reach));
    last = pfn;
  }
}
