/** Lets the synchronous engine read a source that a worker thread serves. */
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { Lru } from "../../base/lru.ts";
import type { RandomFile } from "../../base/file.ts";
import { CONTROL, MAX_ANSWER, OUTCOME, sourceError, type SourcePlace, type SourceRequest, STATE, type WorkerStart } from "./messages.ts"; // prettier-ignore

/** Maximum times in milliseconds until a source is opened, until it answers a read, and until it is closed. */
const OPEN_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 90_000;
const CLOSE_TIMEOUT_MS = 3_000;
/** Number of bytes that are read and kept together. */
const BLOCK_BYTES = 1 << 16;
/** Number of blocks that are kept: 64 MiB. */
const BLOCKS = 1024;
/**
 * Number of blocks that one request reads if the source is not read in sequence: those of the aligned group that are not
 * known. The pages of a stack and its tables are near each other, and at a distance of 100 ms and 100 Mbit/s a request
 * costs as much as 20 blocks.
 */
const GROUP = 8;
/** Maximum number of blocks that one request reads, if the source is read in sequence. */
const MAX_AHEAD = MAX_ANSWER / BLOCK_BYTES;

/**
 * A source behind a worker thread. `Atomics.wait` blocks this thread until the worker has answered, so that the engine
 * needs no `await`. An answer that does not arrive in time ends the connection.
 */
export class RemoteSource {
  private readonly worker: Worker;
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.words));
  private readonly data = new Uint8Array(new SharedArrayBuffer(MAX_ANSWER));
  private readonly name: string;
  private isClosed = false;
  private readonly onExit = (): void => this.close();

  /** @param name of the source, for messages */
  constructor(name: string, place: SourcePlace) {
    this.name = name;
    const start: WorkerStart = { place, control: this.control.buffer, data: this.data.buffer };
    this.worker = new Worker(join(import.meta.dirname, `sourceWorker${extname(import.meta.filename)}`), {
      workerData: start,
    });
    this.worker.unref();
    // So that a paused guest continues when the program ends without closing the session.
    process.once("exit", this.onExit);
  }

  /** Connects, and returns the source's description. @throws Error with `code` */
  open(): unknown {
    const answer = this.ask({ what: "open", offset: 0, length: 0 }, OPEN_TIMEOUT_MS);
    return JSON.parse(Buffer.from(answer).toString());
  }

  /** Returns bytes of the source, at most `MAX_ANSWER`. @throws Error with `code` */
  read(offset: number, length: number): Uint8Array {
    return this.ask({ what: "read", offset, length: Math.min(length, MAX_ANSWER) }, READ_TIMEOUT_MS);
  }

  close(): void {
    if (this.isClosed) return;
    process.off("exit", this.onExit);
    try {
      this.ask({ what: "close", offset: 0, length: 0 }, CLOSE_TIMEOUT_MS);
    } catch (error) {
      // The other side may have ended the connection already.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
    this.isClosed = true;
    void this.worker.terminate();
  }

  private ask(request: SourceRequest, timeout: number): Uint8Array {
    const { control } = this;
    if (this.isClosed) throw sourceError("ENOTCONN", `${this.name}: the connection is closed`);
    Atomics.store(control, CONTROL.state, STATE.asked);
    this.worker.postMessage(request);
    if (Atomics.wait(control, CONTROL.state, STATE.asked, timeout) === "timed-out") {
      // A late answer would be taken for that of the next request.
      this.isClosed = true;
      void this.worker.terminate();
      throw sourceError("ETIMEDOUT", `${this.name}: no answer within ${timeout / 1000} seconds`);
    }
    const bytes = this.data.slice(0, control[CONTROL.length]);
    if (control[CONTROL.outcome] === OUTCOME.bytes) return bytes;
    const { code, message } = JSON.parse(Buffer.from(bytes).toString()) as { code: string; message: string };
    throw sourceError(code, message);
  }
}

/**
 * Presents a source as a file. Blocks are kept, and blocks behind them are read ahead. @param readsAround also reads the
 * blocks before them, as far as their group reaches; not for memory, where a block before may be one that is refused
 */
export function remoteFile(
  source: RemoteSource,
  { name, size, readsAround }: { readonly name: string; readonly size: number; readonly readsAround: boolean },
): RandomFile {
  const blocks = new Lru<number, Uint8Array>(BLOCKS);
  let expected = -1;
  let ahead = 1;
  const block = (index: number): Uint8Array => {
    const known = blocks.get(index);
    if (known) return known;
    const isNext = index === expected;
    ahead = isNext ? Math.min(2 * ahead, MAX_AHEAD) : GROUP;
    const lowest = isNext || !readsAround ? index : index - (index % GROUP);
    let first = index;
    while (first > lowest && blocks.get(first - 1) === undefined) first--;
    let end = index + 1;
    while (end < lowest + ahead && blocks.get(end) === undefined) end++;
    const bytes = source.read(first * BLOCK_BYTES, Math.min(end * BLOCK_BYTES, size) - first * BLOCK_BYTES);
    for (let i = 0; i * BLOCK_BYTES < bytes.length; i++)
      blocks.set(first + i, bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    expected = end;
    return bytes.subarray((index - first) * BLOCK_BYTES, (index - first + 1) * BLOCK_BYTES);
  };
  return {
    name,
    size,
    read(offset, length) {
      if (!(offset >= 0) || !(length > 0)) return new Uint8Array(0);
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      for (let done = 0; done < bytes.length;) {
        const at = offset + done;
        const within = at % BLOCK_BYTES;
        const part = block(Math.floor(at / BLOCK_BYTES)).subarray(within, within + bytes.length - done);
        if (part.length === 0) return bytes.subarray(0, done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes;
    },
    close: () => source.close(),
  };
}
