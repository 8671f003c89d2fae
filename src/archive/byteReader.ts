/** Reads a stream of bytes piece by piece: the headers of an archive and the contents between them. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);
  /** Number of bytes read so far. */
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Reads the next `length` bytes, or fewer if the stream ends. Allocates `length` bytes, so call it for headers only.
   */
  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const piece of this.take(length)) {
      bytes.set(piece, done);
      done += piece.length;
    }
    return done === length ? bytes : bytes.subarray(0, done);
  }

  /** Yields the next `length` bytes in the pieces in which they arrive; fewer if the stream ends. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      if (this.chunk.length === 0) {
        const next = await this.chunks.next();
        if (next.done) return;
        this.chunk = next.value;
        continue;
      }
      const piece = this.chunk.subarray(0, left);
      this.chunk = this.chunk.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  /** Skips the next `length` bytes, or up to the end of the stream. */
  async skip(length: number): Promise<void> {
    for await (const _ of this.take(length));
  }

  /** Closes the stream, and with it the file that it reads. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }
}
