/** Checks whether too many received packets wait for the softirq NET_RX. */
import { cpusInUse } from "../../kernel/cpumask.ts";
import { backlogLimit, networkBacklog } from "../../linux/net/softnet.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords } from "./amounts.ts";

/** Minimum share of net.core.netdev_max_backlog that a full backlog of a CPU has. */
const FULL = 0.9;

/** Reports CPUs whose backlog of received packets is full, or that dropped packets instead of adding them to it. */
export const softirqs: HealthCheck = {
  id: "softirqs",
  title: "softirq backlog",
  shows: "irq -b",
  *run(kernel) {
    const limit = backlogLimit(kernel);
    let most = 0;
    for (const cpu of cpusInUse(kernel)) {
      yield pause("softirqs");
      const { queued, dropped, address } = networkBacklog(kernel, cpu);
      most = Math.max(most, queued);
      const evidence = {
        kind: "field",
        type: "struct softnet_data",
        address,
        path: "input_pkt_queue",
        value: `${queued} packets, ${dropped} dropped`,
      } as const;
      if (limit !== undefined && queued >= limit * FULL)
        yield observed(
          "softirqs",
          "suspect",
          { cpu, queued, limit },
          [
            { kind: "cpu", cpu },
            ` has ${countWords(queued, "received packet")} in its backlog, of at most ${limit} (net.core.netdev_max_backlog): NET_RX softirqs do not keep up.`,
          ],
          evidence,
        );
      else if (dropped > 0)
        yield observed(
          "softirqs",
          "note",
          { cpu, dropped },
          [
            { kind: "cpu", cpu },
            ` dropped ${countWords(dropped, "received packet")} at its backlog since boot: the backlog was full or limited a flow, or, before Linux v6.10, the device was down.`,
          ],
          evidence,
        );
    }
    return `No CPU has more than ${countWords(most, "received packet")} in its backlog, and none was dropped.`;
  },
};
