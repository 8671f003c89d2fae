/** Opens saved QEMU guests: migration streams. */
import { attempt, Fault } from "../../base/fault.ts";
import { type RandomFile, sliceFile } from "../../base/file.ts";
import { FileCursor } from "../cursor.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { memoryImage } from "../memoryImage.ts";
import { PageRuns } from "../pageRuns.ts";
import { processorNotes } from "../processorNotes.ts";
import { INSTEAD, machineOf, ramOf, type RamBlock } from "../qemu/guestMemory.ts";
import { processorsAfter } from "../qemu/processors.ts";
import { ramPage, ramPart, type RamPage, type RamState } from "../qemu/ram.ts";

const MAGIC = "QEVM";
const LIBVIRT_MAGIC = "LibvirtQemudSave";
/** sizeof(virQEMUSaveHeader); the XML of the guest follows (libvirt's qemu_saveimage.h). */
const LIBVIRT_HEADER_BYTES = 92;
const STREAM_HEADER_BYTES = 8;
/** virQEMUSaveFormat. */
const LIBVIRT_COMPRESSIONS = ["raw", "gzip", "bzip2", "xz", "lzop", "zstd", "sparse"];

/** QEMU_VM_* (QEMU's migration/savevm.c). */
const SECTION = {
  eof: 0,
  start: 1,
  part: 2,
  end: 3,
  full: 4,
  subsection: 5,
  configuration: 7,
  command: 8,
  footer: 0x7e,
};
/** Maximum size in bytes of the data of a section other than "ram" that precedes the end of the RAM. */
const MAX_FOREIGN = 1 << 24;
const WINDOW = 1 << 16;

/** Migration streams of QEMU, also behind libvirt's header. */
export const qemuStream: DumpFormat = {
  name: "QEMU migration stream",
  row: {
    writers:
      "`virsh save`, `virsh managedsave`, `virsh dump` without `--memory-only` (crash calls its files KVMDUMP), QEMU `migrate exec:` and `migrate file:`",
    reads:
      "RAM with stored, zero and zlib pages, the registers of x86 CPUs; machines pc, q35, virt, s390-ccw-virtio and pseries. Recognized, but not read: XBZRLE, multifd, mapped-ram and libvirt's compressed images",
    source: "QEMU's docs/devel/migration and migration/ram.c; libvirt's qemu_saveimage.h",
    tested: "a guest of QEMU 7.2, and built files",
  },
  probe: (head) => [MAGIC, LIBVIRT_MAGIC].includes(signature(head, MAGIC.length)) || isLibvirt(head),
  open([file, second], options) {
    if (!file || second) throw Fault.of("corrupt", "a migration stream is one file, not a set");
    return openStream(file, options);
  },
};

const signature = (head: Uint8Array, length: number): string =>
  Buffer.from(head.subarray(0, length)).toString("latin1");
const isLibvirt = (head: Uint8Array): boolean => signature(head, LIBVIRT_MAGIC.length) === LIBVIRT_MAGIC;

function openStream(file: RandomFile, options: OpenOptions): DumpImage {
  const stream = withoutLibvirt(file);
  const cursor = new FileCursor(stream, STREAM_HEADER_BYTES, "big");
  const configuration = readConfiguration(cursor, file.name);
  const { pageSize } = configuration;
  const state: RamState = { file: stream, pageSize, blocks: [], block: undefined };
  const runs = new PageRuns(file.name);
  let machine: ReturnType<typeof machineOf> | undefined;
  const starts = new Map<RamBlock, number>();
  let size = 0;
  const place = ({ block, offset, place: at, stride }: RamPage): void => {
    if (!machine) {
      machine = machineOf(configuration.machine, state.blocks, file.name);
      for (const one of ramOf(state.blocks)) {
        starts.set(one, size);
        size += one.size;
      }
    }
    const start = starts.get(block);
    if (start !== undefined) runs.add(Math.floor(machine.physical(start + offset, size) / pageSize), at, stride);
  };
  const end = attempt(() => readSections(cursor, state, place));
  if (end instanceof Fault && (end.kind !== "truncated" || !machine)) throw end;
  if (!machine) throw Fault.of("corrupt", `${file.name}: the migration stream contains no memory`);
  const cpus = machine.isPc && !(end instanceof Fault) ? processorsAfter(stream, cursor.at) : [];
  const pages = runs.pages(pageSize, (at) => ramPage(stream, at, pageSize), options);
  return memoryImage(qemuStream.name, [file], pages, {
    byteOrder: machine.byteOrder,
    notes: processorNotes(cpus),
    ...(end instanceof Fault ? { incomplete: "ends early" } : {}),
    ...(cpus.length > 0 ? { cpus: cpus.length } : {}),
  });
}

