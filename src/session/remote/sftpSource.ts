/**
 * Reads a file of another machine through the user's own ssh and the server's SFTP subsystem
 * (draft-ietf-secsh-filexfer-02, protocol version 3). Runs in the worker thread that reads the source.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { BlockCache, cachedRead } from "./blockCache.ts";
import { type FileAbout, type Source, sourceError } from "./messages.ts";

// Types of packets, and status codes (sections 3 and 7).
const INIT = 1;
const VERSION = 2;
const OPEN = 3;
const CLOSE = 4;
const READ = 5;
const FSTAT = 8;
const STATUS = 101;
const HANDLE = 102;
const DATA = 103;
const ATTRS = 105;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

const PROTOCOL = 3;
/** pflags of OPEN, and flags of ATTRS. */
const FOR_READING = 1;
const HAS_SIZE = 1;
const HAS_OWNER = 2;
const HAS_PERMISSIONS = 4;
const HAS_TIMES = 8;

/** Bytes of one READ. Every server must support this size (section 3). The READs of a range are sent without waiting. */
const READ_BYTES = 1 << 15;
/** Limits for a packet of the server, in bytes: each has a type, and an id or a version. */
const MIN_PACKET = 5;
const MAX_PACKET = 1 << 18;
/** Limits in milliseconds for the start and for an answer, and in characters for the kept error output of ssh. */
const OPEN_MS = 50_000;
const ANSWER_MS = 60_000;
const MAX_ERROR_OUTPUT = 4000;

/** A file on an SSH server. */
export interface SshPlace {
  readonly user: string | undefined;
  readonly host: string;
  readonly port: string | undefined;
  readonly path: string;
}

/**
 * Returns the parts of `ssh://[user@]host[:port]/path`; undefined for other addresses. Host and user are checked,
 * because they become arguments of ssh. `/~/x` is a path below the home directory.
 */
