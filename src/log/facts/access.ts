/** The memory access that a report describes. */
import type { ReportKind } from "../kinds.ts";
import { type MachineName, machineOf } from "../machines.ts";
import {
  fromBookeEsr,
  fromDsisr,
  fromErrorCode,
  fromEsr,
  fromTeid,
  LOONGARCH_CODES,
  MIPS_CAUSES,
  RISCV_CAUSES,
} from "../machines/faultCodes.ts";

/** The kind of access to memory, and its address. */
export interface Access {
  readonly verb: "read" | "write" | "execute" | "access" | undefined;
  /** Size in bytes. */
  readonly size: number | undefined;
  readonly address: bigint | undefined;
  /** Whether `address` is that of the page: the report does not show where in it the access was (s390). */
  readonly isPage: boolean;
  /**
   * True: the page is present but does not allow the access; false: no page is present; undefined: the report does not
   * say.
   */
  readonly isForbidden: boolean | undefined;
  /** The error code of the machine: x86's error code, ESR, FSR, DSISR, or the cause. */
  readonly code: bigint | undefined;
  /** The kernel's words for the fault. */
  readonly words: readonly string[];
}

type PartialAccess = Partial<Access>;
type Reader = (match: RegExpExecArray) => PartialAccess;

const hex = (digits: string | undefined): bigint | undefined =>
  digits === undefined ? undefined : BigInt(`0x${digits}`);

