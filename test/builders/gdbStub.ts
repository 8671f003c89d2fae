/** A gdbstub as QEMU's, in a thread of its own, because the thread of the engine waits for its answers. */
import { createServer, type Socket } from "node:net";
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** What the stub serves. */
export interface BuiltGuest {
  /** Pages by physical address; other memory reads as zeros. */
  readonly pages: Readonly<Record<number, Uint8Array>>;
  /** Output of the monitor's `info mtree -f`. */
  readonly tree: string;
  /** Values of the registers of `registersXml` for each CPU. */
  readonly cpus?: readonly (readonly bigint[])[];
  /** Whether it lacks Qqemu.PhyMemMode. */
  readonly isOld?: boolean;
  /** What a server that is not a stub sends instead of packets; "end" ends the connection. */
  readonly greeting?: string | undefined;
  /** Whether it answers packets for memory with an error. */
  readonly refusesMemory?: boolean;
  /** An address whose packet it answers with an error. */
  readonly refusedAddress?: number;
  /** Whether it never answers packets for memory. */
  readonly isMute?: boolean;
}

/** Registers of 8 and 4 bytes, and one that is too large to be a number. */
const REGISTERS = `<feature name="core"><reg name="rip" bitsize="64" type="code_ptr"/><reg name="eflags" bitsize="32"/>
<reg name="xmm0" bitsize="128"/><reg name="cr3" bitsize="64"/></feature>`;
const SIZES = [8, 4, 16, 8];
const DESCRIPTION = `<target><architecture>i386:x86-64</architecture><xi:include href="core.xml"/></target>`;

/** A stub that runs. `log` has the packets that it received, but not those for memory. */
export interface GdbStub {
  readonly port: number;
  log(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts a stub on a free port. */
export async function gdbStub(guest: BuiltGuest): Promise<GdbStub> {
  const worker = new Worker(new URL(import.meta.url), { workerData: guest });
  const [port] = (await once(worker, "message")) as [number];
  return {
    port,
    async log() {
      worker.postMessage("log");
      const [packets] = (await once(worker, "message")) as [readonly string[]];
      return packets;
    },
    stop: async () => void (await worker.terminate()),
  };
}

const hexOf = (text: string): string => Buffer.from(text).toString("hex");
const framed = (text: string): string =>
  `$${text}#${(Buffer.from(text, "latin1").reduce((sum, byte) => sum + byte, 0) & 255).toString(16).padStart(2, "0")}`;

function serve(socket: Socket, guest: BuiltGuest, log: string[]): void {
  if (guest.greeting !== undefined) {
    socket.on("error", () => {});
    if (guest.greeting === "end") socket.destroy();
    else socket.write(guest.greeting, "latin1");
    return;
  }
  let cpu = 0;
  const memory = (address: number, length: number): string => {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at++) {
      const page = guest.pages[Math.floor((address + at) / 4096) * 4096];
      bytes[at] = page?.[(address + at) % 4096] ?? 0;
    }
    return bytes.toString("hex");
  };
  const document = (text: string, at: number, length: number): string =>
    (at + length < text.length ? "m" : "l") + text.slice(at, at + length);
  const registers = (): string =>
    SIZES.map((size, i) => {
      const value = guest.cpus?.[cpu]?.[i] ?? 0n;
      return Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex")
        .reverse()
        .toString("hex");
    }).join("");
  const answer = (packet: string): readonly string[] => {
    const [, at = "", length = ""] = /([0-9a-f]+),([0-9a-f]+)$/.exec(packet) ?? [];
    const range = [Number.parseInt(at, 16), Number.parseInt(length, 16)] as const;
    const isRefused = guest.refusesMemory === true || guest.refusedAddress === range[0];
    if (packet.startsWith("m")) return guest.isMute ? [] : isRefused ? ["E14"] : [memory(...range)];
    log.push(packet);
    if (packet.startsWith("qSupported")) return ["PacketSize=1000;qXfer:features:read+"];
    if (packet === "Qqemu.PhyMemMode:1") return guest.isOld ? [""] : ["OK"];
    if (packet.startsWith("qRcmd")) return [...guest.tree.split(/(?<=\n)/).map((line) => `O${hexOf(line)}`), "OK"];
    if (packet.startsWith("qXfer"))
      return [document(packet.includes("target.xml") ? DESCRIPTION : REGISTERS, ...range)];
    if (packet === "qfThreadInfo") return [(guest.cpus ?? []).length > 0 ? `m${guest.cpus?.map((_, i) => i + 1).join(",")}` : "l"]; // prettier-ignore
    if (packet === "qsThreadInfo") return ["l"];
    if (packet.startsWith("Hg")) cpu = Number(packet.slice(2)) - 1;
    if (packet === "c") return [];
    return [packet === "g" ? registers() : "OK"];
  };
  // As QEMU does: the guest stops when the connection opens.
  socket.write(framed("T02thread:01;"));
  let pending = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (text: string) => {
    pending += text;
    for (;;) {
      const found = /^\+*(?:(\x03)|\$([^#]*)#..)/.exec(pending);
      if (!found) break;
      pending = pending.slice(found[0].length);
      const replies = found[1] ? ["T02thread:01;"] : answer(found[2] ?? "");
      if (found[1]) log.push("interrupt");
      socket.write(replies.map(framed).join(""));
    }
  });
}

if (!isMainThread && parentPort) {
  const log: string[] = [];
  const server = createServer((socket) => serve(socket, workerData as BuiltGuest, log));
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as { port: number }).port));
  parentPort.on("message", () => parentPort?.postMessage(log));
}
