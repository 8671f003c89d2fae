/**
 * Reads the memory and the registers of a QEMU guest through its gdbstub. Runs in the worker thread that reads the
 * source.
 */
import { gdbAddress, GdbPackets } from "./gdbPackets.ts";
import { type GuestRange, ramRanges, registerPlaces, registerValues } from "./guestFacts.ts";
import { type Source, sourceError } from "./messages.ts";

/** Number of bytes that one packet requests: QEMU's packets have at most 4096 characters, two for each byte. */
const PACKET_BYTES = 2048;
/** Number of packets that are sent before the first reply arrives. */
const PACKETS_AHEAD = 64;
/** How long a guest that is read while it runs stays stopped for the next read, in milliseconds. */
const REST_MS = 50;
/** Maximum numbers of CPUs, of parts of a file, and of packets of output, because the other side can be anything. */
const MAX_CPUS = 4096;
const MAX_PARTS = 256;
const MAX_OUTPUT_PACKETS = 1 << 16;
/** Number of bytes of a file that one packet requests. */
const XML_BYTES = 2048;

/** Description of a guest. Registers are hexadecimal numbers by name, one object for each CPU. */
export interface GuestAbout {
  readonly ranges: readonly GuestRange[];
  readonly cpus: readonly Readonly<Record<string, string>>[];
}

const failed = (message: string): Error => sourceError("EPROTO", message);

/**
 * Connects to a gdbstub, which stops the guest. Closing lets the guest continue.
 * @param isLive lets the guest run between reads
 * @throws Error with `code`
 */
export async function gdbSource(text: string, isLive: boolean): Promise<Source> {
  const address = gdbAddress(text);
  if (!address) throw failed(`gdb:${text}: neither gdb:HOST:PORT nor gdb:unix:PATH`);
  const packets = await GdbPackets.connect(address, `gdb:${text}`);
  const guest = new Guest(packets, `gdb:${text}`, isLive);
  try {
    return await guest.open();
  } catch (error) {
    await guest.close();
    throw error;
  }
}

class Guest {
  private readonly packets: GdbPackets;
  private readonly name: string;
  private readonly isLive: boolean;
  private ranges: readonly GuestRange[] = [];
  private isStopped = true;
  private timer: NodeJS.Timeout | undefined;

  constructor(packets: GdbPackets, name: string, isLive: boolean) {
    this.packets = packets;
    this.name = name;
    this.isLive = isLive;
  }

  async open(): Promise<Source> {
    const { packets } = this;
    const features = await packets.ask("qSupported:xmlRegisters=i386");
    if ((await packets.ask("Qqemu.PhyMemMode:1")) !== "OK")
      throw failed(`${this.name}: not the gdbstub of a QEMU from version 4.1 on, which alone gives physical memory`);
    this.ranges = ramRanges(await this.monitor("info mtree -f"));
    if (this.ranges.length === 0)
      throw failed(`${this.name}: QEMU's monitor command "info mtree -f" names no memory of the guest`);
    const cpus = features.includes("qXfer:features:read") ? await this.registers() : [];
    const about: GuestAbout = { ranges: this.ranges, cpus };
    this.rest();
    return { about, read: (offset, length) => this.read(offset, length), close: () => this.close() };
  }

  /** Reads memory at an offset of all ranges together. */
  private async read(offset: number, length: number): Promise<Uint8Array> {
    await this.stop();
    const bytes = Buffer.alloc(length);
    let done = 0;
    let start = 0;
    for (const { first, last } of this.ranges) {
      const size = last + 1 - first;
      while (done < length && offset + done >= start && offset + done < start + size) {
        const at = offset + done - start;
        const count = Math.min(length - done, size - at, PACKETS_AHEAD * PACKET_BYTES);
        await this.fill(bytes.subarray(done, done + count), first + at);
        done += count;
      }
      start += size;
    }
    this.rest();
    return bytes.subarray(0, done);
  }

  /** Fills `target` with physical memory, at most `PACKETS_AHEAD` packets. */
  private async fill(target: Buffer, address: number): Promise<void> {
    const parts: { readonly at: number; readonly count: number }[] = [];
    for (let at = 0; at < target.length; at += PACKET_BYTES)
      parts.push({ at, count: Math.min(PACKET_BYTES, target.length - at) });
    this.packets.send(...parts.map(({ at, count }) => `m${(address + at).toString(16)},${count.toString(16)}`));
    let failure: Error | undefined;
    // After a failure read the other replies too, because the next read would take them for its own.
    for (const { at, count } of parts) {
      const reply = await this.packets.reply();
      if (reply.length !== 2 * count || target.write(reply, at, "hex") !== count)
        failure ??= failed(`${this.name}: no memory at 0x${(address + at).toString(16)} (${reply.slice(0, 8)})`);
    }
    if (failure) throw failure;
  }

  /** Runs a command of QEMU's monitor and returns its output. */
  private async monitor(command: string): Promise<string> {
    this.packets.send(`qRcmd,${Buffer.from(command).toString("hex")}`);
    let output = "";
    for (let i = 0; i < MAX_OUTPUT_PACKETS; i++) {
      const reply = await this.packets.reply();
      if (!/^O[0-9a-f]/.test(reply)) return output;
      output += Buffer.from(reply.slice(1), "hex").toString("latin1");
    }
    throw failed(`${this.name}: the output of "${command}" does not end`);
  }

  /** Reads the registers of each CPU, with the names of the target's description. */
  private async registers(): Promise<GuestAbout["cpus"]> {
    const places = await registerPlaces((part) => this.description(part));
    const cpus: Readonly<Record<string, string>>[] = [];
    for (const thread of await this.threads()) {
      await this.packets.ask(`Hg${thread}`);
      cpus.push(registerValues(places, await this.packets.ask("g")));
    }
    return cpus;
  }

  private async threads(): Promise<readonly string[]> {
    const threads: string[] = [];
    let reply = await this.packets.ask("qfThreadInfo");
    while (reply.startsWith("m") && threads.length < MAX_CPUS) {
      threads.push(...reply.slice(1).split(","));
      reply = await this.packets.ask("qsThreadInfo");
    }
    return threads;
  }

  /** Returns a file of the target's description. */
  private async description(file: string): Promise<string> {
    let text = "";
    for (let i = 0; i < MAX_PARTS; i++) {
      const at = text.length.toString(16);
      const reply = await this.packets.ask(`qXfer:features:read:${file}:${at},${XML_BYTES.toString(16)}`);
      text += reply.slice(1);
      if (reply.length < 2 || !reply.startsWith("m")) break;
    }
    return text;
  }

  private async stop(): Promise<void> {
    clearTimeout(this.timer);
    if (this.isStopped) return;
    await this.packets.interrupt();
    this.isStopped = true;
  }

  /** Lets a guest that is read while it runs continue soon. */
  private rest(): void {
    if (!this.isLive) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.packets.send("c");
      this.isStopped = false;
    }, REST_MS);
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.stop();
    // Detaching continues the guest.
    this.packets.send("D");
    await this.packets.close();
  }
}
