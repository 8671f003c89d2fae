/** Checks whether network devices stopped sending. */
import { netDeviceName, netDevices, networks } from "../../linux/net/netDevice.ts";
import { stoppedQueues, transmitTimeouts } from "../../linux/net/transmitQueue.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/**
 * Minimum time in nanoseconds since a reported queue sent its last packet, unless the device's watchdog allows more. It
 * is stopped for at most this long.
 */
const MIN_NS = 5n * SECOND;

/** Reports stopped transmit queues that have sent nothing for longer than the device's watchdog allows. */
export const networkQueues: HealthCheck = {
  id: "network-queues",
  title: "network transmit queues",
  shows: "net",
  *run(kernel) {
    let devices = 0;
    for (const net of networks(kernel)) {
      for (const device of netDevices(net)) {
        yield pause("network devices");
        devices++;
        const name = netDeviceName(device);
        const stopped = stoppedQueues(device).filter(({ since, limit }) => since > (limit > MIN_NS ? limit : MIN_NS));
        const [first] = stopped.toSorted((a, b) => (a.since > b.since ? -1 : 1));
        if (first)
          yield observed(
            "network-queues",
            "suspect",
            { device: name, queues: stopped.map(({ index }) => index), stopped_ns: first.since },
            [
              `${countWords(stopped.length, "transmit queue")} of ${name} ${stopped.length === 1 ? "is" : "are"} stopped; queue ${first.index} sent its last packet ${timeWords(first.since)} ago.`,
            ],
            {
              kind: "field",
              type: "struct netdev_queue",
              address: first.queue.address,
              path: "state",
              value: `0x${first.queue.at("state").value().toString(16)}`,
            },
          );
        const timeouts = transmitTimeouts(device);
        const [worst] = timeouts.toSorted((a, b) => b.count - a.count);
        const total = timeouts.reduce((sum, { count }) => sum + count, 0);
        if (worst)
          yield observed(
            "network-queues",
            "note",
            { device: name, timeouts: total },
            [`The transmit watchdog of ${name} fired ${countWords(total, "time")}: its driver was slow or stuck.`],
            {
              kind: "field",
              type: "struct netdev_queue",
              address: worst.queue.address,
              path: "trans_timeout",
              value: String(worst.count),
            },
          );
      }
    }
    return `${countWords(devices, "network device")}; no transmit queue is stopped for longer than its watchdog allows, and no watchdog fired.`;
  },
};
