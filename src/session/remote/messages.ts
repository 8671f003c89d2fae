/** What the engine's thread and the worker thread of a source exchange. */

/** How the other side is reached. A new kind of source adds its row here and in sourceWorker.ts. */
export type SourcePlace =
  | {
      readonly kind: "gdb";
      readonly address: string;
      /** Whether the guest runs on between reads. */
      readonly isLive: boolean;
    }
  | {
      readonly kind: "http" | "ssh";
      readonly address: string;
      /** Directory for the blocks that were read; undefined to keep none on disk. */
      readonly cache: string | undefined;
    };

/** Description of a file on another machine. */
export interface FileAbout {
  /** Size of the file in bytes. */
  readonly size: number;
}

/** A request to the worker; its answer is bytes. */
export interface SourceRequest {
  /** "open" gives a description of the source as JSON, "read" bytes, "close" ends the connection. */
  readonly what: "open" | "read" | "close";
  /** Bytes from the start of the source. */
  readonly offset: number;
  readonly length: number;
}

/** What the worker gets when it starts. */
export interface WorkerStart {
  readonly place: SourcePlace;
  /** Words of `CONTROL`. */
  readonly control: SharedArrayBuffer;
  /** Receives the bytes of an answer. */
  readonly data: SharedArrayBuffer;
}

/** Positions of 32-bit words that both threads share. */
export const CONTROL = { state: 0, outcome: 1, length: 2, words: 3 } as const;
export const STATE = { idle: 0, asked: 1, answered: 2 } as const;
export const OUTCOME = { bytes: 0, error: 1 } as const;

/** Maximum size of an answer in bytes. */
export const MAX_ANSWER = 4 << 20;

/** Source of bytes, which runs in the worker. */
export interface Source {
  /** Description that `open` returns, serializable as JSON. */
  readonly about: unknown;
  /** Returns up to `length` bytes from `offset`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Makes an error that passes from the worker to the engine. @param code as those of the system: "EIO", "ENOENT" */
export const sourceError = (code: string, message: string): Error => Object.assign(new Error(message), { code });
