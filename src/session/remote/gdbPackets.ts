/** Exchanges packets of gdb's remote serial protocol (gdb's documentation, "Remote Protocol"). */
import { connect, type Socket } from "node:net";
import { sourceError } from "./messages.ts";

/** Maximum number of bytes that the other side sends without completing a packet. */
const MAX_PENDING = 8 << 20;
/** Maximum times in milliseconds until a connection is made, and until an answer is complete. */
const CONNECT_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** Number of characters of an answer that is not a packet that a message quotes. */
const MAX_QUOTED = 40;

/** Where a gdbstub listens. */
export type GdbAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Parses `HOST:PORT` or `unix:PATH`; undefined if it is neither. */
export function gdbAddress(text: string): GdbAddress | undefined {
  const [, path] = /^unix:(.+)$/.exec(text) ?? [];
  if (path !== undefined) return { path };
  const [, host = "", port = ""] = /^(\[[0-9a-f:]+\]|[\w.-]*):(\d{1,5})$/i.exec(text) ?? [];
  if (port === "" || Number(port) > 65535) return undefined;
  return { host: host.replace(/^\[|\]$/g, "") || "localhost", port: Number(port) };
}

/** A connection that sends packets and receives their replies in order. */
export class GdbPackets {
  private readonly socket: Socket;
  private readonly name: string;
  private pending = "";
  /** Whether the other side has sent a packet. */
  private hasPacket = false;
  private readonly replies: string[] = [];
  /** Stop replies arrive when the guest stops, also between a packet and its reply. */
  private readonly stops: string[] = [];
  private waiting: (() => void) | undefined;
  private ended: Error | undefined;

  private constructor(socket: Socket, name: string) {
    this.socket = socket;
    this.name = name;
    socket.setEncoding("latin1");
    socket.setNoDelay(true);
    socket.on("data", (text: string) => this.receive(text));
    const gone = (): void =>
      this.end(sourceError("ECONNRESET", `${name}: the other side ended the connection; QEMU may have ended`));
    socket.on("error", gone);
    socket.on("close", gone);
  }

  /** Connects to a gdbstub. @throws Error with `code` if nothing listens there, or if there is no connection in time */
  static connect(address: GdbAddress, name: string): Promise<GdbPackets> {
    return new Promise((resolve, reject) => {
      const socket = connect(address);
      const timer = setTimeout(() => {
        socket.destroy();
        reject(sourceError("ETIMEDOUT", `${name}: no connection within ${CONNECT_TIMEOUT_MS / 1000} seconds`));
      }, CONNECT_TIMEOUT_MS);
      socket.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        resolve(new GdbPackets(socket, name));
      });
    });
  }

  /** Sends packets at once. */
  send(...packets: readonly string[]): void {
    this.socket.write(packets.map((text) => `$${text}#${checksum(text)}`).join(""), "latin1");
  }

  /** Returns the next reply. @throws Error with `code` if none arrives */
  reply(): Promise<string> {
    return this.next(this.replies);
  }

  /** Stops a guest that runs, and waits until it has stopped. */
  async interrupt(): Promise<void> {
    this.stops.length = 0;
    this.socket.write("\x03", "latin1");
    await this.next(this.stops);
  }

  private async next(queue: string[]): Promise<string> {
    while (queue.length === 0) {
      if (this.ended) throw this.ended;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          this.ended = sourceError(
            "ETIMEDOUT",
            `${this.name}: no answer within ${ANSWER_TIMEOUT_MS / 1000} seconds: QEMU serves one debugger at a time; end the other, and check that this is the address of QEMU's -gdb`,
          );
          resolve();
        }, ANSWER_TIMEOUT_MS);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return queue.shift() ?? "";
  }

  /** Sends a packet and returns its reply. */
  async ask(packet: string): Promise<string> {
    this.send(packet);
    return this.reply();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) return resolve();
      this.socket.once("close", resolve);
      this.socket.end(resolve);
    });
  }

  private end(error: Error): void {
    this.ended ??= error;
    this.waiting?.();
  }

  private receive(text: string): void {
    if (this.ended) return;
    this.pending += text;
    if (!this.hasPacket) this.checkStart();
    for (;;) {
      const start = this.pending.indexOf("$");
      const end = start < 0 ? -1 : this.pending.indexOf("#", start);
      if (end < 0 || this.pending.length < end + 3) break;
      // The checksum is not verified, because TCP and local sockets already guarantee the bytes.
      const packet = decoded(this.pending.slice(start + 1, end));
      (/^[TS][0-9a-f]{2}/.test(packet) ? this.stops : this.replies).push(packet);
      this.pending = this.pending.slice(end + 3);
      this.hasPacket = true;
      this.socket.write("+");
    }
    if (this.pending.length > MAX_PENDING) this.end(sourceError("EPROTO", `${this.name}: not a gdbstub`));
    this.waiting?.();
  }

  /** Ends the connection if the other side begins with something else than acknowledgements or a packet. */
  private checkStart(): void {
    const [start = ""] = /[^+-][^]*/.exec(this.pending) ?? [];
    if (start === "" || start.startsWith("$")) return;
    const quoted = /^[\x20-\x7e]*/.exec(start.slice(0, MAX_QUOTED))?.[0] ?? "";
    const what = quoted.length > 3 ? `it answers "${quoted}"` : "it answers with other data";
    this.end(sourceError("EPROTO", `${this.name}: not a gdbstub: ${what}; give the address of QEMU's -gdb`));
    this.socket.destroy();
  }
}

const checksum = (text: string): string =>
  Buffer.of(Buffer.from(text, "latin1").reduce((sum, byte) => sum + byte, 0) & 0xff).toString("hex");

/** Expands run-length encoding (`x*n`) and escapes (`}x`). */
function decoded(text: string): string {
  if (!/[*}]/.test(text)) return text;
  let plain = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === "}") plain += String.fromCharCode(text.charCodeAt(++i) ^ 0x20);
    else if (char === "*") plain += (plain.at(-1) ?? "").repeat(Math.max(0, text.charCodeAt(++i) - 29));
    else plain += char;
  }
  return plain;
}
