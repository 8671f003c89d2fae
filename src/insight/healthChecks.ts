/** Lists the checks of the machine's health. */
import { blockedTasks } from "./health/blockedTasks.ts";
import { cpus } from "./health/cpus.ts";
import { dentries, pageTables, perCpuMemory, unreclaimableSlab, vmallocMemory } from "./health/kernelMemory.ts";
import { kdump } from "./health/kdump.ts";
import { load } from "./health/load.ts";
import { memoryCgroups } from "./health/memoryCgroups.ts";
import { panicSettings } from "./health/panicSettings.ts";
import { processMemory } from "./health/processMemory.ts";
import { runQueueLag } from "./health/runQueueLag.ts";
import { swap } from "./health/swap.ts";
import { taints } from "./health/taints.ts";
import { throttling } from "./health/throttling.ts";
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
  processMemory,
  unreclaimableSlab,
  dentries,
  pageTables,
  vmallocMemory,
  perCpuMemory,
  zones,
  swap,
  memoryCgroups,
  taints,
  panicSettings,
  kdump,
];
