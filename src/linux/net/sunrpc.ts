/** Clients and calls of the module sunrpc, which NFS uses (net/sunrpc/). */
import { listEntries } from "../../kernel/list.ts";
import type { Obj } from "../../model/object.ts";
import { tickTime } from "../time/timekeeping.ts";
import { globalU32 } from "../vmcoreinfo.ts";

/** Returns the RPC clients of a network namespace; undefined while sunrpc is not loaded. @throws Fault */
export function rpcClients(net: Obj<"struct net">): Generator<Obj<"struct rpc_clnt">> | undefined {
  const { kernel } = net;
  const id = globalU32(kernel, "sunrpc_net_id");
  if (id === undefined) return undefined;
  // net_generic() (include/net/netns/generic.h): an array of each module's data by the module's number.
  const own = net.at("gen").deref().at("ptr").index(id).value();
  return listEntries(
    kernel,
    kernel.object("struct sunrpc_net", own).at("all_clients"),
    "struct rpc_clnt",
    "cl_clients",
  );
}

/** Yields the calls of a client that are not finished. @throws Fault where the list breaks */
export const rpcTasks = (client: Obj<"struct rpc_clnt">): Generator<Obj<"struct rpc_task">> =>
  listEntries(client.kernel, client.at("cl_tasks"), "struct rpc_task", "tk_task");

/** Returns the time since a call was started, in nanoseconds. @throws Fault */
export function rpcTaskAge(task: Obj<"struct rpc_task">): bigint {
  const age = tickTime(task.kernel) - task.at("tk_start").value();
  return age < 0n ? 0n : age;
}

/** Returns the name of the server of a client, as it was given for the mount. @throws Fault */
export const rpcServer = (client: Obj<"struct rpc_clnt">): string => client.at("cl_xprt.servername").text();

/** Returns the name of the procedure that a call calls, such as `WRITE`; undefined if it has none. @throws Fault */
export function rpcProcedure(task: Obj<"struct rpc_task">): string | undefined {
  const procedure = task.at("tk_msg.rpc_proc");
  if (procedure.value() === 0n) return undefined;
  const name = procedure.at("p_name");
  return name.value() === 0n ? undefined : name.text();
}
