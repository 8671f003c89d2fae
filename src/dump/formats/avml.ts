/** Opens compressed memory images of AVML. */
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { Lru } from "../../base/lru.ts";
import { declaredLength, snappy } from "../compress/snappy.ts";
import type { DumpFormat } from "../format.ts";
import { readParts } from "../joinedFile.ts";
import { memoryImage } from "../memoryImage.ts";
import { Ranges } from "../ranges.ts";
import { AVML_MAGIC, LIME_HEADER_BYTES, limeHeader } from "./lime.ts";

const PAGE_BYTES = 4096;
/** Chunk types and sizes of Snappy's framing format (google/snappy, framing_format.txt). */
const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
const FIRST_SKIPPABLE = 0x80;
const STREAM_IDENTIFIER = 0xff;
const CHUNK_HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;
/** Maximum size of an unpacked chunk in bytes. */
const MAX_CHUNK = 1 << 16;
/** AVML writes the number of compressed bytes after each range. */
const RANGE_END_BYTES = 8;
/** Number of decompressed chunks that are kept: 4 MiB. */
const KEPT_CHUNKS = 64;

/** Memory images of AVML with `--compress`: ranges as LiME's, each a framed Snappy stream. */
export const avml: DumpFormat = {
  name: "AVML",
  row: {
    writers: "AVML (`avml`, `avml --compress`)",
    reads: "all ranges, compressed or not",
    source: "AVML's image.rs; google/snappy, framing_format.txt",
    tested: "the memory of a QEMU guest, written in this format by the test suite, and built files",
  },
  probe: (head) => Buffer.from(head.subarray(0, 4)).toString("latin1") === AVML_MAGIC,
  open([file, second], options) {
    if (!file || second) throw Fault.of("corrupt", "an AVML image is one file, not a set");
    const ranges = new Ranges();
    const chunks = new Chunks(file);
    let isCut = false;
    for (let at = 0, count = 0; at + LIME_HEADER_BYTES <= file.size && !isCut; count++) {
      const { isCompressed, physical, size } = limeHeader(file, at, count);
      ranges.add({ physical, offset: chunks.size, fileSize: size });
      at += LIME_HEADER_BYTES;
      if (isCompressed) at = chunks.addStream(at, size) + RANGE_END_BYTES;
      else at = chunks.addPlain(at, size);
      isCut = at > file.size || chunks.isCut;
    }
    const pages = ranges.pages(chunks.file(), PAGE_BYTES, options);
    return memoryImage(avml.name, [file], pages, isCut ? { incomplete: "ends early" } : {});
  },
};

/** The decompressed contents of the streams, in the order of the file. */
class Chunks {
  /**
   * Columns of a table with a row for each chunk: its offset in the contents, the offset of its data in the file, its
   * stored size in bytes, and its type.
   */
  private readonly starts: number[] = [];
  private readonly places: number[] = [];
  private readonly lengths: number[] = [];
  private readonly kinds: number[] = [];
  private readonly source: RandomFile;
  size = 0;
  isCut = false;

  constructor(source: RandomFile) {
    this.source = source;
  }

  private add(kind: number, place: number, length: number, size: number): void {
    this.starts.push(this.size);
    this.places.push(place);
    this.lengths.push(length);
    this.kinds.push(kind);
    this.size += size;
  }

  /** Adds an uncompressed range. @returns the offset of its end */
  addPlain(at: number, size: number): number {
    this.add(UNCOMPRESSED, at, size, size);
    return at + size;
  }

  /**
   * Adds the chunks of a stream that holds `size` bytes. @returns the offset of its end
   * @throws Fault corrupt if a chunk has an unknown type or the stream another size
   */
  addStream(at: number, size: number): number {
    const { name } = this.source;
    const end = this.size + size;
    while (this.size < end) {
      const header = orThrow(readBytes(this.source, at, CHUNK_HEADER_BYTES + CHECKSUM_BYTES + 5));
      if (header.length < CHUNK_HEADER_BYTES + CHECKSUM_BYTES) {
        this.isCut = true;
        this.size = end;
        return at;
      }
      const kind = header[0] ?? 0;
      const length = (header[1] ?? 0) | ((header[2] ?? 0) << 8) | ((header[3] ?? 0) << 16);
      const data = at + CHUNK_HEADER_BYTES + CHECKSUM_BYTES;
      const stored = length - CHECKSUM_BYTES;
      if (kind === COMPRESSED || kind === UNCOMPRESSED) {
        const holds =
          kind === UNCOMPRESSED ? stored : declaredLength(header.subarray(CHUNK_HEADER_BYTES + CHECKSUM_BYTES));
        if (holds === undefined || !(holds > 0) || holds > MAX_CHUNK || this.size + holds > end)
          throw Fault.of("corrupt", `${name}: the Snappy chunk at offset ${at} has no valid size`);
        this.add(kind, data, stored, holds);
      } else if (kind !== STREAM_IDENTIFIER && kind < FIRST_SKIPPABLE)
        throw Fault.of("corrupt", `${name}: unknown Snappy chunk 0x${kind.toString(16)} at offset ${at}`);
      at += CHUNK_HEADER_BYTES + length;
    }
    return at;
  }

  /** Presents the contents as a file. A damaged chunk is reported by a read as an error of the disk would be. */
  file(): RandomFile {
    const kept = new Lru<number, Uint8Array>(KEPT_CHUNKS);
    const starts = Float64Array.from(this.starts);
    const part = (index: number, from: number, count: number): Uint8Array => {
      const [place = 0, stored = 0] = [this.places[index], this.lengths[index]];
      if (this.kinds[index] === UNCOMPRESSED) return this.source.read(place + from, Math.min(count, stored - from));
      let chunk = kept.get(index);
      if (!chunk) {
        const end = this.starts[index + 1] ?? this.size;
        const decoded = snappy.decompress(
          this.source.read(place, stored),
          Math.min(MAX_CHUNK, end - (starts[index] ?? 0)),
        );
        if (decoded instanceof Fault) throw Object.assign(new Error(decoded.message), { code: "damaged Snappy data" });
        chunk = decoded;
        kept.set(index, chunk);
      }
      return chunk.subarray(from, from + count);
    };
    const { size } = this;
    return {
      name: this.source.name,
      size,
      read: (offset, length) => readParts(starts, offset, Math.min(length, size - offset), part),
      close() {},
    };
  }
}
