import type { Arch } from "../../src/arch/arch.ts";
import { type ByteOrder, viewOf } from "../../src/base/bytes.ts";
import { Fault } from "../../src/base/fault.ts";
import type { AddressSpace, KernelMemory, PhysicalMemory, ReadOnlyFallback } from "../../src/memory/memory.ts";

const PAGE = 4096;

/** Pages that appear where something is put. */
export class ToyMemory implements KernelMemory, PhysicalMemory {
  readonly name: string;
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** Address spaces below `mm->pgd`, and physical memory: put into them as into the kernel's. */
  readonly users = new Map<bigint, ToyMemory>();
  /** Answered instead of "excluded" where nothing was put. */
  readonly faults = new Map<bigint, Fault>();
  private readonly arch: Pick<Arch, "byteOrder" | "wordSize">;
  private readonly pages = new Map<bigint, Uint8Array>();
  private free: bigint;
  private lazyPhysical: ToyMemory | undefined;
  private fallback: ReadOnlyFallback = () => undefined;

  constructor(name: string, arch: Pick<Arch, "byteOrder" | "wordSize">) {
    this.name = name;
    this.arch = arch;
    this.byteOrder = arch.byteOrder;
    this.wordSize = arch.wordSize;
    this.free = arch.wordSize === 8 ? 0xffff_ffff_7000_0000n : 0xf000_0000n;
  }

  get physical(): ToyMemory {
    return (this.lazyPhysical ??= new ToyMemory("physical", this.arch));
  }

  user(pgd: bigint, name: string): ToyMemory {
    let memory = this.users.get(pgd);
    if (!memory) this.users.set(pgd, (memory = new ToyMemory(name, this.arch)));
    return memory;
  }

  readonly pageSize = PAGE;

  get end(): bigint {
    return BigInt(PAGE) * [...this.pages.keys()].reduce((end, number) => (number >= end ? number + 1n : end), 0n);
  }

  next(address: bigint): bigint | undefined {
    const numbers = [...this.pages.keys()]
      .filter((number) => (number + 1n) * BigInt(PAGE) > address)
      .sort((a, b) => (a < b ? -1 : 1));
    return numbers[0] === undefined ? undefined : numbers[0] * BigInt(PAGE);
  }

  setFallback(fallback: ReadOnlyFallback): void {
    this.fallback = fallback;
  }

  isKernelAddress(address: bigint): boolean {
    return address >= (this.wordSize === 8 ? 0xffff_8000_0000_0000n : 0xc000_0000n);
  }

  canonical(address: bigint): bigint {
    return address;
  }

  /** Room for `length` bytes that nothing else uses. */
  allot(length: number): bigint {
    const address = this.free;
    this.free += BigInt((length + 15) & ~15);
    return address;
  }

  poke(address: bigint, bytes: Uint8Array): void {
    bytes.forEach((byte, i) => {
      const at = address + BigInt(i);
      const number = at / BigInt(PAGE);
      let page = this.pages.get(number);
      if (!page) this.pages.set(number, (page = new Uint8Array(PAGE)));
      page[Number(at % BigInt(PAGE))] = byte;
    });
  }

  peek(address: bigint): number {
    return this.pages.get(address / BigInt(PAGE))?.[Number(address % BigInt(PAGE))] ?? 0;
  }

  page(address: bigint): Uint8Array | Fault {
    const page = this.pages.get(address / BigInt(PAGE));
    return (
      page?.subarray(Number(address % BigInt(PAGE))) ??
      this.faults.get(address) ??
      Fault.at("excluded", address, "page excluded from dump")
    );
  }

  read(address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const page = this.page(address + BigInt(done));
      if (page instanceof Fault) throw page;
      bytes.set(page.subarray(0, length - done), done);
      done += page.length;
    }
    return bytes;
  }

  u8(address: bigint): number {
    return viewOf(this.read(address, 1)).getUint8(0);
  }
  u16(address: bigint): number {
    return viewOf(this.read(address, 2)).getUint16(0, this.byteOrder === "little");
  }
  u32(address: bigint): number {
    return viewOf(this.read(address, 4)).getUint32(0, this.byteOrder === "little");
  }
  u64(address: bigint): bigint {
    return viewOf(this.read(address, 8)).getBigUint64(0, this.byteOrder === "little");
  }
  word(address: bigint): bigint {
    return this.wordSize === 8 ? this.u64(address) : BigInt(this.u32(address));
  }

  cString(address: bigint, limit = 4096): string {
    const bytes: number[] = [];
    for (let i = 0; i < limit; i++) {
      const byte = this.u8(address + BigInt(i));
      if (byte === 0) break;
      bytes.push(byte);
    }
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }

  stretch(address: bigint): Uint8Array | Fault {
    return this.page(address);
  }

  translate(address: bigint): ReturnType<AddressSpace["translate"]> {
    return Fault.at("unmapped", address, "a toy has no page tables");
  }
}
