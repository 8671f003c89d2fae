/** Reads the text of a kernel log from files: plain, packed, or the records of pstore. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { inputText, isDirectory, wholeFile } from "../../base/file.ts";
import { UNPACK_TOOLS, packingOf } from "../../base/packing.ts";
import { UsageError } from "../../base/usageError.ts";
import { openPacked } from "../../archive/packedFile.ts";
import { behindRamoopsHeader, RECORD_HEAD, unpackedRecord } from "../../base/pstoreRecord.ts";
import { isText } from "../../dump/recognize.ts";
import { dumpFormatOf } from "../../dump/formats.ts";
import { dumpHead } from "../find/dumpFiles.ts";

/** Maximum size of a text in bytes. */
const MAX_TEXT = 512 << 20;
/** Maximum number of records in a directory of pstore. A flash of 64 MiB holds that many of 64 KiB. */
const MAX_RECORDS = 1024;

/**
 * Returns the text of a log. Several files, or a directory, are the records of one pstore, such as /sys/fs/pstore.
 * @param paths "-" alone is standard input
 * @throws UsageError if they are not text; Fault if a packed file is damaged; NodeJS.ErrnoException as `wholeFile`
 */
export function logText(paths: readonly string[]): string {
  const [path = "-"] = paths;
  if (paths.length === 1 && path === "-") return inputText(0);
  if (paths.length === 1 && !isDirectory(path)) return textOf(path);
  const files = paths.length === 1 ? recordsIn(path) : paths;
  return joined(files.map((file) => ({ file, text: textOf(file) })));
}

/** Returns the paths of the records in a directory of pstore. @throws UsageError if there are none */
function recordsIn(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith("dmesg-"));
  if (names.length === 0)
    throw new UsageError(`${directory}: has no records of pstore (dmesg-...); name the file of a log`);
  return names.slice(0, MAX_RECORDS).map((name) => join(directory, name));
}

/** Joins records in the order of their text: a dump has its newest lines in part 1. @throws UsageError */
function joined(texts: readonly { readonly file: string; readonly text: string }[]): string {
  const records = texts.map(({ file, text }) => {
    const [head, dump, part] = RECORD_HEAD.exec(text) ?? [];
    if (head === undefined)
      throw new UsageError(
        `${file}: is not a record of pstore, which begins with a line such as "Panic#1 Part1"; name one FILE, or the records of one pstore`,
      );
    return { dump: Number(dump), part: Number(part), text: text.slice(head.length) };
  });
  const inOrder = records.sort((a, b) => a.dump - b.dump || b.part - a.part);
  return inOrder.map(({ text }) => (text.endsWith("\n") ? text : `${text}\n`)).join("");
}

/** @throws UsageError, Fault, NodeJS.ErrnoException */
function textOf(path: string): string {
  const head = dumpHead(path);
  const format = dumpFormatOf(head);
  if (format !== undefined)
    throw new UsageError(`${path}: is a dump (${format}), not text; print its log with: vmcore-debug ${path} -c log`);
  if (Buffer.from(head).toString("latin1", 0, 4) === "\x7fELF")
    throw new UsageError(`${path}: is an ELF file, not the text of a log`);
  const packing = packingOf(head);
  if (packing === "bzip2" || packing === "lz4")
    throw new UsageError(`${path}: is packed; read it with: ${UNPACK_TOOLS[packing]} -c ${path} | vmcore-debug log -`);
  if (packing === undefined) return decoded(recordText(path, wholeFile(path, MAX_TEXT)));
  const file = attempt(() => openPacked(path, new Budget()));
  if (file instanceof Fault) throw Fault.of(file.kind, `${path}: ${file.message}`);
  const text = decoded(Buffer.from(file.read(0, file.size)));
  file.close();
  return text;
}

/**
 * Returns the text of a record that pstore did not decompress (`dmesg-*.enc.z`); other files as they are.
 * @throws UsageError if a record is compressed in a way that is not supported
 */
function recordText(path: string, bytes: Buffer): Buffer {
  const behind = behindRamoopsHeader(bytes);
  const record = behind ?? bytes;
  if (!basename(path).endsWith(".enc.z") && (behind === undefined || isText(record))) return record;
  const text = unpackedRecord(record);
  if (text) return text;
  throw new UsageError(
    `${path}: is a compressed record of pstore, and not with deflate, the only form that is read; mount pstore on a kernel with the same pstore.compress to read it`,
  );
}

/** Number of bytes in which the encoding of a text is detected. */
const SAMPLE = 512;

/** Decodes UTF-8, or UTF-16 in either byte order, which Windows shells write. */
function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le");
  const head = bytes.subarray(0, SAMPLE);
  const zeros = head.filter((byte, i) => i % 2 === 1 && byte === 0).length;
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (head.length > 8 && zeros > head.length / 3);
  return bytes.toString(isWide ? "utf16le" : "utf8");
}
