import assert from "node:assert/strict";
import { after, test } from "node:test";
import { blockRequests } from "../../../src/insight/health/blockRequests.ts";
import { interrupts } from "../../../src/insight/health/interrupts.ts";
import { journals } from "../../../src/insight/health/journals.ts";
import { networkQueues } from "../../../src/insight/health/networkQueues.ts";
import { sockets } from "../../../src/insight/health/sockets.ts";
import { softirqs } from "../../../src/insight/health/softirqs.ts";
import { timers } from "../../../src/insight/health/timers.ts";
import { perCpuVariable } from "../../../src/kernel/percpu.ts";
import { xarrayEntries } from "../../../src/kernel/xarray.ts";
import { disks } from "../../../src/linux/block/gendisk.ts";
import { journals as allJournals } from "../../../src/linux/fs/jbd2.ts";
import { irqs } from "../../../src/linux/irq/irq.ts";
import { initNet, netDevices } from "../../../src/linux/net/netDevice.ts";
import { openSockets } from "../../../src/linux/net/socket.ts";
import { findTask, taskTable } from "../../../src/linux/sched/task.ts";
import { jiffies64 } from "../../../src/linux/time/timekeeping.ts";
import { timerBases, wheelTimers } from "../../../src/linux/time/timer.ts";
import type { Kernel } from "../../../src/model/kernel.ts";
import type { Obj } from "../../../src/model/object.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { changedSample, checked, type Writer } from "../../builders/changedSample.ts";

const HZ = 250n;

/** Unused memory: the lower half of kthreadd's stack. */
const scratch = (kernel: Kernel): bigint => (findTask(kernel, 2)?.at("stack").value() ?? 0n) + 0x400n;

/** Open sockets of the machine, each once. */
function someSockets(kernel: Kernel): readonly Obj[] {
  const found = new Map<bigint, Obj>();
  for (const task of taskTable(kernel).tasks) {
    if (task.at("files").value() === 0n) continue;
    for (const { sock } of openSockets(task)) if (sock.value() !== 0n) found.set(sock.value(), sock.deref());
  }
  return [...found.values()];
}

function startRequest({ kernel, put, word }: Writer): void {
  const [disk] = disks(kernel);
  assert.ok(disk);
  const queue = disk.at("queue").deref();
  const [entry] = xarrayEntries(kernel, queue.at("hctx_table"));
  const context = kernel.object("struct blk_mq_hw_ctx", entry?.entry ?? 0n);
  const tags = context.at("tags").deref();
  const request = tags.at("static_rqs").index(0).deref();
  word(tags.at("rqs").index(0).address, request.address);
  word(tags.at("bitmap_tags.sb.map").index(0).at("word").address, 1);
  put(request.at("q"), queue.address);
  put(request.at("mq_hctx"), context.address);
  put(request.at("state"), 1);
  put(request.at("io_start_time_ns"), 0);
  put(request.at("timeout"), 30n * HZ);
  put(request.at("deadline"), jiffies64(kernel) + 10n * HZ);
}

const healthy = openSession({ vmcore: ["sample/vmcore"] });
const ill = changedSample((writer) => {
  const { kernel, put } = writer;
  const now = jiffies64(kernel);
  startRequest(writer);
  const [journal] = allJournals(kernel);
  assert.ok(journal);
  put(journal.journal.at("j_committing_transaction"), scratch(kernel));
  put(kernel.object("struct transaction_s", scratch(kernel)).at("t_requested"), now - 40n * HZ);
  const [loopback] = netDevices(initNet(kernel));
  assert.ok(loopback);
  const queue = loopback.at("_tx").deref();
  put(loopback.at("state"), 3);
  put(queue.at("state"), 1);
  put(queue.at("trans_start"), now - 20n * HZ);
  put(queue.at("trans_timeout.counter"), 4);
  const [listening, receiving, sending] = someSockets(kernel);
  assert.ok(listening && receiving && sending);
  put(listening.at("__sk_common.skc_state"), 10);
  put(listening.at("sk_max_ack_backlog"), 5);
  put(listening.at("sk_ack_backlog"), 6);
  put(receiving.at("__sk_common.skc_state"), 1);
  put(receiving.at("sk_rcvbuf"), 1000);
  put(receiving.at("sk_backlog.rmem_alloc.counter"), 1000);
  put(sending.at("__sk_common.skc_state"), 1);
  put(sending.at("sk_sndbuf"), 2000);
  put(sending.at("sk_wmem_queued"), 2000);
  const [timer] = timerBases(kernel, 0).flatMap(({ base }) => [...wheelTimers(base)]);
  assert.ok(timer);
  put(timer.at("expires"), now - 15n * HZ);
  put(perCpuVariable(kernel, "softnet_data", 0).at("input_pkt_queue.qlen"), 1000);
  put(perCpuVariable(kernel, "softnet_data", 1).at("dropped"), 7);
  const [spurious, unhandled] = irqs(kernel);
  assert.ok(spurious && unhandled);
  put(spurious.desc.at("core_internal_state__do_not_mess_with_it"), 2);
  put(unhandled.desc.at("irqs_unhandled"), 60_000);
});
const [fine, found] = [checked(healthy), checked(ill)];
after(() => {
  healthy.close();
  ill.close();
});

