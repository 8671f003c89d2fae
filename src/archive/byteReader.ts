/** Reads a stream of bytes piece by piece: the headers of an archive, the contents between them. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next bytes; fewer only where the stream ends. @param length of a header: as much memory is taken */
  async read(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const piece of this.take(length)) {
      bytes.set(piece, done);
      done += piece.length;
    }
    return done === length ? bytes : bytes.subarray(0, done);
  }

  /** The next bytes as they come; fewer only where the stream ends. */
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

  async skip(length: number): Promise<void> {
    for await (const _ of this.take(length));
  }

  /** Lets go of the file behind the stream. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }
}
