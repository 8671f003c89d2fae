import { elfCore } from "./elfCore.ts";
import { ringbuffer } from "./log.ts";

/** Where the image lies, in memory and in its address space (__START_KERNEL_map of x86_64 is below). */
const PHYSICAL = 0x100_0000n;
const IMAGE = 0xffffffff81000000n;
const START_KERNEL_MAP = 0xffffffff80000000n;

/** A dump of nothing but a kernel log of so many records: every hundredth a warning, the last ones an oops. */
export function floodedLog(count: number): Uint8Array {
  const countBits = Math.ceil(Math.log2(count)) + 1;
  const messages = Array.from({ length: count }, (_, i) => ({
    text: i < count - OOPS.length ? ordinary(i) : (OOPS[i - count + OOPS.length] ?? ""),
    nanoseconds: BigInt(i) * 50_000n,
    level: i % 100 === 0 ? 4 : 6,
    caller: 1 + (i % 200),
  }));
  const { memory, vmcoreinfo } = ringbuffer(messages, undefined, { countBits, sizeBits: countBits + 7, base: IMAGE });
  const end = memory.reduce((most, [, address, value]) => {
    const last = address + BigInt(value instanceof Uint8Array ? value.length : 8);
    return last > most ? last : most;
  }, IMAGE);
  const bytes = new Uint8Array(Number(end - IMAGE + 4095n) & -4096);
  for (const [, address, value] of memory) {
    const at = Number(address - IMAGE);
    if (value instanceof Uint8Array) bytes.set(value, at);
    else new DataView(bytes.buffer).setBigUint64(at, value, true);
  }
  const lines = {
    OSRELEASE: "6.1.0-flood",
    PAGESIZE: "4096",
    "SYMBOL(_stext)": IMAGE.toString(16),
    "NUMBER(phys_base)": String(PHYSICAL - (IMAGE - START_KERNEL_MAP)),
    KERNELOFFSET: "0",
    ...vmcoreinfo,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  return elfCore({
    notes: [{ name: "VMCOREINFO", type: 0, desc: text.join("") }],
    segments: [{ physical: PHYSICAL, virtual: IMAGE, bytes }],
  });
}

const ordinary = (i: number): string =>
  `usb ${1 + (i % 9)}-${i % 17}: new high-speed USB device number ${i} using xhci_hcd`;

const OOPS = [
  "BUG: kernel NULL pointer dereference, address: 0000000000000000",
  "RIP: 0010:flood+0x2f/0x43 [flood]",
  "Kernel panic - not syncing: Fatal exception",
  "---[ end Kernel panic - not syncing: Fatal exception ]---",
];
