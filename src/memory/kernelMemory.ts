/** The address spaces of the kernel and of its tasks. */
import { Fault } from "../base/fault.ts";
import { Lru } from "../base/lru.ts";
import type { Paging, Translation, WalkStep } from "../arch/arch.ts";
import { MappedMemory } from "./mappedMemory.ts";
import type { AddressSpace, KernelMemory, ReadOnlyFallback } from "./memory.ts";
import type { DumpMemory } from "./physicalMemory.ts";

/** Size of the cache of translated kernel pages in bytes. */
const CACHE_BYTES = 4 << 20;
/** Maximum number of address spaces of tasks that are kept. */
const USER_SPACES = 64;
/** Size of the page cache of one task's address space, in pages: its stack and a few of its strings. */
const USER_SLOTS = 16;

/** The user address space of one task. */
class UserMemory extends MappedMemory {
  private readonly root: bigint | Fault;

  /** @param root physical address of the top-level table, or why it is not known */
  constructor(name: string, physical: DumpMemory, paging: Paging, root: bigint | Fault) {
    super(name, physical, paging, USER_SLOTS);
    this.root = root;
  }

  translate(address: bigint, trail?: WalkStep[]): Translation | Fault {
    if (this.root instanceof Fault) return this.root.within("page tables of the task");
    if (!this.paging.isUserAddress(address)) return Fault.at("unmapped", address, "not a user address");
    return this.walk(this.root, address, trail);
  }
}

/** The kernel's address space. */
export class DumpKernelMemory extends MappedMemory implements KernelMemory {
  private readonly users = new Lru<bigint, { readonly name: string; readonly space: UserMemory }>(USER_SPACES);
  private fallback: ReadOnlyFallback | undefined;

  constructor(physical: DumpMemory, paging: Paging) {
    super("kernel", physical, paging, Math.max(16, CACHE_BYTES / Math.min(physical.pageSize, paging.pageSize)));
  }

  isKernelAddress(address: bigint): boolean {
    return this.paging.isKernelAddress(address);
  }

  canonical(address: bigint): bigint {
    return this.paging.canonical(address);
  }

  setFallback(fallback: ReadOnlyFallback): void {
    this.fallback = fallback;
  }

  user(pgd: bigint, name: string): AddressSpace {
    const known = this.users.get(pgd);
    if (known?.name === name) return known.space;
    const root = this.translate(pgd);
    const space = new UserMemory(name, this.physical, this.paging, root instanceof Fault ? root : root.physical);
    this.users.set(pgd, { name, space });
    return space;
  }

  translate(address: bigint, trail?: WalkStep[]): Translation | Fault {
    if (!this.paging.isKernelAddress(address)) return Fault.at("unmapped", address, "not a kernel address");
    const root = this.paging.kernelRoot;
    const walked =
      root === undefined
        ? Fault.at("unknown", address, "the kernel's page tables were not found")
        : this.walk(root, address, trail);
    // An address that the tables do not map is unmapped. If a table is not in the dump, the address may still be known
    // from the layout.
    if (!(walked instanceof Fault) || walked.kind === "unmapped") return walked;
    return this.linear(address) ?? walked;
  }

  protected override load(address: bigint): Uint8Array | Fault {
    const bytes = super.load(address);
    if (!(bytes instanceof Fault) || bytes.kind === "unmapped" || this.fallback === undefined) return bytes;
    const unchanged = this.fallback(address, this.pageSize);
    return unchanged?.length === this.pageSize ? unchanged : bytes;
  }

  private linear(address: bigint): Translation | undefined {
    const range = this.paging.linear.find(({ start, end }) => address >= start && address < end);
    if (range === undefined || address - range.start + range.physical < 0n) return undefined;
    return { physical: address - range.start + range.physical, pageBytes: range.end - range.start, steps: [] };
  }
}