test("a request that its driver has for 20 s is a suspect, with its disk", () => {
  const [one] = found.of(blockRequests);
  assert.equal(one?.severity, "suspect");
  assert.deepEqual([one.slots["disk"], one.slots["requests"]], ["vda", 1]);
  assert.equal(Number(one.slots["oldest_ns"]) / 1e9, 20);
  assert.equal(fine.said(blockRequests), "1 disk with 0 requests in flight, none for longer than a second.");
});

test("disks whose requests cannot be read are not among those without old requests", () => {
  const broken = changedSample(({ kernel, put }) => {
    const [disk] = disks(kernel);
    assert.ok(disk);
    put(disk.at("queue"), 0x10);
  });
  try {
    assert.equal(
      checked(broken).said(blockRequests),
      "0 disks with 0 requests in flight, none for longer than a second. The requests of 1 disk cannot be read.",
    );
  } finally {
    broken.close();
  }
});

test("a journal that commits for 40 s is a suspect, with the thread that commits", () => {
  const [one] = found.of(journals);
  assert.deepEqual(
    [one?.severity, one?.slots["journal"], one?.slots["state"], Number(one?.slots["age_ns"]) / 1e9],
    ["suspect", "vda-8", "committing", 40],
  );
  assert.match(fine.said(journals) ?? "", /^1 jbd2 journal; no commit takes longer/);
});

test("a stopped transmit queue is a suspect, and an earlier timeout a note", () => {
  assert.deepEqual(
    found
      .of(networkQueues)
      .map(({ severity, slots }) => [severity, slots["device"], slots["timeouts"] ?? slots["queues"]]),
    [
      ["suspect", "lo", [0]],
      ["note", "lo", 4],
    ],
  );
  assert.deepEqual(fine.of(networkQueues), []);
});

test("full queues of sockets are distinguished; only a listen queue is a suspect", () => {
  assert.deepEqual(
    found
      .of(sockets)
      .map(({ severity, slots }) => [severity, slots["queue"], slots["used"], slots["limit"]])
      .sort(),
    [
      ["note", "receive", 1000, 1000],
      ["note", "send", 2000, 2000],
      ["suspect", "listen", 6, 5],
    ],
  );
  assert.match(fine.said(sockets) ?? "", /^\d+ open sockets; none has a full queue\.$/);
});

test("a timer that is overdue by 15 s is a suspect, with its CPU and function", () => {
  const [one] = found.of(timers);
  assert.deepEqual([one?.severity, one?.slots["cpu"], Number(one?.slots["overdue_ns"]) / 1e9], ["suspect", 0, 15]);
  assert.match(String(one?.slots["function"]), /^[a-z_]\w+$/);
  assert.deepEqual(fine.of(timers), []);
});

test("a full backlog of received packets is a suspect, and dropped packets are a note", () => {
  assert.deepEqual(
    found.of(softirqs).map(({ severity, slots }) => [severity, slots["cpu"], slots["queued"] ?? slots["dropped"]]),
    [
      ["suspect", 0, 1000],
      ["note", 1, 7],
    ],
  );
  assert.deepEqual(fine.of(softirqs), []);
});

test("unhandled interrupts are suspects, disabled or not", () => {
  assert.deepEqual(
    found.of(interrupts).map(({ severity, slots }) => [severity, slots["disabled"], slots["unhandled"]]),
    [
      ["suspect", true, 0],
      ["suspect", false, 60_000],
    ],
  );
  assert.match(fine.said(interrupts) ?? "", /none was disabled/);
});
