/** Checks how long calls to NFS and other RPC servers take. */
import { attempt, Fault } from "../../base/fault.ts";
import { rpcClients, rpcTaskAge, rpcTasks, rpcProcedure, rpcServer } from "../../linux/net/sunrpc.ts";
import { networks } from "../../linux/net/netDevice.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/**
 * Minimum time in nanoseconds that a reported call is not answered, and one that is a suspect. NFS over TCP resends
 * after 60 s by default.
 */
const MIN_NS = SECOND;
const SUSPECT_NS = 10n * SECOND;
/** Maximum number of servers that are reported. */
const MAX_SERVERS = 16;

/** Reports servers whose oldest call is not answered for more than a second. */
export const rpc: HealthCheck = {
  id: "rpc",
  title: "calls to NFS and RPC servers",
  shows: "mount",
  *run(kernel) {
    let [calls, reported] = [0, 0];
    for (const net of networks(kernel)) {
      const clients = rpcClients(net);
      if (!clients) return "The module sunrpc is not loaded: the machine uses no NFS.";
      for (const client of clients) {
        yield pause("RPC clients");
        const ages = [...rpcTasks(client)].flatMap((task) => {
          calls++;
          const age = attempt(() => rpcTaskAge(task));
          return age instanceof Fault ? [] : [{ task, age }];
        });
        const [oldest] = ages.sort((a, b) => (a.age > b.age ? -1 : 1));
        if (!oldest || oldest.age < MIN_NS || ++reported > MAX_SERVERS) continue;
        const [server, procedure] = [rpcServer(client), rpcProcedure(oldest.task)];
        yield observed(
          "rpc",
          oldest.age >= SUSPECT_NS ? "suspect" : "note",
          { server, procedure, calls: ages.length, oldest_ns: oldest.age },
          [
            `${countWords(ages.length, "call")} to the RPC server ${server} ${ages.length === 1 ? "is" : "are"} not answered; the oldest${procedure === undefined ? "" : `, ${procedure},`} was started ${timeWords(oldest.age)} ago.`,
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
    return `${countWords(calls, "RPC call")} in progress, none for longer than a second.`;
  },
};
