/** Decodes what each machine's fault code says about the access: an error code, a syndrome, a cause. */

/** Part of an access to memory, decoded from a fault code. */
export interface CodedAccess {
  readonly verb?: "read" | "write" | "execute" | undefined;
  readonly address?: bigint;
  /**
   * True: the page is present but does not allow the access; false: no page is present; undefined: the code does not
   * say.
   */
  readonly isForbidden?: boolean | undefined;
  readonly code?: bigint;
  /** The code's name, where the kernel prints only its number. */
  readonly name?: string | undefined;
}

/** Decodes the error code of x86 (arch/x86/include/asm/trap_pf.h). */
export const fromErrorCode = (code: number): CodedAccess => ({
  code: BigInt(code),
  verb: (code & 0x10) !== 0 ? "execute" : (code & 2) !== 0 ? "write" : "read",
  isForbidden: (code & 1) !== 0,
});

/**
 * Exceptions of RISC-V by cause (privileged specification, table of mcause). Access faults, 1, 5 and 7, are of the
 * physical address, not of the page.
 */
export const RISCV_CAUSES: Readonly<Record<number, CodedAccess>> = {
  1: { verb: "execute" },
  5: { verb: "read" },
  7: { verb: "write" },
  12: { verb: "execute" },
  13: { verb: "read" },
  15: { verb: "write" },
};
/** MIPS: Cause.ExcCode. */
export const MIPS_CAUSES: Readonly<Record<number, CodedAccess>> = {
  1: { verb: "write", isForbidden: true },
  2: { verb: "read" },
  3: { verb: "write" },
  4: { verb: "read" },
  5: { verb: "write" },
};
/** LoongArch: ESTAT.Ecode. */
export const LOONGARCH_CODES: Readonly<Record<number, CodedAccess>> = {
  1: { verb: "read", isForbidden: false },
  2: { verb: "write", isForbidden: false },
  3: { verb: "execute", isForbidden: false },
  4: { verb: "write", isForbidden: true },
  5: { verb: "read", isForbidden: true },
  6: { verb: "execute", isForbidden: true },
};

/**
 * Decodes the translation-exception identification of s390; bits 52 and 53 distinguish fetch and store (Principles of
 * Operation).
 */
export const fromTeid = (address: bigint, teid: bigint): CodedAccess => ({
  address,
  code: teid,
  verb: (teid & 0xc00n) === 0x400n ? "write" : (teid & 0xc00n) === 0x800n ? "read" : undefined,
});

/**
 * Decodes ESR of arm64: EC 0x20, 0x21 instruction aborts, 0x24, 0x25 data aborts; WnR is bit 6; FSC 0b0011xx is
 * permission, 0b0001xx translation.
 */
export function fromEsr(esr: bigint): CodedAccess {
  const ec = Number((esr >> 26n) & 0x3fn);
  const verb =
    ec === 0x20 || ec === 0x21
      ? "execute"
      : ec !== 0x24 && ec !== 0x25
        ? undefined
        : (esr & 0x40n) !== 0n
          ? "write"
          : "read";
  const fsc = Number(esr & 0x3cn);
  return {
    code: esr,
    verb,
    isForbidden: verb === undefined ? undefined : fsc === 0x0c ? true : fsc === 0x04 ? false : undefined,
  };
}

/**
 * Decodes DSISR of powerpc: bit 6 (from the left, of 32) is a store, bit 4 a protection fault, bit 1 no translation.
 */
export const fromDsisr = (address: bigint, dsisr: bigint): CodedAccess => ({
  address,
  code: dsisr,
  verb: (dsisr & 0x0200_0000n) !== 0n ? "write" : (dsisr & 0x4800_0000n) !== 0n ? "read" : undefined,
  isForbidden: (dsisr & 0x0800_0000n) !== 0n ? true : (dsisr & 0x4000_0000n) !== 0n ? false : undefined,
});

/** Decodes ESR of powerpc 40x and Book E: bit 8 (from the left) is a store. */
export const fromBookeEsr = (address: bigint, esr: bigint): CodedAccess => ({
  address,
  code: esr,
  verb: (esr & 0x0080_0000n) !== 0n ? "write" : "read",
});

/** Fault statuses of arch/arm/mm/fsr-2level.c. */
const FSR_NAMES: Readonly<Record<number, string>> = {
  1: "alignment exception",
  8: "external abort on non-linefetch",
  10: "external abort on non-linefetch",
  0x406: "imprecise external abort",
};
/** Fault statuses of page tables with three levels (LPAE): arch/arm/mm/fsr-3level.c, and alignment.c for the alignment. */
const LPAE_NAMES: Readonly<Record<number, string>> = {
  16: "synchronous external abort",
  17: "asynchronous external abort",
  33: "alignment exception",
};
/** The bit of a fault status that says that its other bits have the form of LPAE (Armv7-A, DFSR.LPAE). */
const LPAE = 0x200;

/** The line of arm's die() with the fault status: `Internal error: Oops: 805 [#1]`; bit 11 is set for a write. */
const FSR = /^Internal error: (?:Oops|): ([0-9a-f]{1,4}) \[#\d+\]/;

export function fromFsr(text: string): CodedAccess | undefined {
  const digits = FSR.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const status = Number.parseInt(digits, 16);
  const name = (status & LPAE) !== 0 ? LPAE_NAMES[status & 0x3f] : FSR_NAMES[status & 0x40f];
  return { code: BigInt(status), verb: (status & 0x800) !== 0 ? "write" : "read", name };
}
