/** Opens stand-alone dumps of s390. */
import { viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { joinedFile } from "../joinedFile.ts";
import type { DumpFormat, DumpImage, Note, OpenOptions } from "../format.ts";
import { cutFact, memoryImage } from "../memoryImage.ts";
import { Ranges, type PhysicalPages } from "../ranges.ts";

/** DF_S390_MAGIC and DF_S390_MAGIC_EXT of s390-tools' s390_dump.h, big-endian. */
const MAGIC = "a8190173618f23fd";
const EXTENDED_MAGIC = "a8190173618f23fe";
const HEADER_BYTES = 4096;
/** struct df_s390_hdr. */
const AT = {
  pageSize: 0x14,
  memorySize: 0x18,
  arch: 0x48,
  volume: 0x4c,
  isSet: 0x5c,
  cpus: 0x5d,
  zlib: 0x61,
  set: 0x200,
  lowcores: 0x800,
};
const ARCH_64 = 2;
/** Maximum number of CPUs whose state is read. */
const MAX_CPUS = 512;
const PAGE_BYTES = 4096;
/** Maximum number of segments; more mean damage. */
const MAX_SEGMENTS = 1 << 20;
/** Positions in struct lowcore (arch/s390/include/asm/lowcore.h) of what "store status" saves. */
const GENERAL_AT = 0x1280;
const PSW_AT = 0x1300;
const ACCESS_AT = 0x1340;
const CONTROL_AT = 0x1380;
const NT_PRSTATUS = 1;
const NT_S390_CTRS = 0x304;
/** sizeof(struct elf_prstatus), and pr_reg in it: PSW, 16 general registers, 16 access registers. */
const PRSTATUS_BYTES = 336;
const PR_REG = 112;

/** Dumps of zipl's stand-alone dump tools: DASD, tape, extended (with segments), several volumes. */
export const s390: DumpFormat = {
  name: "s390 stand-alone dump",
  row: {
    writers: "the stand-alone dump tools that `zipl -d` and `zipl -M` install; copied from the disk with `zgetdump`",
    reads:
      "64-bit dumps: whole, extended with segments, sets of several volumes; registers from the CPUs' lowcores. Recognized, but not read: 31-bit and zlib-compressed dumps",
    source: "s390-tools (MIT), include/dump/s390_dump.h and zdump/dfi_s390.c",
    tested: "built files only",
  },
  probe: (head) => [MAGIC, EXTENDED_MAGIC].includes(Buffer.from(head.subarray(0, 8)).toString("hex")),
  open: (files, options) => openS390(files, options),
};

/** One volume of a dump. */
interface Volume {
  readonly file: RandomFile;
  readonly head: Uint8Array;
  /** Position in the set, from 1; 0 if the dump is not a set. */
  readonly number: number;
  readonly isExtended: boolean;
  /** Identifier of the set, in hexadecimal. */
  readonly identity: string;
}

function volumeOf(file: RandomFile): Volume {
  const head = orThrow(readBytes(file, 0, HEADER_BYTES));
  if (head.length < HEADER_BYTES) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const view = viewOf(head);
  const arch = view.getUint32(AT.arch);
  if (arch !== ARCH_64)
    throw Fault.of(
      "corrupt",
      `${file.name}: a stand-alone dump of ${arch === 1 ? "a 31-bit system" : `architecture ${arch}`} is not read: use crash`,
    );
  if (head[AT.zlib] !== 0)
    throw Fault.of(
      "corrupt",
      `${file.name}: a compressed stand-alone dump is not read: convert it with \`zgetdump -f elf\``,
    );
  return {
    file,
    head,
    number: head[AT.isSet] === 0 ? 0 : view.getUint32(AT.volume) + 1,
    isExtended: Buffer.from(head.subarray(0, 8)).toString("hex") === EXTENDED_MAGIC,
    identity: Buffer.from(head.subarray(AT.set, AT.set + 16)).toString("hex"),
  };
}

function openS390(files: readonly RandomFile[], options: OpenOptions): DumpImage {
  const volumes = files.map(volumeOf).sort((a, b) => a.number - b.number);
  const [first, ...others] = volumes;
  if (!first) throw Fault.of("missing", "no dump file given");
  const foreign = others.find((one) => one.identity !== first.identity || one.number === 0);
  if (foreign) throw Fault.of("corrupt", `${first.file.name} and ${foreign.file.name} are not parts of the same dump`);
  const memorySize = Number(viewOf(first.head).getBigUint64(AT.memorySize));
  const sorted = volumes.map((one) => one.file);
  const file = joinedFile(sorted);
  if (!Number.isSafeInteger(memorySize))
    throw Fault.of("corrupt", `${file.name}: a machine cannot have a memory of ${memorySize} bytes`);
  const ranges = new Ranges();
  let at = 0;
  let physical = 0;
  for (const volume of volumes) {
    const { size } = volume.file;
    if (volume.isExtended) addSegments(volume.file, at, ranges);
    else {
      // The memory goes on in the next volume; the last one ends with a mark.
      const fileSize = Math.max(
        0,
        volumes.length === 1 ? memorySize : Math.min(memorySize - physical, size - HEADER_BYTES),
      );
      ranges.add({ physical, offset: at + HEADER_BYTES, fileSize });
      physical += fileSize;
    }
    at += size;
  }
  const pages = ranges.pages(file, PAGE_BYTES, options);
  return memoryImage(s390.name, sorted, pages, {
    byteOrder: "big",
    notes: lowcoreNotes(first.head, pages),
    cpus: viewOf(first.head).getUint16(AT.cpus),
    ...cutFact(file, ranges.extent),
  });
}

/** Adds the segments of an extended dump. @throws Fault corrupt if there are too many */
function addSegments(file: RandomFile, base: number, ranges: Ranges): void {
  let at = HEADER_BYTES;
  for (let count = 0; at + HEADER_BYTES <= file.size; count++) {
    if (count === MAX_SEGMENTS) throw Fault.of("corrupt", `${file.name}: more than ${MAX_SEGMENTS} segments`);
    const bytes = orThrow(readBytes(file, at, 24));
    if (bytes.length < 24) return;
    const view = viewOf(bytes);
    const [physical, length] = [Number(view.getBigUint64(0)), Number(view.getBigUint64(8))];
    if (!(length > 0) || !Number.isSafeInteger(physical + length))
      throw Fault.of("corrupt", `${file.name}: the segment at offset ${at} has no valid size`);
    at += HEADER_BYTES;
    ranges.add({ physical, offset: base + at, fileSize: length });
    at += length;
    if (view.getBigUint64(16) !== 0n) return;
  }
}

/** Returns notes with the registers that each CPU saved in its lowcore, as /proc/vmcore has them. */
function lowcoreNotes(head: Uint8Array, { page }: PhysicalPages): Note[] {
  const view = viewOf(head);
  const count = Math.min(view.getUint16(AT.cpus), MAX_CPUS);
  return Array.from({ length: count }, (_, cpu) => view.getUint32(AT.lowcores + 4 * cpu)).flatMap((lowcore) => {
    // What is saved is in the second page of a lowcore.
    const saved = page(Math.floor(lowcore / PAGE_BYTES) + 1);
    if (saved instanceof Fault) return [];
    const part = (at: number, size: number): Uint8Array => saved.subarray(at % PAGE_BYTES, (at % PAGE_BYTES) + size);
    const status = new Uint8Array(PRSTATUS_BYTES);
    status.set(part(PSW_AT, 16), PR_REG);
    status.set(part(GENERAL_AT, 128), PR_REG + 16);
    status.set(part(ACCESS_AT, 64), PR_REG + 16 + 128);
    return [
      { name: "CORE", type: NT_PRSTATUS, desc: status },
      { name: "LINUX", type: NT_S390_CTRS, desc: part(CONTROL_AT, 128) },
    ];
  });
}
