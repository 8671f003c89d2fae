import { Fault } from "../base/fault.ts";
import type { Paging, Translation, WalkStep } from "../arch/arch.ts";
import { MappedMemory } from "./mappedMemory.ts";
import type { DumpMemory } from "./physicalMemory.ts";

/** A task's stack and a few of its strings; a dump has many tasks. */
const SLOTS = 16;

/** What one task sees of its own address space. */
export class UserMemory extends MappedMemory {
  private readonly root: bigint | Fault;

  /** @param root physical address of the top table, or why it is not known */
  constructor(name: string, physical: DumpMemory, paging: Paging, root: bigint | Fault) {
    super(name, physical, paging, SLOTS);
    this.root = root;
  }

  translate(address: bigint, trail?: WalkStep[]): Translation | Fault {
    if (this.root instanceof Fault) return this.root.within("page tables of the task");
    if (!this.paging.isUserAddress(address)) return Fault.at("unmapped", address, "not a user address");
    return this.walk(this.root, address, trail);
  }
}
