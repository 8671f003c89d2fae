/** Splits the input stream into DAP messages and rejects everything else. */
import { Transform, type TransformCallback } from "node:stream";

/** Maximum size of a message body in bytes. The largest messages of clients are launch arguments. */
const MAX_MESSAGE = 4 << 20;

/** Maximum size of a message header in bytes. */
const MAX_HEADER = 256;

/** The complete header of a message. No HTTP request line matches it. */
const HEADER = /^Content-Length: *(\d{1,9})\r\n(?:Content-Type: *[\w/;=. -]{0,80}\r\n)?\r\n$/i;

/** The first bytes of a message, in lower case. */
const BEGINNING = "content-length:";

/**
 * Splits a stream into DAP messages; each output chunk is one message with its header. Fails at the first byte that
 * does not belong to the protocol (a web page can send HTTP to a port of this machine) and at a message that is too
 * large. This replaces the reader of @vscode/debugadapter, which finds a header in any text and copies its whole buffer
 * for every chunk.
 */
export class Framing extends Transform {
  private readonly pending: Buffer[] = [];
  private length = 0;
  /** Size of the current message with its header in bytes. Undefined until the header is complete. */
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

  /** Outputs the next message. @returns false when it is not complete */
  private next(): boolean {
    this.wanted ??= this.messageLength();
    if (this.wanted === undefined || this.length < this.wanted) return false;
    const all = this.whole();
    this.push(all.subarray(0, this.wanted));
    this.keep(all.subarray(this.wanted));
    this.wanted = undefined;
    return true;
  }

  /**
   * Returns the size of the next message in bytes, with its header. Undefined until the header is complete.
   *
   * @throws Error when the bytes are not the header of a message
   */
  private messageLength(): number | undefined {
    // Until the header is complete, the buffer holds at most a header and one chunk.
    const all = this.whole();
    const head = all.toString("latin1", 0, MAX_HEADER);
    const end = head.indexOf("\r\n\r\n");
    const begun = head.slice(0, BEGINNING.length).toLowerCase();
    if (!BEGINNING.startsWith(begun) || (end < 0 && head.length === MAX_HEADER))
      throw new Error("the input is not a message of the Debug Adapter Protocol");
    if (end < 0) return undefined;
    const digits = HEADER.exec(head.slice(0, end + 4))?.[1];
    if (digits === undefined) throw new Error("the header of a Debug Adapter Protocol message is damaged");
    const size = Number(digits);
    if (size > MAX_MESSAGE) throw new Error(`a message of ${size} bytes exceeds the limit of ${MAX_MESSAGE} bytes`);
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
