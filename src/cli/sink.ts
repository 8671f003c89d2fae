import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { Writable } from "node:stream";

/** Where a command's text goes. */
export interface Sink {
  /** A promise when the reader is slower than we are. */
  write(text: string): void | Promise<void>;
  /** Everything has been written and, for a program, that program has ended. */
  end(): Promise<void>;
}

const BUFFER_CHARACTERS = 1 << 15;

/** Collects small writes; a line at a time would cost a system call each. */
export function buffered(sink: Sink): Sink {
  let waiting = "";
  return {
    write(text) {
      waiting += text;
      if (waiting.length < BUFFER_CHARACTERS) return;
      const all = waiting;
      waiting = "";
      return sink.write(all);
    },
    async end() {
      if (waiting !== "") await sink.write(waiting);
      await sink.end();
    },
  };
}

const writeTo = (stream: Writable, text: string): void | Promise<void> => {
  if (!stream.write(text) && !stream.destroyed) return once(stream, "drain").then(() => undefined);
};

export const standardOutput: Sink = {
  write: (text) => writeTo(process.stdout, text),
  end: () => Promise.resolve(),
};

export const nowhere: Sink = { write: () => {}, end: () => Promise.resolve() };

/** @throws NodeJS.ErrnoException when the file cannot be written; it is opened before this resolves */
export async function fileSink(path: string, append: boolean): Promise<Sink> {
  const stream = createWriteStream(path, { flags: append ? "a" : "w" });
  let failure: Error | undefined;
  // The system names the path when it opens a file, but not when it writes to one.
  stream.on("error", (error) => (failure = Object.assign(error, { path })));
  const closed = new Promise<void>((resolve) => void stream.once("close", resolve));
  await once(stream, "open");
  return {
    write(text) {
      if (failure) throw failure;
      return writeTo(stream, text);
    },
    async end() {
      stream.end();
      await closed;
      if (failure) throw failure;
    },
  };
}

/**
 * A program that reads what we write, and writes where we would.
 * @param onGone called when it stops reading: what is still to come interests nobody
 */
export function programSink(commandLine: string, onGone: () => void): Sink {
  const child = spawn(commandLine, { shell: true, stdio: ["pipe", "inherit", "inherit"] });
  let gone = false;
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const giveUp = (): void => {
    if (!gone) onGone();
    gone = true;
  };
  child.stdin.on("error", giveUp);
  void closed.then(giveUp);
  return {
    write: (text) => {
      if (gone) return;
      const waiting = writeTo(child.stdin, text);
      return waiting && Promise.race([waiting, closed]);
    },
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}
