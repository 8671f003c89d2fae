/** A web server that misbehaves as told, in a thread of its own, because the engine's thread waits for its answers. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** What the server does. */
export interface BuiltServer {
  readonly bytes: Uint8Array;
  /** Entity tag; absent for none. */
  readonly etag?: string;
  /** Serves whole files only. */
  readonly withoutRanges?: boolean;
  /** Answers this many requests by cutting the body in its middle. */
  readonly cuts?: number;
  /** Changes the entity tag after this many requests. */
  readonly changesAfter?: number;
  readonly status?: number;
  /** Redirects requests for this path there. */
  readonly redirect?: { readonly from: string; readonly to: string };
}

/** A request as the server received it. */
export interface SeenRequest {
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface RangeServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  seen(): Promise<readonly SeenRequest[]>;
  stop(): Promise<void>;
}

/** Starts a server on a free port. */
export async function rangeServer(built: BuiltServer): Promise<RangeServer> {
  const worker = new Worker(new URL(import.meta.url), { workerData: built });
  const [port] = (await once(worker, "message")) as [number];
  return {
    origin: `http://127.0.0.1:${port}`,
    async seen() {
      worker.postMessage("seen");
      const [requests] = (await once(worker, "message")) as [readonly SeenRequest[]];
      return requests;
    },
    stop: async () => void (await worker.terminate()),
  };
}

function serve(built: BuiltServer, seen: SeenRequest[], request: IncomingMessage, response: ServerResponse): void {
  const { range, authorization } = request.headers;
  seen.push({ url: request.url ?? "", range, authorization });
  const { bytes, redirect } = built;
  if (redirect && request.url === redirect.from) return void response.writeHead(302, { location: redirect.to }).end();
  if (built.status !== undefined) return void response.writeHead(built.status).end();
  const isChanged = built.changesAfter !== undefined && seen.length > built.changesAfter;
  const tag: Record<string, string> = built.etag === undefined ? {} : { etag: isChanged ? '"other"' : built.etag };
  const [, first = "", last = ""] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const ifRange = request.headers["if-range"];
  if (built.withoutRanges || first === "" || (ifRange !== undefined && ifRange !== tag["etag"]))
    return void response.writeHead(200, tag).end(bytes);
  const end = Math.min(Number(last) + 1, bytes.length);
  const part = bytes.subarray(Number(first), end);
  response.writeHead(206, {
    ...tag,
    "content-length": part.length,
    "content-range": `bytes ${first}-${end - 1}/${bytes.length}`,
  });
  if (seen.length > (built.cuts ?? 0)) return void response.end(part);
  response.write(part.subarray(0, part.length / 2), () => response.destroy());
}

if (!isMainThread && parentPort) {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => serve(workerData as BuiltServer, seen, request, response));
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as { port: number }).port));
  parentPort.on("message", () => parentPort?.postMessage(seen));
}
