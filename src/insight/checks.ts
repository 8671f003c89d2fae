/** Lists all checks. */
import type { Check } from "./check.ts";
import { access } from "./checks/access.ts";
import { atomicContext } from "./checks/atomicContext.ts";
import { bitFlip } from "./checks/bitFlip.ts";
import { condition } from "./checks/condition.ts";
import { deliberate } from "./checks/deliberate.ts";
import { doubleFree } from "./checks/doubleFree.ts";
import { guilty } from "./checks/guilty.ts";
import { initExit } from "./checks/initExit.ts";
import { listCorruption } from "./checks/listCorruption.ts";
import { mechanism } from "./checks/mechanism.ts";
import { memoryDebugging } from "./checks/memoryDebugging.ts";
import { neighbour } from "./checks/neighbour.ts";
import { outOfMemory } from "./checks/outOfMemory.ts";
import { packetOverrun } from "./checks/packetOverrun.ts";
import { pageAllocators } from "./checks/pageAllocators.ts";
import { protection } from "./checks/protection.ts";
import { provenance } from "./checks/provenance.ts";
import { refcount } from "./checks/refcount.ts";
import { refusedCopy } from "./checks/refusedCopy.ts";
import { rootMissing } from "./checks/rootMissing.ts";
import { spinningLock } from "./checks/spinningLock.ts";
import { stackPointer } from "./checks/stackPointer.ts";
import { stackOverflow } from "./checks/stackOverflow.ts";
import { hardware } from "./checks/hardware.ts";
import { rcuStall } from "./checks/rcuStall.ts";
import { truncated } from "./checks/truncated.ts";
import { stuckCpu } from "./checks/stuckCpu.ts";
import { suspects } from "./checks/suspects.ts";
import { wrongFree } from "./checks/wrongFree.ts";
import { waits } from "./checks/waits.ts";

/** Every check, in the order in which their findings are printed. */
export const checks: readonly Check[] = [
  mechanism,
  deliberate,
  guilty,
  access,
  protection,
  provenance,
  memoryDebugging,
  neighbour,
  truncated,
  bitFlip,
  condition,
  doubleFree,
  wrongFree,
  listCorruption,
  refcount,
  packetOverrun,
  refusedCopy,
  stackOverflow,
  stackPointer,
  initExit,
  rootMissing,
  outOfMemory,
  pageAllocators,
  hardware,
  rcuStall,
  stuckCpu,
  spinningLock,
  atomicContext,
  suspects,
  waits,
];
