/** Tasks that wait for a SunRPC call, such as one of NFS. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Found } from "./resource.ts";

/** Source: RPC_DISPLAY_ADDR of include/linux/sunrpc/xprt.h. */
const RPC_DISPLAY_ADDR = 0;

/**
 * Returns the RPC task on whose state a task waits (net/sunrpc/sched.c: rpc_wait_bit_killable()). @param word address of
 * the word with the bit, which is `rpc_task.tk_runstate` @throws Fault
 */
export function rpcWait(kernel: Kernel, word: bigint): Found {
  const type = "struct rpc_task";
  const task = kernel.object(type, word - kernel.object(type, 0n).at("tk_runstate").address);
  const client = task.at("tk_client");
  const program = client.at("cl_program.name").text();
  const procedure = attempt(() => procedureOf(task));
  const call = procedure instanceof Fault ? "call" : procedure;
  const server = attempt(() => serverOf(client));
  const status = task.at("tk_status").number();
  return {
    resource: {
      kind: "RPC",
      type,
      address: task.address,
      phrase: `the reply to ${program} ${call}${server instanceof Fault ? "" : ` from ${server}`}`,
    },
    state: {
      holders: [],
      fields: [
        { type, address: task.address, path: "tk_status", value: String(status) },
        { type, address: task.address, path: "tk_timeouts", value: String(task.at("tk_timeouts").number()) },
      ],
    },
  };
}

/** Returns the name of a call's procedure; the NULL procedure has no name (net/sunrpc/sched.c: rpc_proc_name()). */
function procedureOf(task: Obj): string {
  const name = task.at("tk_msg.rpc_proc.p_name");
  return name.value() === 0n ? "NULL" : name.text();
}

/** Returns the name of the server, and its address if it differs. */
function serverOf(client: Obj): string {
  const transport = client.at("cl_xprt");
  const name = transport.at("servername").text();
  const address = transport.at(`address_strings[${RPC_DISPLAY_ADDR}]`).text();
  return name === address ? name : `${name} (${address})`;
}
