import { Transform, type TransformCallback } from "node:stream";

/** Bytes of a message; the longest that clients send are a launch's arguments. */
const MAX_MESSAGE = 4 << 20;

/** Bytes of the lines before a message. */
const MAX_HEADER = 256;

/** The whole header of a message, as the protocol has it; nothing that HTTP's request line could be the start of. */
const HEADER = /^Content-Length: *(\d{1,9})\r\n(?:Content-Type: *[\w/;=. -]{0,80}\r\n)?\r\n$/i;

/** What the first bytes of a connection have to be, letter case aside. */
const BEGINNING = "content-length:";

/**
 * Cuts a stream into messages of the Debug Adapter Protocol, each a chunk with its header. Ends with an error at the
 * first byte that is none of the protocol (a web page can send HTTP to a port of this machine) and at a message that is
 * too large. The library's own reader takes the header out of anything, and copies all that it has for every chunk.
 */
export class Framing extends Transform {
  private readonly pending: Buffer[] = [];
  private length = 0;
  /** Bytes of the message with its header, once that is known. */
  private wanted: number | undefined;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.pending.push(chunk);
    this.length += chunk.length;
    try {
      let isWhole = true;
      while (isWhole && this.length > 0) isWhole = this.next();
    } catch (error) {
      return done(error as Error);
    }
    done();
  }

  /** Passes one message on. @returns whether there was a whole one */
  private next(): boolean {
    this.wanted ??= this.messageLength();
    if (this.wanted === undefined || this.length < this.wanted) return false;
    const all = this.whole();
    this.push(all.subarray(0, this.wanted));
    this.keep(all.subarray(this.wanted));
    this.wanted = undefined;
    return true;
  }

  /** Undefined while the header is not whole. @throws Error for bytes that begin no message */
  private messageLength(): number | undefined {
    // Until the header is whole there is at most that and one chunk.
    const all = this.whole();
    const head = all.toString("latin1", 0, MAX_HEADER);
    const end = head.indexOf("\r\n\r\n");
    const begun = head.slice(0, BEGINNING.length).toLowerCase();
    if (!BEGINNING.startsWith(begun) || (end < 0 && head.length === MAX_HEADER)) throw new Error("no message of DAP");
    if (end < 0) return undefined;
    const digits = HEADER.exec(head.slice(0, end + 4))?.[1];
    if (digits === undefined) throw new Error("no header of a message of DAP");
    const size = Number(digits);
    if (size > MAX_MESSAGE) throw new Error(`a message of ${size} bytes is too large: the most is ${MAX_MESSAGE}`);
    return end + 4 + size;
  }

  private whole(): Buffer {
    const [only] = this.pending;
    const all = this.pending.length === 1 && only ? only : Buffer.concat(this.pending);
    this.keep(all);
    return all;
  }

  private keep(bytes: Buffer): void {
    this.pending.splice(0, Infinity, bytes);
    this.length = bytes.length;
  }
}
