/** The VMCOREINFO text (kernel/crash_core.c, kernel/vmcore_info.c): `KEY=value` lines that the kernel left for us. */
export interface Vmcoreinfo {
  /** The value as written; undefined where there is no such line. */
  text(key: string): string | undefined;
  /** `NUMBER(name)` and the like, in the base the kernel printed it in; undefined when absent or no number. */
  number(key: string): bigint | undefined;
  /** `SYMBOL(name)`: a runtime virtual address. */
  symbol(name: string): bigint | undefined;
  /** In the order of the text. */
  readonly lines: ReadonlyMap<string, string>;
}

/** Printed with %lx and no prefix. Every other number is decimal, or says 0x. */
const HEXADECIMAL = /^(SYMBOL\(.*\)|KERNELOFFSET|KERNELOFFPHYS|IDENTITYBASE|SAMODE31|EAMODE31)$/;

export function parseVmcoreinfo(text: string): Vmcoreinfo {
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) lines.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const number = (key: string): bigint | undefined => {
    const value = lines.get(key);
    return value === undefined ? undefined : parseNumber(value, HEXADECIMAL.test(key));
  };
  return { lines, number, text: (key) => lines.get(key), symbol: (name) => number(`SYMBOL(${name})`) };
}

/** No more digits than 64 bits have: the text may be damaged. */
function parseNumber(value: string, isHexadecimal: boolean): bigint | undefined {
  if (isHexadecimal && /^[0-9a-f]{1,16}$/i.test(value)) return BigInt(`0x${value}`);
  if (/^0x[0-9a-f]{1,16}$/i.test(value)) return BigInt(value);
  if (/^-?\d{1,20}$/.test(value)) return BigInt(value);
  return undefined;
}
