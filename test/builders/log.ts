import type { Arch } from "../../src/arch/arch.ts";
import { viewOf } from "../../src/base/bytes.ts";

/** A message to put in the ring buffer. */
export interface LogMessage {
  readonly text: string;
  readonly nanoseconds?: bigint;
  readonly level?: number;
  readonly facility?: number;
  readonly caller?: number;
  readonly subsystem?: string;
  readonly device?: string;
  /** enum desc_state; finalized when not given. */
  readonly state?: number;
  /** Its text lies where the dump has no page. */
  readonly missing?: boolean;
}

interface RingOptions {
  readonly countBits?: number;
  readonly sizeBits?: number;
  /** What `prb_desc_ring.count_bits` says, whatever is true. */
  readonly claimCountBits?: number;
  /** Every message names the text of the first. */
  readonly overlap?: boolean;
  /** Where the whole lies, for rings of any size that are read as a kernel image. */
  readonly base?: bigint;
}

const PLACES = { ring: 0x10_0000n, descs: 0x20_0000n, infos: 0x40_0000n, data: 0x80_0000n };
const MISSING = 0x4000n;

/** struct printk_info and its dev_printk_info. */
const INFO = { size: 88, seq: 0, time: 8, length: 16, facility: 18, bits: 19, caller: 20, subsystem: 24, device: 40 };

/** A `struct printk_ringbuffer` as printk() fills it, and the VMCOREINFO lines that describe it. */
export function ringbuffer(
  messages: readonly LogMessage[],
  { wordSize, byteOrder }: Pick<Arch, "wordSize" | "byteOrder"> = { wordSize: 8, byteOrder: "little" },
  { countBits = 6, sizeBits = 15, claimCountBits = countBits, overlap = false, base }: RingOptions = {},
): { memory: (readonly [string, bigint, bigint | Uint8Array])[]; vmcoreinfo: Record<string, string> } {
  const little = byteOrder === "little";
  const count = 2 ** countBits;
  const size = 2 ** sizeBits;
  const idMask = (1n << BigInt(wordSize * 8 - 2)) - 1n;
  const descs = new Uint8Array(count * wordSize * 3);
  const infos = new Uint8Array(count * INFO.size);
  const data = new Uint8Array(size);
  const at = base === undefined ? PLACES : placesFrom(base, descs.length, infos.length);
  const setWord = (bytes: Uint8Array, at: number, value: bigint): void => {
    if (wordSize === 8) viewOf(bytes).setBigUint64(at, value, little);
    else viewOf(bytes).setUint32(at, Number(value & 0xffff_ffffn), little);
  };

  let position = 0;
  const spans: { begin: number; end: number }[] = [];
  for (const [id, message] of messages.entries()) {
    const index = id % count;
    const text = new TextEncoder().encode(message.text);
    const length = (wordSize + text.length + wordSize - 1) & -wordSize;
    let begin = position;
    // A block that would pass the end of the ring lies at its start, and the rest of the end is lost.
    if (Math.floor(begin / size) !== Math.floor((begin + length) / size)) begin = Math.ceil(begin / size) * size;
    const start = begin % size;
    if (!message.missing) {
      setWord(data, start, BigInt(id));
      data.set(text, start + wordSize);
    }
    setWord(descs, index * wordSize * 3, (BigInt(message.state ?? 2) << BigInt(wordSize * 8 - 2)) | BigInt(id));
    setWord(
      descs,
      index * wordSize * 3 + wordSize,
      text.length === 0 ? 3n : message.missing ? MISSING : BigInt(position),
    );
    setWord(
      descs,
      index * wordSize * 3 + wordSize * 2,
      text.length === 0 ? 3n : message.missing ? MISSING + 64n : BigInt(begin + length),
    );
    writeInfo(infos.subarray(index * INFO.size, (index + 1) * INFO.size), id, text.length, message, little);
    spans[id] = { begin: position, end: begin + length };
    if (text.length > 0 && !overlap) position = begin + length;
  }
  const last = messages.length - 1;
  // What the newest text overwrote has no descriptor any more; nor have ids beyond the descriptors.
  const tail = Math.max(
    spans.findIndex(({ begin }) => begin >= position - size),
    messages.length - count,
  );

  const ring = new Uint8Array(wordSize * 12);
  const desc = [BigInt(claimCountBits), at.descs, at.infos, BigInt(last) & idMask, BigInt(Math.max(0, tail)) & idMask];
  desc.forEach((value, i) => setWord(ring, i * wordSize, value));
  viewOf(ring).setUint32(0, claimCountBits, little);
  setWord(ring, wordSize * 6, 0n);
  viewOf(ring).setUint32(wordSize * 6, sizeBits, little);
  setWord(ring, wordSize * 7, at.data);
  const kept = base === undefined ? data.subarray(0, Number(MISSING)) : data;

  return {
    memory: [
      ["unsigned long", at.ring - 0x100n, at.ring],
      [`char [${ring.length}]`, at.ring, ring],
      [`char [${descs.length}]`, at.descs, descs],
      [`char [${infos.length}]`, at.infos, infos],
      [`char [${kept.length}]`, at.data, kept],
    ],
    vmcoreinfo: notes(wordSize, at.ring),
  };
}

