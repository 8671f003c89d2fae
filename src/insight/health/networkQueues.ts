/** Checks whether network devices stopped sending. */
import { netDeviceName, netDevices, networks } from "../../linux/net/netDevice.ts";
import { stoppedQueues, transmitTimeouts } from "../../linux/net/transmitQueue.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum time in nanoseconds since a reported queue sent its last packet, unless the device's watchdog allows more. */
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
        if (timeouts > 0)
          yield observed(
            "network-queues",
            "note",
            { device: name, timeouts },
            [`The transmit watchdog of ${name} fired ${countWords(timeouts, "time")}: its driver was slow or stuck.`],
            {
              kind: "output",
              command: `struct net_device._tx ${device.address.toString(16)}`,
              text: `the trans_timeout of the device's queues are ${timeouts} together`,
            },
          );
      }
    }
    return `${countWords(devices, "network device")}; no transmit queue is stopped for longer than its watchdog allows, and no watchdog fired.`;
  },
};
