/** The VMCOREINFO text: `KEY=value` lines with facts about the kernel (kernel/crash_core.c, kernel/vmcore_info.c). */
export interface Vmcoreinfo {
  /** Returns the value as written; undefined if there is no such line. */
  text(key: string): string | undefined;
  /**
   * Returns the value of a key such as `NUMBER(name)`, read in the base in which the kernel prints it; undefined if
   * absent or not a number.
   */
  number(key: string): bigint | undefined;
  /** Returns `SYMBOL(name)`, a runtime virtual address; undefined if it is absent or damaged. */
  symbol(name: string): bigint | undefined;
  /** All lines, in order. */
  readonly lines: ReadonlyMap<string, string>;
}

/** Keys printed with %lx and no prefix. All other numbers are decimal or begin with 0x. */
const HEXADECIMAL = /^(SYMBOL\(.*\)|KERNELOFFSET|KERNELOFFPHYS|IDENTITYBASE|SAMODE31|EAMODE31)$/;

/** Parses the text. Of lines with the same key the last one is used. */
export function parseVmcoreinfo(text: string): Vmcoreinfo {
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) lines.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const number = (key: string): bigint | undefined => {
    const value = lines.get(key);
    return value === undefined ? undefined : vmcoreinfoNumber(value, HEXADECIMAL.test(key));
  };
  return { lines, number, text: (key) => lines.get(key), symbol: (name) => number(`SYMBOL(${name})`) };
}

/**
 * Parses the number in a line of VMCOREINFO; undefined for other text. At most the digits of 64 bits are accepted,
 * because the text can be damaged. @param isHexadecimal whether the kernel prints it in hexadecimal without 0x
 */
export function vmcoreinfoNumber(value: string, isHexadecimal = false): bigint | undefined {
  if (isHexadecimal && /^[0-9a-f]{1,16}$/i.test(value)) return BigInt(`0x${value}`);
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return BigInt(value);
  if (/^-?\d{1,20}$/.test(value)) return BigInt(value);
  return undefined;
}