/** One behind the other, by pages. */
function placesFrom(base: bigint, descs: number, infos: number): typeof PLACES {
  const page = (bytes: number): bigint => BigInt((bytes + 4095) & -4096);
  const ring = base + 0x1000n;
  const first = ring + 0x1000n;
  return { ring, descs: first, infos: first + page(descs), data: first + page(descs) + page(infos) };
}

function writeInfo(info: Uint8Array, id: number, length: number, message: LogMessage, little: boolean): void {
  const { nanoseconds = 0n, level = 6, facility = 0, caller = 1, subsystem = "", device = "" } = message;
  const view = viewOf(info);
  view.setBigUint64(INFO.seq, BigInt(id), little);
  view.setBigUint64(INFO.time, nanoseconds, little);
  view.setUint16(INFO.length, length, little);
  info[INFO.facility] = facility;
  info[INFO.bits] = little ? level << 5 : level;
  view.setUint32(INFO.caller, caller, little);
  info.set(new TextEncoder().encode(subsystem), INFO.subsystem);
  info.set(new TextEncoder().encode(device), INFO.device);
}

/** As kernel/printk/printk.c: log_buf_vmcoreinfo_setup() writes them. */
const notes = (word: number, ring: bigint): Record<string, string> => ({
  "SYMBOL(prb)": (ring - 0x100n).toString(16),
  "OFFSET(printk_ringbuffer.desc_ring)": "0",
  "OFFSET(printk_ringbuffer.text_data_ring)": String(word * 6),
  "OFFSET(prb_desc_ring.count_bits)": "0",
  "OFFSET(prb_desc_ring.descs)": String(word),
  "OFFSET(prb_desc_ring.infos)": String(word * 2),
  "OFFSET(prb_desc_ring.head_id)": String(word * 3),
  "OFFSET(prb_desc_ring.tail_id)": String(word * 4),
  "SIZE(prb_desc)": String(word * 3),
  "OFFSET(prb_desc.state_var)": "0",
  "OFFSET(prb_desc.text_blk_lpos)": String(word),
  "OFFSET(prb_data_blk_lpos.begin)": "0",
  "OFFSET(prb_data_blk_lpos.next)": String(word),
  "SIZE(printk_info)": String(INFO.size),
  "OFFSET(printk_info.seq)": String(INFO.seq),
  "OFFSET(printk_info.ts_nsec)": String(INFO.time),
  "OFFSET(printk_info.text_len)": String(INFO.length),
  "OFFSET(printk_info.caller_id)": String(INFO.caller),
  "OFFSET(printk_info.dev_info)": String(INFO.subsystem),
  "OFFSET(dev_printk_info.subsystem)": "0",
  "OFFSET(dev_printk_info.device)": String(INFO.device - INFO.subsystem),
  "OFFSET(prb_data_ring.size_bits)": "0",
  "OFFSET(prb_data_ring.data)": String(word),
});
