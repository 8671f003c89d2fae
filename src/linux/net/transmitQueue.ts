/** Transmit queues of network devices (include/linux/netdevice.h, net/sched/sch_generic.c). */
import type { Obj } from "../../model/object.ts";
import { hz, jiffies64 } from "../time/timekeeping.ts";

/** A transmit queue that its driver, or the stack, stopped. */
export interface StoppedQueue {
  readonly index: number;
  readonly queue: Obj<"struct netdev_queue">;
  /** Time since the last packet was sent, in nanoseconds. */
  readonly since: bigint;
  /** How long the device's watchdog allows, in nanoseconds; 0 for a device without watchdog. */
  readonly limit: bigint;
}

/** Maximum number of queues of a device; num_tx_queues is at most 65,535. */
const MAX_QUEUES = 1 << 16;
/** Bits of net_device.state: __LINK_STATE_START, __LINK_STATE_PRESENT, __LINK_STATE_NOCARRIER. */
const START = 1n << 0n;
const PRESENT = 1n << 1n;
const NOCARRIER = 1n << 2n;
/** Bits of netdev_queue.state: __QUEUE_STATE_DRV_XOFF, __QUEUE_STATE_STACK_XOFF. */
const STOPPED = 3n;

function* queues(device: Obj<"struct net_device">): Generator<Obj<"struct netdev_queue">> {
  const count = Math.min(device.at("num_tx_queues").number(), MAX_QUEUES);
  for (let i = 0; i < count; i++) yield device.at("_tx").index(i);
}

/**
 * Returns the stopped queues of a device that runs and has a carrier. The queues of a device that is down are stopped,
 * too, and are left out.
 * @throws Fault
 */
export function stoppedQueues(device: Obj<"struct net_device">): readonly StoppedQueue[] {
  const { kernel } = device;
  const state = device.at("state").value();
  if ((state & (START | PRESENT)) !== (START | PRESENT) || (state & NOCARRIER) !== 0n) return [];
  const nanoseconds = (ticks: bigint): bigint => (ticks * 1_000_000_000n) / BigInt(hz(kernel));
  const limit = device.at("watchdog_timeo").value();
  const now = jiffies64(kernel);
  return [...queues(device)].flatMap((queue, index) => {
    if ((queue.at("state").value() & STOPPED) === 0n) return [];
    const sent = queue.at("trans_start").value();
    // A queue that never sent has no stamp.
    if (sent === 0n) return [];
    const since = BigInt.asIntN(kernel.arch.wordSize * 8, now - sent);
    return [{ index, queue, since: nanoseconds(since < 0n ? 0n : since), limit: nanoseconds(limit < 0n ? 0n : limit) }];
  });
}

/** A transmit queue for which the watchdog of its device fired. */
export interface TimedOutQueue {
  readonly queue: Obj<"struct netdev_queue">;
  /** How often it fired. */
  readonly count: number;
}

/** Returns the queues for which the watchdog fired. The counter is an atomic in newer kernels. @throws Fault */
export const transmitTimeouts = (device: Obj<"struct net_device">): readonly TimedOutQueue[] =>
  [...queues(device)].flatMap((queue) => {
    if (!queue.has("trans_timeout")) return [];
    const counter = queue.at("trans_timeout");
    const count = counter.has("counter") ? counter.at("counter").number() : counter.number();
    return count > 0 ? [{ queue, count }] : [];
  });
