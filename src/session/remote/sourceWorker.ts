/** The worker thread of a source: answers the requests of the thread that waits. */
import { parentPort, workerData } from "node:worker_threads";
import { gdbSource } from "./gdbSource.ts";
import { httpSource } from "./httpSource.ts";
import { sftpSource } from "./sftpSource.ts";
import { CONTROL, MAX_ANSWER, OUTCOME, type Source, type SourcePlace, type SourceRequest, STATE, type WorkerStart } from "./messages.ts"; // prettier-ignore

function connect(place: SourcePlace): Promise<Source> {
  switch (place.kind) {
    case "gdb":
      return gdbSource(place.address, place.isLive);
    case "http":
      return httpSource(place.address, place.cache);
    case "ssh":
      return sftpSource(place.address, place.cache);
  }
}

const start = workerData as WorkerStart;
const control = new Int32Array(start.control);
const data = new Uint8Array(start.data);
let source: Source | undefined;

/** Returns the bytes that answer a request. */
async function answer({ what, offset, length }: SourceRequest): Promise<Uint8Array> {
  if (what === "open") {
    source = await connect(start.place);
    return Buffer.from(JSON.stringify(source.about));
  }
  if (what === "read" && source) return source.read(offset, Math.min(length, MAX_ANSWER));
  await source?.close();
  return new Uint8Array(0);
}

function reply(outcome: number, bytes: Uint8Array): void {
  const kept = bytes.subarray(0, MAX_ANSWER);
  data.set(kept);
  control[CONTROL.length] = kept.length;
  control[CONTROL.outcome] = outcome;
  Atomics.store(control, CONTROL.state, STATE.answered);
  Atomics.notify(control, CONTROL.state);
}

parentPort?.on("message", (request: SourceRequest) => {
  answer(request).then(
    (bytes) => reply(OUTCOME.bytes, bytes),
    (error: unknown) => {
      const { code = "EIO" } = error as NodeJS.ErrnoException;
      const message = error instanceof Error ? error.message : String(error);
      reply(OUTCOME.error, Buffer.from(JSON.stringify({ code, message })));
    },
  );
});