/** Returns the stream behind libvirt's header. @throws Fault corrupt if it is compressed */
function withoutLibvirt(file: RandomFile): RandomFile {
  const head = file.read(0, LIBVIRT_HEADER_BYTES);
  if (!isLibvirt(head)) return file;
  if (head.length < LIBVIRT_HEADER_BYTES) throw Fault.of("truncated", `${file.name}: ends within libvirt's header`);
  const view = new DataView(head.buffer, head.byteOffset);
  // The version is small: its high bytes tell the byte order of the host.
  const little = view.getUint32(16, true) < 1 << 16;
  const compression = view.getUint32(28, little);
  if (compression !== 0) {
    const name = LIBVIRT_COMPRESSIONS[compression] ?? `method ${compression}`;
    throw Fault.of(
      "corrupt",
      `${file.name}: a saved libvirt guest compressed with ${name} is not read: ${INSTEAD}, or set save_image_format = "raw" in qemu.conf`,
    );
  }
  const start = LIBVIRT_HEADER_BYTES + view.getUint32(20, little);
  const stream = sliceFile(file, start, file.size - start);
  if (signature(stream.read(0, 4), 4) !== MAGIC)
    throw Fault.of("corrupt", `${file.name}: no migration stream after libvirt's header: the save did not complete`);
  return stream;
}

/** Reads the section "configuration". @throws Fault corrupt if it has parts of unknown length */
function readConfiguration(cursor: FileCursor, name: string): { readonly machine: string; readonly pageSize: number } {
  if (cursor.peek() !== SECTION.configuration)
    throw Fault.of("corrupt", `${name}: a migration stream of a QEMU before 2.4, which names no machine: ${INSTEAD}`);
  cursor.skip(1);
  const machine = cursor.text(Math.min(cursor.u32(), WINDOW));
  let pageBits = 12;
  while (cursor.peek() === SECTION.subsection) {
    cursor.skip(1);
    const part = cursor.text(cursor.u8());
    cursor.skip(4);
    if (part === "configuration/target-page-bits") pageBits = cursor.u32();
    else if (part === "configuration/uuid") cursor.skip(16);
    else if (part === "configuration/capabilities") {
      for (let left = cursor.u32(); left > 0; left--) {
        const capability = cursor.text(cursor.u8());
        if (["mapped-ram", "x-ignore-shared"].includes(capability))
          throw Fault.of("corrupt", `${name}: a migration stream with ${capability} is not read: ${INSTEAD}`);
      }
    } else throw Fault.of("corrupt", `${name}: unknown part "${part}" of a migration stream: ${INSTEAD}`);
  }
  if (!(pageBits >= 10 && pageBits <= 16))
    throw Fault.of("corrupt", `${name}: a guest cannot have pages of 2^${pageBits} bytes`);
  return { machine, pageSize: 2 ** pageBits };
}

/** Reads sections up to the end of the RAM. Devices follow. @throws Fault */
function readSections(cursor: FileCursor, state: RamState, found: (page: RamPage) => void): void {
  let ram: number | undefined;
  for (;;) {
    const kind = cursor.u8();
    if (kind === SECTION.eof) return;
    if (kind === SECTION.command) {
      cursor.skip(2);
      cursor.skip(cursor.u16());
      continue;
    }
    if (kind < SECTION.start || kind > SECTION.full)
      throw Fault.of(
        "corrupt",
        `${state.file.name}: unknown section 0x${kind.toString(16)} at offset ${cursor.at - 1}`,
      );
    const id = cursor.u32();
    let isRam = id === ram;
    if (kind === SECTION.start || kind === SECTION.full) {
      isRam = cursor.text(cursor.u8()) === "ram";
      cursor.skip(8);
      if (isRam) ram = id;
    }
    if (isRam) for (const page of ramPart(cursor, state)) found(page);
    else if (kind === SECTION.full) return;
    else skipForeign(cursor, state.file, id);
    if (cursor.peek() === SECTION.footer) cursor.skip(5);
    if (isRam && kind === SECTION.end) return;
  }
}

/** Moves to the end of a section of another kind: to its footer, because its length is not recorded. @throws Fault */
function skipForeign(cursor: FileCursor, file: RandomFile, id: number): void {
  const mark = Buffer.alloc(5, SECTION.footer);
  mark.writeUInt32BE(id, 1);
  const bytes = Buffer.from(file.read(cursor.at, MAX_FOREIGN));
  const at = bytes.indexOf(mark);
  if (at < 0) throw Fault.of("corrupt", `${file.name}: a section of unknown length at offset ${cursor.at}: ${INSTEAD}`);
  cursor.skip(at);
}
