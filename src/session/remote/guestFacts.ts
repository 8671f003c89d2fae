/** Reads the facts about a guest in the replies of QEMU's gdbstub and monitor. */

/** A range of the guest's memory; both addresses are included. */
export interface GuestRange {
  readonly first: number;
  readonly last: number;
}

/** Memory of devices and firmware, which is not the guest's RAM. */
const NOT_RAM = /vram|vga|rom|bios|flash|fw_cfg/i;
/** Matches a range of RAM, with its first and last address and its name. */
const RANGE = /^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)/;
/** Maximum number of ranges that are used. */
const MAX_RANGES = 4096;

/**
 * Returns the ranges of RAM in the output of the monitor's `info mtree -f`. The output has several views; the first one
 * with the address space "memory" is used, which is the system's.
 */
export function ramRanges(output: string): readonly GuestRange[] {
  const views = output.split(/^FlatView #\d+/m);
  const view = views.find((one) => /^\s*AS "memory"/m.test(one)) ?? "";
  return view
    .split(/\r?\n/)
    .flatMap((line): GuestRange[] => {
      const [, first, last, name = ""] = RANGE.exec(line) ?? [];
      if (first === undefined || last === undefined || NOT_RAM.test(name)) return [];
      return [{ first: Number.parseInt(first, 16), last: Number.parseInt(last, 16) }];
    })
    .filter(({ first, last }) => last > first && Number.isSafeInteger(last))
    .slice(0, MAX_RANGES);
}

/** A register of the reply to the packet "g". */
export interface RegisterPlace {
  readonly name: string;
  readonly bytes: number;
}

/** Maximum number of files that a description includes. */
const MAX_FILES = 16;
/** Maximum number of registers of a description. */
const MAX_REGISTERS = 2048;

/**
 * Returns the registers in the order of the packet "g" (gdb's documentation, "Target Descriptions").
 * @param read returns a file of the description; "target.xml" names the others
 */
export async function registerPlaces(read: (file: string) => Promise<string>): Promise<readonly RegisterPlace[]> {
  const main = await read("target.xml");
  const files = [...main.matchAll(/<xi:include href="([\w.-]{1,64})"/g)].slice(0, MAX_FILES);
  let text = main;
  for (const [, file = ""] of files) text += await read(file);
  return [...text.matchAll(/<reg\s([^<>]{1,512})>/g)].slice(0, MAX_REGISTERS).flatMap(([, attributes = ""]) => {
    const name = /\bname="([\w.-]{1,64})"/.exec(attributes)?.[1];
    const bits = Number(/\bbitsize="(\d{1,5})"/.exec(attributes)?.[1]);
    return name === undefined || !(bits > 0) ? [] : [{ name, bytes: bits / 8 }];
  });
}

/**
 * Returns the values of registers of at most 64 bits in the reply to the packet "g". The bytes are little-endian, because
 * only x86 registers are used. A register that the stub calls unavailable, with x instead of digits, has no value.
 */
export function registerValues(places: readonly RegisterPlace[], reply: string): Readonly<Record<string, string>> {
  const bytes = Buffer.from(reply.replace(/x/g, "0"), "hex");
  const values: Record<string, string> = {};
  let at = 0;
  for (const { name, bytes: size } of places) {
    if (at + size > bytes.length) break;
    if (size <= 8 && !reply.slice(2 * at, 2 * (at + size)).includes("x"))
      values[name] = `0x${Buffer.from(bytes.subarray(at, at + size))
        .reverse()
        .toString("hex")}`;
    at += size;
  }
  return values;
}