/** Forms of the lines that describe an access, and the facts that each contains. */
const FORMS: readonly (readonly [RegExp, Reader])[] = [
  // arm64: die_kernel_fault(); powerpc: bad_kernel_fault().
  [/^kernel tried to execute (?:exec-protected|user) page/, () => ({ verb: "execute", isForbidden: true })],
  [/^Unable to handle kernel execut/, () => ({ verb: "execute", isForbidden: true })],
  [/^Unable to handle kernel write to read-only/, () => ({ verb: "write", isForbidden: true })],
  [/^Unable to handle kernel read from unreadable/, () => ({ verb: "read", isForbidden: true })],
  [
    /^Kernel attempted to (read|write|access|execute) user page \(([0-9a-f]{1,16})\)/,
    ([, verb, a]) => ({ verb: verb as "read", address: hex(a) }),
  ],
  [/\bpage fault for address: (?:0x)?([0-9a-f]{1,16})/, ([, a]) => ({ address: hex(a) })],
  [
    /(?:paging request|NULL pointer dereference|data access|instruction fetch|user memory|execute from non-executable memory)[^:]{0,40}?(?: on (read|write))?(?: for \w+)? (?:at|at virtual address|at address|address:|,) ?(?:virtual address )?(?:address: )?(?:0x)?([0-9a-f]{8,16})\b/,
    ([, verb, a]) => ({ address: hex(a), verb: verb as "read" | "write" | undefined }),
  ],
  [/\baddress: (?:0x)?([0-9a-f]{8,16})\b/, ([, a]) => ({ address: hex(a) })],
  [/\bnon-canonical address 0x([0-9a-f]{1,16})/, ([, a]) => ({ address: hex(a) })],
  [/\bat virtual address ([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
  [/^Unhandled (?:prefetch )?fault: .{1,80}\) at (?:0x)?([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
  [/stack guard page was hit at (?:0x)?([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
  [
    /^(?:BUG: KASAN: )?.{0,80}?(Read|Write) of size (\d{1,12}) at addr ([0-9a-f]{1,16})/,
    ([, verb, size, a]) => ({ verb: verb === "Read" ? "read" : "write", size: Number(size), address: hex(a) }),
  ],
  // Up to 4.9 the headline contains the address.
  [/^BUG: KASAN: [a-z-]{3,40} on address ([0-9a-f]{1,16})/, ([, a]) => ({ address: hex(a) })],
  [/^BUG: KASAN: .{1,200} at addr ([0-9a-f]{1,16})/, ([, a]) => ({ address: hex(a) })],
  [
    /^(Read|Write) of size (\d{1,12}) by task/,
    ([, verb, size]) => ({ verb: verb === "Read" ? "read" : "write", size: Number(size) }),
  ],
  [
    /^(Read|Write) at addr ([0-9a-f]{1,16})/,
    ([, verb, a]) => ({ verb: verb === "Read" ? "read" : "write", address: hex(a) }),
  ],
  [
    /^(?:Use-after-free|Out-of-bounds|Invalid) (read|write) at 0x([0-9a-f]{1,16})/,
    ([, verb, a]) => ({ verb: verb as "read" | "write", address: hex(a) }),
  ],
  [/^#PF: (?:supervisor|user) (read|write) access/, ([, verb]) => ({ verb: verb as "read" | "write" })],
  [/^#PF: (?:supervisor|user) instruction fetch/, () => ({ verb: "execute" })],
  [/^#PF: error_code\(0x([0-9a-f]{1,8})\)/, ([, code]) => fromErrorCode(Number.parseInt(code ?? "0", 16))],
  [/^(?:Oops: )?general protection fault[^:]{0,120}: ([0-9a-f]{4}) \[#/, ([, code]) => ({ code: hex(code) })],
  [/^FAR: 0x([0-9a-f]{1,16})/, ([, a]) => ({ address: hex(a) })],
  [/^(?:BUG: .{0,100})?Oops: ([0-9a-f]{4}) \[#\d+\]/, ([, code]) => fromErrorCode(Number.parseInt(code ?? "0", 16))],
  // s390, program interruption 4: protection; 0x10, 0x11, 0x38 to 0x3b: no translation.
  [/^Oops: 0004 ilc/, () => ({ isForbidden: true })],
  [/^Oops: 00(?:1[01]|3[89ab]) ilc/, () => ({ isForbidden: false })],
  [/^Failing address: ([0-9a-f]{16}) TEID: ([0-9a-f]{16})/, ([, a, teid]) => fromTeid(hex(a) ?? 0n, hex(teid) ?? 0n)],
  [/^\s{0,32}ESR = 0x([0-9a-f]{1,16})/, ([, esr]) => fromEsr(hex(esr) ?? 0n)],
  [/^Internal error: Oops: ([0-9a-f]{8,16}) /, ([, esr]) => fromEsr(hex(esr) ?? 0n)],
  [
    /^(?:s?status): [0-9a-f]+ s?badaddr: ([0-9a-f]{8,16}) s?cause: ([0-9a-f]{8,16})/,
    ([, a, cause]) => ({ address: hex(a), code: hex(cause), ...RISCV_CAUSES[Number(hex(cause) ?? 0n)] }),
  ],
  [
    /^Cause : ([0-9a-f]{8}) \(ExcCode ([0-9a-f]{2})\)/,
    ([, cause, code]) => ({ code: hex(cause), ...MIPS_CAUSES[Number.parseInt(code ?? "0", 16)] }),
  ],
  // Without the number of the exception: bits 2 to 6 (MIPS32 privileged architecture, Cause register).
  [
    /^Cause : ([0-9a-f]{8})\s*$/,
    ([, cause]) => ({ code: hex(cause), ...MIPS_CAUSES[Number(((hex(cause) ?? 0n) >> 2n) & 0x1fn)] }),
  ],
  // A headline that a mail or a terminal broke.
  [/^(?:address )?([0-9a-f]{8,16}), epc == [0-9a-f]{8,16}/, ([, a]) => ({ address: hex(a) })],
  [/\bDEAR: ([0-9a-f]{8,16}),? ESR: ([0-9a-f]{8})/, ([, a, esr]) => fromBookeEsr(hex(a) ?? 0n, hex(esr) ?? 0n)],
  [/^BadVA : ([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
  [/^\s{0,32}BADV: ([0-9a-f]{16})/, ([, a]) => ({ address: hex(a) })],
  [
    /^\s{0,32}ESTAT: ([0-9a-f]{8,16}) .*\bECode=(\d{1,2})/,
    ([, estat, code]) => ({ code: hex(estat), ...LOONGARCH_CODES[Number(code)] }),
  ],
  [/\bDAR: ([0-9a-f]{8,16}) DSISR: ([0-9a-f]{8})/, ([, a, dsisr]) => fromDsisr(hex(a) ?? 0n, hex(dsisr) ?? 0n)],
  [/\bDAR: ([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
  [/^(?:RIP: .* )?CR2: ([0-9a-f]{8,16})/, ([, a]) => ({ address: hex(a) })],
];

const WORDS =
  /^\s{0,32}(?:#PF: (.{1,120})|((?:ESR|EC|FSC)\b.{1,120}|Data abort info:\s{0,8}\S.{0,80}|Fault in .{1,80}))/;

/**
 * Kinds of reports that are about an address. Every report of x86 prints CR2, but only a page fault writes it: in a
 * report of another kind CR2 has the address of an earlier page fault.
 */
const ABOUT_ADDRESS: ReadonlySet<ReportKind> = new Set([
  "null-pointer",
  "page-fault",
  "user-access",
  "unhandled-fault",
  "alignment",
  "kasan",
  "kfence",
  "kmsan",
]);

/** Headlines of MIPS and LoongArch for an access that is not aligned: the processor sets BadVAddr, BADV to its address. */
const UNALIGNED = /^(?:Unhandled kernel unaligned access|Kernel ale access)\[#/;

const NO_ACCESS: Access = {
  verb: undefined,
  size: undefined,
  address: undefined,
  isPage: false,
  isForbidden: undefined,
  code: undefined,
  words: [],
};

/** Lines that contain an address themselves, not a register with a possibly old value. */
const TELLS =
  /^(?:Unable to handle|BUG: |Unhandled |Failing address|general protection|Oops: general|(?:CPU \d+ )?Unable)/;

/** Returns the memory access that the lines of a report describe. */
export function accessOf(texts: readonly string[], machine: MachineName | undefined, kind: ReportKind): Access {
  // Lines after a panic can be about a fault of another processor, or about the panic itself.
  if (kind === "panic") return NO_ACCESS;
  const found: { -readonly [K in keyof Access]?: Access[K] } = {};
  const words: string[] = [];
  const isUnaligned = texts.some((text) => UNALIGNED.test(text));
  for (const [i, line] of texts.entries()) {
    // A mail wraps the headline before the address.
    const before = texts[i - 1] ?? "";
    const text = /\b(?:address|virtual \\)$/.test(before.trimEnd()) ? `${before.trimEnd()} ${line}` : line;
    const worded = WORDS.exec(text);
    if (worded) words.push((worded[1] ?? worded[2] ?? "").trim());
    for (const [form, read] of FORMS) {
      const match = form.exec(text);
      if (!match) continue;
      const { address, ...rest } = read(match);
      const isAbout = ABOUT_ADDRESS.has(kind) || isUnaligned;
      const hasAddress = address !== undefined && (isAbout || tellsAddress(kind, text));
      Object.assign(found, { ...rest, ...(hasAddress && { address }), ...definedOf(found) });
    }
    const status = machineOf(machine)?.faultStatus?.(text);
    if (!status) continue;
    const { name, ...rest } = status;
    if (name !== undefined) words.push(name);
    Object.assign(found, { ...rest, ...definedOf(found) });
  }
  const { verb, size, address, isForbidden, code } = found;
  const isPage = address !== undefined && machineOf(machine)?.failsByPage === true;
  return { verb, size, address, isPage, isForbidden, code, words };
}

/**
 * Whether a line contains the address of the access. For a guard page, CR2 does, because the access is first a page
 * fault (handle_stack_overflow()).
 */
const tellsAddress = (kind: ReportKind, text: string): boolean =>
  kind === "stack-guard" || kind === "stack-overflow"
    ? /^CR2: |^(?:RIP: .* )?CR2|^FAR: |^s?status: |guard page was hit at (?:0x)?(?!0{8})[0-9a-f]{16}/.test(text)
    : TELLS.test(text);

const definedOf = (partial: PartialAccess): PartialAccess =>
  Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
