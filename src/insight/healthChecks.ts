/** Lists the checks of the machine's health. */
import { allocations } from "./health/allocations.ts";
import { blockedTasks } from "./health/blockedTasks.ts";
import { blockRequests } from "./health/blockRequests.ts";
import { clocks } from "./health/clocks.ts";
import { consoleLock } from "./health/consoleLock.ts";
import { cpus } from "./health/cpus.ts";
import { dumpContents } from "./health/dumpContents.ts";
import { interrupts } from "./health/interrupts.ts";
import { journals } from "./health/journals.ts";
import { kdump } from "./health/kdump.ts";
import { dentries, pageTables, perCpuMemory, unreclaimableSlab, vmallocMemory } from "./health/kernelMemory.ts";
import { kernelOptions } from "./health/kernelOptions.ts";
import { load } from "./health/load.ts";
import { lostMessages } from "./health/lostMessages.ts";
import { memoryCgroups } from "./health/memoryCgroups.ts";
import { networkQueues } from "./health/networkQueues.ts";
import { panicSettings } from "./health/panicSettings.ts";
import { processMemory } from "./health/processMemory.ts";
import { rpc } from "./health/rpc.ts";
import { runQueueLag } from "./health/runQueueLag.ts";
import { sockets } from "./health/sockets.ts";
import { softirqs } from "./health/softirqs.ts";
import { swap } from "./health/swap.ts";
import { taints } from "./health/taints.ts";
import { throttling } from "./health/throttling.ts";
import { timers } from "./health/timers.ts";
import { workqueues } from "./health/workqueues.ts";
import { zones } from "./health/zones.ts";
import type { HealthCheck } from "./healthCheck.ts";

/** Every check, in the order in which they are printed. */
export const healthChecks: readonly HealthCheck[] = [
  load,
  cpus,
  runQueueLag,
  throttling,
  blockedTasks,
  workqueues,
  blockRequests,
  journals,
  networkQueues,
  sockets,
  rpc,
  timers,
  softirqs,
  interrupts,
  processMemory,
  unreclaimableSlab,
  dentries,
  pageTables,
  vmallocMemory,
  perCpuMemory,
  allocations,
  zones,
  swap,
  memoryCgroups,
  consoleLock,
  lostMessages,
  clocks,
  taints,
  panicSettings,
  kdump,
  kernelOptions,
  dumpContents,
];
