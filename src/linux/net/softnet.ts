/** The backlog of received packets of each CPU: `softnet_data` (net/core/dev.c). */
import { perCpuVariable } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalU32 } from "../vmcoreinfo.ts";

/** The received packets of a CPU that wait for the softirq NET_RX. */
export interface NetworkBacklog {
  /** Address of the `struct softnet_data`. */
  readonly address: bigint;
  readonly queued: number;
  /**
   * Packets that enqueue_to_backlog() dropped since boot: the backlog was full, skb_flow_limit() refused the flow, or,
   * before v6.10, the device was not running.
   */
  readonly dropped: number;
}

/** Returns the backlog of a CPU. @throws Fault */
export function networkBacklog(kernel: Kernel, cpu: number): NetworkBacklog {
  const data = perCpuVariable(kernel, "softnet_data", cpu);
  return { address: data.address, queued: data.at("input_pkt_queue.qlen").number(), dropped: droppedBy(data) };
}

/** Returns how many packets a CPU dropped: a number, or an atomic; newer kernels have two atomics. @throws Fault */
function droppedBy(data: Obj<"struct softnet_data">): number {
  if (data.has("drop_counters"))
    return ["drops0", "drops1"].reduce((sum, name) => sum + data.at(`drop_counters.${name}.counter`).number(), 0);
  const dropped = data.at("dropped");
  return dropped.has("counter") ? dropped.at("counter").number() : dropped.number();
}

/**
 * Returns net.core.netdev_max_backlog; undefined if no source has it. Newer kernels have it in `net_hotdata`. @throws
 * Fault
 */
export function backlogLimit(kernel: Kernel): number | undefined {
  const own = globalU32(kernel, "netdev_max_backlog");
  if (own !== undefined) return own;
  const hot = kernel.symbols.find("net_hotdata");
  const type = kernel.types.find("struct", "net_hotdata");
  return hot && type ? kernel.object(type, hot.address).at("max_backlog").number() : undefined;
}
