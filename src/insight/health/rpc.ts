/** Checks how long calls to NFS and other RPC servers take. */
import { attempt, Fault } from "../../base/fault.ts";
import { rpcClients, rpcTaskAge, rpcTasks, rpcProcedure, rpcServer } from "../../linux/net/sunrpc.ts";
import { moduleNamed } from "../../linux/module/taint.ts";
import { networks } from "../../linux/net/netDevice.ts";
import type { Kernel } from "../../model/kernel.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/**
 * Minimum time in nanoseconds since the start of an unfinished call that is reported, and of one that is a suspect. NFS
 * over TCP sends a call again after 60 s by default.
 */
const MIN_NS = SECOND;
const SUSPECT_NS = 10n * SECOND;
/** Maximum number of RPC clients that are reported. A mount of NFS has one or several for its server. */
const MAX_CLIENTS = 16;

/** Reports RPC clients whose oldest unfinished call was started at least a second ago. */
export const rpc: HealthCheck = {
  id: "rpc",
  title: "calls to NFS and RPC servers",
  shows: "mount",
  *run(kernel) {
    let [calls, unread, reported] = [0, 0, 0];
    for (const net of networks(kernel)) {
      const clients = rpcClients(net);
      if (!clients) return withoutClients(kernel);
      for (const client of clients) {
        yield pause("RPC clients");
        const ages = [...rpcTasks(client)].flatMap((task) => {
          calls++;
          const age = attempt(() => rpcTaskAge(task));
          if (!(age instanceof Fault)) return [{ task, age }];
          unread++;
          return [];
        });
        const [oldest] = ages.sort((a, b) => (a.age > b.age ? -1 : 1));
        if (!oldest || oldest.age < MIN_NS || ++reported > MAX_CLIENTS) continue;
        const [server, procedure] = [rpcServer(client), rpcProcedure(oldest.task)];
        yield observed(
          "rpc",
          oldest.age >= SUSPECT_NS ? "suspect" : "note",
          { server, procedure, calls: ages.length, oldest_ns: oldest.age },
          [
            `${countWords(ages.length, "call")} to the RPC server ${server} ${ages.length === 1 ? "is" : "are"} not finished; the oldest${procedure === undefined ? "" : `, ${procedure},`} was started ${timeWords(oldest.age)} ago.`,
          ],
          {
            kind: "field",
            type: "struct rpc_task",
            address: oldest.task.address,
            path: "tk_status",
            value: String(oldest.task.at("tk_status").number()),
          },
        );
      }
    }
    const failed = unread > 0 ? ` The age of ${countWords(unread, "call")} cannot be read.` : "";
    return `${countWords(calls - unread, "RPC call")} in progress, none for longer than a second.${failed}`;
  },
};

/** Returns the sentence for a kernel whose RPC clients are not known. @throws Fault "unknown" if it can have some */
function withoutClients(kernel: Kernel): string {
  if (!(attempt(() => moduleNamed(kernel, "sunrpc")) instanceof Fault))
    throw Fault.of("unknown", "the module sunrpc is loaded, but the symbols have no sunrpc_net_id");
  return "The module sunrpc is not loaded: the machine uses no NFS.";
}
