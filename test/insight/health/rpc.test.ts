import assert from "node:assert/strict";
import { test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import { rpc } from "../../../src/insight/health/rpc.ts";
import { checkedOne } from "../../builders/changedSample.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const TYPES = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  typedef long long ktime_t;
  struct net_generic { void *ptr[4]; };
  struct net { struct net_generic *gen; };
  struct sunrpc_net { struct list_head all_clients; };
  struct rpc_xprt { const char *servername; };
  struct rpc_clnt { struct list_head cl_clients; struct list_head cl_tasks; struct rpc_xprt *cl_xprt; };
  struct rpc_procinfo { const char *p_name; };
  struct rpc_message { const struct rpc_procinfo *rpc_proc; };
  struct rpc_task { struct list_head tk_task; int tk_status; ktime_t tk_start; struct rpc_message tk_msg; };
  struct timekeeper { unsigned long long xtime_sec; unsigned long ktime_sec; };
  struct tk_data { struct timekeeper timekeeper; };
  struct module { struct list_head list; char name[56]; };
  struct list_head modules;
  struct net init_net;`;
const at = (number: number): bigint => 0xffff_8880_0000_0000n + BigInt(number) * 0x1000n;
const [NET, GEN, SUNRPC, CLIENT, XPRT, CALL, PROC] = [1, 2, 3, 4, 5, 6, 7].map(at) as [
  bigint, bigint, bigint, bigint, bigint, bigint, bigint,
]; // prettier-ignore
const SECOND = 1_000_000_000n;

/** A machine that is up for 100 s, with one call that was started then. */
const machine = (started: bigint, isLoaded = true, more = {}): ToyKernel =>
  toyKernel({
    types: TYPES,
    symbols: {
      init_net: NET,
      jiffies_64: at(8),
      tk_core: at(9),
      ...(isLoaded && { sunrpc_net_id: at(10) }),
      ...more,
    },
    memory: [
      ["unsigned long long", at(8), BigInt.asUintN(32, -300n * 250n) + 100n * 250n],
      ["struct timekeeper", at(9), { ktime_sec: 100 }],
      ["unsigned int", at(10), 2],
      ["struct list_head", at(11), { next: at(12), prev: at(12) }],
      ["struct module", at(12), { list: { next: at(11), prev: at(11) }, name: "sunrpc" }],
      ["struct net", NET, { gen: GEN }],
      ["struct net_generic", GEN, { ptr: [0n, 0n, SUNRPC] }],
      ["struct sunrpc_net", SUNRPC, { all_clients: { next: CLIENT } }],
      ["struct rpc_clnt", CLIENT, { cl_clients: { next: SUNRPC }, cl_tasks: { next: CALL }, cl_xprt: XPRT }],
      ["struct rpc_xprt", XPRT, { servername: "nfs.example.org" }],
      ["struct rpc_procinfo", PROC, { p_name: "WRITE" }],
      [
        "struct rpc_task",
        CALL,
        { tk_task: { next: CLIENT + 16n }, tk_status: -110, tk_start: started, tk_msg: { rpc_proc: PROC } },
      ],
    ],
  });

test("a call that a server does not answer for 25 s is a suspect, with server and procedure", () => {
  const [one] = checkedOne(machine(75n * SECOND), rpc).findings;
  assert.deepEqual(
    [one?.severity, one?.slots],
    ["suspect", { server: "nfs.example.org", procedure: "WRITE", calls: 1, oldest_ns: 25n * SECOND }],
  );
  assert.equal(
    sentenceText(one?.text ?? []),
    "1 call to the RPC server nfs.example.org is not finished; the oldest, WRITE, was started 25.0 s ago.",
  );
});

test("a call of half a second passes, and a machine without sunrpc uses no NFS", () => {
  const { findings, said } = checkedOne(machine(99_500_000_000n), rpc);
  assert.deepEqual([findings, said], [[], "1 RPC call in progress, none for longer than a second."]);
  assert.equal(checkedOne(machine(0n, false), rpc).said, "The module sunrpc is not loaded: the machine uses no NFS.");
});

test("a module sunrpc that is loaded without known symbols is not taken for absent", () => {
  assert.throws(
    () => checkedOne(machine(0n, false, { modules: at(11) }), rpc),
    /sunrpc is loaded, but the symbols have no sunrpc_net_id/,
  );
});
