/** The custom request "What is this address?". */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { demangled } from "../../base/rust/demangle.ts";
import { faultSpan, spanText } from "../../say/piece.ts";
import { type Container, identify } from "../../linux/identify.ts";
import { moduleName } from "../../linux/module/module.ts";
import { pageFlagNames } from "../../linux/mm/pageFlags.ts";
import { pageUse } from "../../linux/mm/pageUse.ts";
import { slabStruct } from "../../linux/slab/slabTypes.ts";
import { cacheName, objectSize } from "../../linux/slab/slab.ts";
import { commAndPid } from "../../linux/sched/task.ts";
import { vmapCaller } from "../../linux/mm/vmalloc.ts";
import { vmaPath, vmaRange } from "../../linux/mm/vma.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { IdentifiedFact } from "../../protocol/custom.ts";
import { addressOf } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { scopeOf } from "../values/scope.ts";

/** Identifies an address and returns the facts about it. */
export const identifies: Pick<Handlers, "vmcore/identify"> = {
  *"vmcore/identify"(target, { text, frameId }) {
    const { kernel } = target;
    const row = frameId === undefined ? undefined : target.frames.get(frameId);
    const address = addressOf(target, text, row && scopeOf(target, row));
    const task = row?.thread.task ?? attempt(() => target.threads.first().task);
    const containers = [];
    for (const container of identify(kernel, address, task instanceof Fault ? undefined : task)) {
      containers.push({ kind: container.kind, facts: [...factsOf(kernel, container)] });
      yield;
    }
    return { address: hex0x(address), containers };
  },
};

/** Returns one fact. What cannot be read is shown as a fault. */
function fact(name: string, read: () => string | undefined, link?: string): IdentifiedFact {
  const text = attempt(read);
  const shown = text instanceof Fault ? spanText(faultSpan(text)) : (text ?? "unknown");
  return { name, text: shown, ...(link === undefined || text instanceof Fault ? {} : { link }) };
}

/** Returns a fact with an address that the user can follow. */
const place = (name: string, address: bigint): IdentifiedFact => fact(name, () => hex0x(address), hex0x(address));

const offsetFact = (bytes: number): IdentifiedFact => fact("Offset", () => `${bytes} (${hex0x(BigInt(bytes))})`);

const taskFact = (task: Obj): IdentifiedFact => fact("Task", () => commAndPid(task), hex0x(task.address));

/** Returns a fact with a struct that the user can open. */
const structFact = (name: string, address: bigint): IdentifiedFact => ({
  name: "Struct",
  text: `struct ${name}`,
  object: `*(struct ${name} *)${hex0x(address)}`,
});

/** Yields the name of a symbol as a fact; for Rust the demangled name, then the mangled one. */
function* symbolFacts(label: string, symbol: string): Generator<IdentifiedFact, void, void> {
  const plain = demangled(symbol);
  yield fact(label, () => plain, symbol);
  if (plain !== symbol) yield fact("Mangled", () => symbol, symbol);
}

function* factsOf(kernel: Kernel, container: Container): Generator<IdentifiedFact, void, void> {
  switch (container.kind) {
    case "symbol":
      yield* symbolFacts("Symbol", container.symbol.name);
      return yield offsetFact(container.offset);
    case "per-CPU variable":
      yield* symbolFacts("Variable", container.symbol.name);
      yield fact("CPU", () => String(container.cpu));
      return yield offsetFact(container.offset);
    case "module section":
      yield fact("Module", () => moduleName(container.module), hex0x(container.module.address));
      yield structFact("module", container.module.address);
      yield fact("Section", () => container.section.name, hex0x(container.section.address));
      return yield offsetFact(container.offset);
    case "slab object":
      return yield* slabFacts(kernel, container);
    case "task":
    case "task stack":
      yield taskFact(container.task);
      yield structFact("task_struct", container.task.address);
      return yield offsetFact(container.offset);
    case "CPU stack":
      yield fact("Stack", () => container.stack.kind);
      yield fact("CPU", () => String(container.stack.cpu ?? "unknown"));
      yield place("Start", container.stack.start);
      return yield offsetFact(container.offset);
    case "free block":
      yield fact("Pages", () => `${2 ** container.block.order} (order ${container.block.order})`);
      return yield fact("First page frame", () => String(container.block.pfn));
    case "vmalloc area":
      yield* rangeFacts(container.area);
      yield callerFact(kernel, vmapCaller(container.area));
      if (container.area.vm) yield structFact("vm_struct", container.area.vm.address);
      return yield offsetFact(container.offset);
    case "page struct":
    case "page":
      return yield* pageFacts(kernel, container);
    case "physical address space":
      yield fact("Physical", () => hex0x(container.physical));
      return yield* container.resources.map((resource) =>
        fact("Resource", () => resource.at("name").text(), hex0x(resource.address)),
      );
    case "capture area":
      yield place("Start", container.range.start);
      yield fact("Used by", () => "the capture kernel (crashkernel=,cma), which may have overwritten it");
      return yield offsetFact(container.offset);
    case "user area":
      yield taskFact(container.task);
      yield structFact("vm_area_struct", container.vma.address);
      yield* rangeFacts(vmaRange(container.vma));
      yield fact("Maps", () => vmaPath(container.vma) ?? "anonymous memory");
      return yield offsetFact(container.offset);
  }
}

function* slabFacts(
  kernel: Kernel,
  { object, freeIn, offset }: Extract<Container, { kind: "slab object" }>,
): Generator<IdentifiedFact, void, void> {
  yield fact("Cache", () => cacheName(object.cache), hex0x(object.cache.address));
  yield place("Object", object.address);
  const struct = attempt(() => slabStruct(kernel, object));
  if (typeof struct === "string") yield structFact(struct, object.address);
  yield fact("Number", () => `${object.index} of ${object.slab.objects} in its slab`);
  yield fact("Size", () => `${objectSize(object.cache)} bytes`);
  yield fact("State", () => (freeIn === undefined ? "allocated" : freeIn === "" ? "free" : `free, in ${freeIn}`));
  yield offsetFact(offset);
}

function* rangeFacts({
  start,
  end,
}: {
  readonly start: bigint;
  readonly end: bigint;
}): Generator<IdentifiedFact, void, void> {
  yield place("Start", start);
  yield fact("Size", () => `${end - start} bytes`);
}

function callerFact(kernel: Kernel, caller: bigint | undefined): IdentifiedFact {
  const name = caller === undefined ? undefined : kernel.symbols.at(caller)?.name;
  return fact("Allocated by", () => name, name);
}

function* pageFacts(
  kernel: Kernel,
  container: Extract<Container, { kind: "page" | "page struct" }>,
): Generator<IdentifiedFact, void, void> {
  const { page } = container;
  yield fact("Page frame", () => String(page.pfn));
  if (container.kind === "page") yield fact("Physical", () => hex0x(container.physical));
  yield place("struct page", page.address);
  yield fact("Flags", () => pageFlagNames(kernel, page.flags).join(", ") || "none");
  yield fact("Users", () => String(page.count));
  const use = attempt(() => pageUse(kernel, page));
  if (use !== undefined) yield fact("Use", () => (use instanceof Fault ? use.message : use));
  yield structFact("page", page.address);
}
