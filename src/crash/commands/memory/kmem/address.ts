/** Implements `kmem ADDRESS`: shows what is known about an address. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { withOffset } from "../../../../base/nameOffset.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { physicalToVirtual } from "../../../../linux/mm/directMap.ts";
import { type Container, identify } from "../../../../linux/identify.ts";
import { pageShift } from "../../../../linux/mm/page.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { record, text, type Pieces, addressJson } from "../../../../say/piece.ts";
import { symbolPiece } from "../../../say/symbolPiece.ts";
import { taskContext } from "../../../language/taskContext.ts";
import { freeBlockAt } from "./free.ts";
import { pageHeading, pageRowAt, pfnOf } from "./pages.ts";
import { objectPieces } from "./slabObjects.ts";
import { vmallocHeading, vmallocRow } from "./vmalloc.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";
import type { Fields } from "../../../../say/table.ts";

/**
 * Shows all facts about an address of kernel memory or a physical address.
 * @throws UsageError for an address that is neither
 */
export function* addressFacts(kernel: Kernel, address: bigint, isPhysical: boolean): Pieces {
  const pfn = pfnOf(kernel, address, isPhysical);
  const isKernel = !isPhysical && isMapped(kernel, address);
  const virtual = isKernel ? address : physicalToVirtual(kernel, address);
  let isFirst = true;
  for (const container of pfn instanceof Fault && !isKernel ? [] : identify(kernel, virtual)) {
    const pieces = [...containerPieces(kernel, container, address, virtual)];
    if (pieces.length === 0) continue;
    if (!isFirst) yield text("");
    isFirst = false;
    yield* pieces;
  }
  if (typeof pfn === "number") {
    if (!isFirst) yield text("");
    yield pageHeading(kernel);
    yield pageRowAt(kernel, pfn);
  } else if (isFirst) throw new UsageError(`${hex(address)}: ${pfn.message}`);
}

const isMapped = (kernel: Kernel, address: bigint): boolean =>
  kernel.memory.isKernelAddress(address) && !(kernel.memory.translate(address) instanceof Fault);

/** The fields of an address in a CPU's stack. */
export const cpuStackFields: Fields = {
  stack: { kind: "text", about: "which of the CPU's stacks" },
  cpu: { kind: "number" },
  start: { kind: "address" },
  end: { kind: "address" },
};

/** The fields of an address in a per-CPU variable. */
export const perCpuPlaceFields: Fields = {
  perCpu: { kind: "text", about: "the variable" },
  cpu: { kind: "number" },
  offset: { kind: "number", unit: "bytes" },
};

function* containerPieces(kernel: Kernel, container: Container, shown: bigint, virtual: bigint): Pieces {
  switch (container.kind) {
    case "symbol":
      return yield symbolPiece(kernel, container.symbol, { address: virtual });
    case "per-CPU variable": {
      const { symbol, cpu, offset } = container;
      const name = withOffset(symbol.name, offset);
      return yield record({ perCpu: symbol.name, cpu, offset }, [
        shortAddressSpan(virtual),
        ` (${symbol.type}) `,
        { as: "symbol", text: name, address: virtual },
        `  [per-CPU, cpu ${cpu}]`,
      ]);
    }
    case "slab object":
      return yield* objectPieces(container.object, false);
    case "task":
    case "task stack":
      return yield taskContext(container.task);
    case "CPU stack": {
      const { kind, cpu, start, end } = container.stack;
      const data = { stack: kind, cpu, start: addressJson(start), end: addressJson(end) };
      return yield record(data, `CPU ${cpu} ${kind} stack: ${hex(start)} - ${hex(end)}`);
    }
    case "free block":
      return yield* freeBlockAt(kernel, physicalPage(kernel, virtual) ?? container.block.pfn, shown);
    case "vmalloc area":
      yield vmallocHeading(kernel);
      return yield vmallocRow(kernel, container.area);
    case "capture area": {
      const { start, size } = container.range;
      const data = { captureArea: { start: addressJson(start), end: addressJson(start + size) } };
      return yield record(
        data,
        `crashkernel=,cma area: ${hex(start)} - ${hex(start + size)}, which the capture kernel may have overwritten`,
      );
    }
    case "module section":
    case "page struct":
    case "page":
    case "user area":
    case "physical address space":
      // A symbol already names the module. The page's row is always the last one.
      return;
  }
}

function physicalPage(kernel: Kernel, virtual: bigint): number | undefined {
  const found = attempt(() => kernel.memory.translate(virtual));
  return found instanceof Fault ? undefined : Number(found.physical >> BigInt(pageShift(kernel)));
}