export function sshPlace(address: string): SshPlace | undefined {
  const [, user, host = "", port, path = ""] =
    /^ssh:\/\/(?:([A-Za-z_][\w.-]{0,63})@)?([A-Za-z0-9][A-Za-z0-9.-]{0,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(\d{1,5}))?(\/.{1,4096})$/.exec(address) ?? []; // prettier-ignore
  if (path === "") return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    decoded = path;
  }
  return { user, host: host.replace(/^\[|\]$/g, ""), port, path: decoded.replace(/^\/~\//, "") };
}

/** Opens a file. @param cache directory for blocks that were read @throws Error with `code` */
export async function sftpSource(address: string, cache: string | undefined): Promise<Source> {
  const place = sshPlace(address);
  if (!place) throw sourceError("EINVAL", `${address}: not ssh://[user@]host[:port]/path`);
  const { user, host, port, path } = place;
  const options = ["-o", "BatchMode=yes", ...(port === undefined ? [] : ["-p", port]), ...(user === undefined ? [] : ["-l", user])]; // prettier-ignore
  const connection = new Connection(spawn("ssh", [...options, "-s", "--", host, "sftp"]), address);
  try {
    await connection.start();
    const handle = (await connection.ask(OPEN, [text(path), u32(FOR_READING), u32(0)], HANDLE)).bytes();
    const { size, time } = await connection.state(handle);
    const blocks = cache === undefined ? undefined : BlockCache.open(cache, `${address} ${time}`, size);
    const about: FileAbout = { size };
    return {
      about,
      read: cachedRead(size, blocks, async (offset, length) => {
        const [bytes, now] = await Promise.all([connection.range(handle, offset, length), connection.state(handle)]);
        if (now.size !== size || now.time !== time)
          throw sourceError("ESTALE", `${address}: the file changed on the server while it was read: open it again`);
        return bytes;
      }),
      async close() {
        await connection.ask(CLOSE, [text(handle)], STATUS).catch(() => undefined);
        connection.end();
      },
    };
  } catch (error) {
    connection.end();
    throw error;
  }
}

interface Waiting {
  readonly resolve: (packet: Packet) => void;
  readonly reject: (error: Error) => void;
}

/** A packet from the server, read from its beginning to its end. */
class Packet {
  readonly type: number;
  private readonly view: DataView;
  private readonly all: Uint8Array;
  private readonly server: string;
  private at = 1;

  constructor(all: Uint8Array, server: string) {
    this.all = all;
    this.server = server;
    this.view = new DataView(all.buffer, all.byteOffset, all.length);
    this.type = all[0] ?? 0;
  }

  private place(size: number): number {
    const at = this.at;
    if (at + size > this.all.length)
      throw sourceError("EPROTO", `${this.server}: the SFTP server sent a packet that is too short`);
    this.at += size;
    return at;
  }

  u32(): number {
    return this.view.getUint32(this.place(4));
  }

  u64(): number {
    return Number(this.view.getBigUint64(this.place(8)));
  }

  bytes(): Uint8Array {
    const size = this.u32();
    const at = this.place(size);
    return this.all.subarray(at, at + size);
  }
}

/** A connection to an SFTP server through ssh. */
class Connection {
  private readonly child: ChildProcess;
  private readonly name: string;
  private readonly waiting = new Map<number, Waiting>();
  private received: Uint8Array = new Uint8Array(0);
  private errorOutput = "";
  private lastId = 0;
  private failure: Error | undefined;

  constructor(child: ChildProcess, name: string) {
    this.child = child;
    this.name = name;
    child.stdout?.on("data", (bytes: Uint8Array) => this.receive(bytes));
    child.stderr?.setEncoding("utf8").on("data", (more: string) => {
      this.errorOutput = (this.errorOutput + more).slice(-MAX_ERROR_OUTPUT);
    });
    child.stdin?.on("error", () => {});
    child.once("error", (error) => this.fail(`ssh cannot be started: ${error.message}`));
    child.once("close", () => this.fail(this.errorOutput.trim().split("\n").at(-1) || "ssh ended the connection"));
  }

  /** Exchanges the versions. */
  async start(): Promise<void> {
    const answer = this.answer(0, OPEN_MS);
    this.send(INIT, [u32(PROTOCOL)]);
    const packet = await answer;
    if (packet.type !== VERSION) throw sourceError("EPROTO", `${this.name}: the answer is not that of an SFTP server`);
  }

  /** Sends a request, and returns its answer. @throws Error with `code` if it has another type */
  async ask(type: number, fields: readonly Uint8Array[], expected: number): Promise<Packet> {
    const id = ++this.lastId;
    const answer = this.answer(id, ANSWER_MS);
    this.send(type, [u32(id), ...fields]);
    const packet = await answer;
    if (packet.type === expected) return packet;
    if (packet.type !== STATUS) throw sourceError("EPROTO", `${this.name}: the SFTP server sent a packet of type ${packet.type}`); // prettier-ignore
    const status = packet.u32();
    if (status === NO_SUCH_FILE) throw sourceError("ENOENT", `${this.name}: there is no such file on the server`);
    if (status === PERMISSION_DENIED) throw sourceError("EACCES", `${this.name}: the server refuses access`);
    throw sourceError("EIO", `${this.name}: ${Buffer.from(packet.bytes()).toString() || `SFTP status ${status}`}`);
  }

  /** Returns the size of an open file, and the time of its last change in seconds. */
  async state(handle: Uint8Array): Promise<{ readonly size: number; readonly time: number }> {
    const packet = await this.ask(FSTAT, [text(handle)], ATTRS);
    const flags = packet.u32();
    if (!(flags & HAS_SIZE))
      throw sourceError("EPROTO", `${this.name}: the server does not report the size of the file`);
    const size = packet.u64();
    for (const [flag, words] of [[HAS_OWNER, 2], [HAS_PERMISSIONS, 1]] as const) if (flags & flag) for (let i = 0; i < words; i++) packet.u32(); // prettier-ignore
    if (!(flags & HAS_TIMES)) return { size, time: 0 };
    packet.u32();
    return { size, time: packet.u32() };
  }

  /** Reads a range: sends all requests, then waits for their answers. */
  async range(handle: Uint8Array, offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const part = async (at: number, end: number): Promise<void> => {
      while (at < end) {
        const packet = await this.ask(READ, [text(handle), u64(offset + at), u32(end - at)], DATA);
        const data = packet.bytes().subarray(0, end - at);
        // Reject a DATA packet without bytes, because the loop would not end. (The end of the file is a STATUS.)
        if (data.length === 0) throw sourceError("EIO", `${this.name}: the server sent no bytes`);
        bytes.set(data, at);
        at += data.length;
      }
    };
    const parts: Promise<void>[] = [];
    for (let at = 0; at < length; at += READ_BYTES) parts.push(part(at, Math.min(length, at + READ_BYTES)));
    await Promise.all(parts);
    return bytes;
  }

  end(): void {
    this.child.kill();
  }

  private answer(id: number, limit: number): Promise<Packet> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`no answer within ${limit / 1000} s`), limit);
      const settled = <T>(settle: (value: T) => void) => (value: T): void => (clearTimeout(timer), settle(value)); // prettier-ignore
      this.waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
    });
  }

  private send(type: number, fields: readonly Uint8Array[]): void {
    const size = fields.reduce((sum, { length }) => sum + length, 1);
    this.child.stdin?.write(Buffer.concat([u32(size), Uint8Array.of(type), ...fields]));
  }

  private receive(bytes: Uint8Array): void {
    this.received = this.received.length === 0 ? bytes : Buffer.concat([this.received, bytes]);
    while (this.received.length >= 5) {
      const size = new DataView(this.received.buffer, this.received.byteOffset).getUint32(0);
      if (size < MIN_PACKET || size > MAX_PACKET) return this.fail(`a packet of ${size} bytes is not SFTP: does a login script of the server print text?`); // prettier-ignore
      if (this.received.length < 4 + size) return;
      const packet = new Packet(new Uint8Array(this.received.subarray(4, 4 + size)), this.name);
      this.received = this.received.subarray(4 + size);
      this.deliver(packet);
    }
  }

  private deliver(packet: Packet): void {
    // The answer to INIT has the version in place of an id.
    const id = packet.type === VERSION ? 0 : packet.u32();
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    waiting?.resolve(packet);
  }

  private fail(reason: string): void {
    this.failure ??= sourceError("EIO", `${this.name}: ${reason}`);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
    this.end();
  }
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Returns a string of the protocol: its length and its bytes. */
function text(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([u32(bytes.length), bytes]);
}
