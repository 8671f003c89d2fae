/** Destinations of output: the screen, files and programs. */
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { Writable } from "node:stream";

/** A destination of a command's text. */
export interface Sink {
  /** Returns a promise if the reader is slower than the writer. */
  write(text: string): void | Promise<void>;
  /** Ends the output; waits until everything is written and, for a program, until it has exited. */
  end(): Promise<void>;
}

const BUFFER_CHARACTERS = 1 << 15;

/** Collects small writes, because one system call for each line is slow. */
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

/**
 * Returns a sink that writes to a file. The promise resolves after the file is open. @throws NodeJS.ErrnoException if
 * the file cannot be written
 */
export async function fileSink(path: string, append: boolean): Promise<Sink> {
  const stream = createWriteStream(path, { flags: append ? "a" : "w" });
  let failure: Error | undefined;
  // Add the path, because the system does not include it in errors of writing.
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
 * Starts a program that reads our output and writes to our stdout. @param onGone called when the program stops reading,
 * so that the rest need not be computed
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
