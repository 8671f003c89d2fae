/** Reads a file from a web server by ranges. Runs in the worker thread that reads the source. */
import { setTimeout } from "node:timers/promises";
import { fetchWithin } from "../fetch/redirect.ts";
import { BlockCache, cachedRead } from "./blockCache.ts";
import { type FileAbout, type Source, sourceError } from "./messages.ts";
import { redactedAddress } from "./addressedFile.ts";

/** Number of bytes that the first request reads, which tells the size of the file. */
const FIRST_BYTES = 1 << 16;
/** Maximum time of one request in milliseconds. */
const REQUEST_MS = 20_000;
/** Times in milliseconds before a failed request is repeated. */
const PAUSES_MS = [200, 1000, 3000];

/** Errors that a repetition does not change. */
const isFinal = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["ENOTSUP", "ESTALE", "ENOENT", "EACCES"].includes(String(error.code));

/** A range of the file, with the facts about the whole file in the response. */
interface Range {
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Strong entity tag or date of the last change: identifies the version of the file. */
  readonly version: string | undefined;
}

/**
 * Opens a file. @param cache directory for blocks that were read
 * @throws Error with `code`; ENOTSUP if the server serves no ranges
 */
export async function httpSource(address: string, cache: string | undefined): Promise<Source> {
  const url = new URL(address);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (username !== "")
    headers["authorization"] = `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`; // prettier-ignore
  const file = new HttpFile(url.href, headers);
  const first = await file.range(0, FIRST_BYTES, undefined);
  const { size, version } = first;
  const blocks =
    cache !== undefined && version !== undefined
      ? BlockCache.open(cache, `${url.host}${url.pathname} ${version}`, size)
      : undefined;
  const about: FileAbout = { size };
  return {
    about,
    read: cachedRead(size, blocks, async (offset, length) => (await file.range(offset, length, version)).bytes),
    close: () => Promise.resolve(),
  };
}

class HttpFile {
  private readonly address: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly name: string;

  constructor(address: string, headers: Readonly<Record<string, string>>) {
    this.address = address;
    this.headers = headers;
    this.name = redactedAddress(address);
  }

  /** Returns a range, of the given version. Repeats a request that fails. */
  async range(offset: number, length: number, version: string | undefined): Promise<Range> {
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        return await this.request(offset, length, version);
      } catch (error) {
        if (isFinal(error)) throw error;
        if (pause === undefined) throw sourceError("EIO", `${this.name}: ${reasonOf(error)}`);
        await setTimeout(pause);
      }
    }
    throw sourceError("EIO", `${this.name}: no answer`);
  }

  private async request(offset: number, length: number, version: string | undefined): Promise<Range> {
    const headers = { ...this.headers, range: `bytes=${offset}-${offset + length - 1}` };
    const init = {
      headers: version === undefined ? headers : { ...headers, "if-range": version },
      signal: AbortSignal.timeout(REQUEST_MS),
    };
    const response = await fetchWithin(this.address, init, [this.address]);
    const range = response.headers.get("content-range");
    const [, start = "", total = ""] = /^bytes (\d+)-\d+\/(\d+)$/.exec(range ?? "") ?? [];
    if (response.status !== 206 || Number(start) !== offset || total === "") {
      await response.body?.cancel();
      this.refuse(response, version);
    }
    const now = versionOf(response.headers);
    if (version !== undefined && now !== version) {
      await response.body?.cancel();
      throw sourceError("ESTALE", `${this.name}: the file changed on the server while it was read: open it again`);
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== Math.min(length, Number(total) - offset))
      throw sourceError("EIO", `the server sent ${bytes.length} bytes instead of ${length}`);
    return { bytes, size: Number(total), version: now };
  }

  /** @throws Error that says what a response without the range means */
  private refuse({ status }: Response, version: string | undefined): never {
    if (status === 200 && version !== undefined)
      throw sourceError("ESTALE", `${this.name}: the file changed on the server while it was read: open it again`);
    if (status === 200)
      throw sourceError(
        "ENOTSUP",
        `${this.name}: the server serves no ranges of the file: download it with \`curl -LO -C -\` and open the copy`,
      );
    if (status === 404 || status === 410)
      throw sourceError("ENOENT", `${this.name}: there is no such file on the server`);
    if (status === 401 || status === 403)
      throw sourceError("EACCES", `${this.name}: the server refuses access (${status})`);
    if (status === 416) throw sourceError("ENOENT", `${this.name}: the file is empty`);
    throw sourceError("EIO", `the server answers with status ${status}`);
  }
}

/** Returns what identifies the version of a file; undefined if the headers do not. */
function versionOf(headers: Headers): string | undefined {
  const tag = headers.get("etag");
  if (tag !== null && !tag.startsWith("W/")) return tag;
  return headers.get("last-modified") ?? undefined;
}

const UNVERIFIED =
  "the certificate of the server cannot be verified: NODE_EXTRA_CA_CERTS can name the file of the authority that signed it";

/** Errors of the network in plain words, by code. */
const NETWORK_ERRORS: Readonly<Record<string, string | undefined>> = {
  ENOTFOUND: "no server has this name",
  EAI_AGAIN: "the name of the server cannot be looked up now",
  ECONNREFUSED: "no server listens there",
  ECONNRESET: "the server ended the connection",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ETIMEDOUT: "the server does not answer",
  UND_ERR_CONNECT_TIMEOUT: "the server does not answer",
  UND_ERR_SOCKET: "the server ended the connection",
  CERT_HAS_EXPIRED: "the certificate of the server has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server has signed its certificate itself: NODE_EXTRA_CA_CERTS can name it",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNVERIFIED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNVERIFIED,
};

/** Returns the reason of a failed request; that of `fetch` is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const known = NETWORK_ERRORS[code];
  if (known !== undefined) return known;
  if (cause instanceof Error && cause.message === "bad port") return "the port is one that browsers never use";
  return cause instanceof Error ? cause.message : String(cause);
}
