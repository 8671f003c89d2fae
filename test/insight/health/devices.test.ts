import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import { blockRequests } from "../../../src/insight/health/blockRequests.ts";
import { interrupts } from "../../../src/insight/health/interrupts.ts";
import { journals } from "../../../src/insight/health/journals.ts";
import { networkQueues } from "../../../src/insight/health/networkQueues.ts";
import { sockets } from "../../../src/insight/health/sockets.ts";
import { softirqs } from "../../../src/insight/health/softirqs.ts";
import { timers } from "../../../src/insight/health/timers.ts";
import { perCpuPointee, perCpuVariable } from "../../../src/kernel/percpu.ts";
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

/** A journal whose commit is overdue by 40 s, with a transaction in a state. */
const overdueJournal = (state: number): string => {
  const session = changedSample(({ kernel, put }) => {
    const [journal] = allJournals(kernel);
    assert.ok(journal);
    put(journal.journal.at("j_committing_transaction"), 0);
    put(journal.journal.at("j_running_transaction"), scratch(kernel));
    const transaction = kernel.object("struct transaction_s", scratch(kernel));
    put(transaction.at("t_expires"), jiffies64(kernel) - 40n * HZ);
    put(transaction.at("t_state"), state);
    put(transaction.at("t_updates.counter"), 2);
  });
  try {
    return sentenceText(checked(session).of(journals)[0]?.text ?? []);
  } finally {
    session.close();
  }
};

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
  put(listening.at("__sk_common.skc_family"), 2);
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

test("a thread that waits for open handles has begun the commit, and one whose transaction runs has not", () => {
  assert.equal(
    overdueJournal(1),
    "The commit of the journal vda-8 is overdue by 40.0 s: its thread waits for 2 open handles of the transaction (t_updates).",
  );
  assert.match(overdueJournal(2), /: its thread has begun it \(T_SWITCH\)\.$/);
  assert.match(overdueJournal(0), /: its thread has not begun it\.$/);
});

test("a unix socket whose connections wait in its receive queue has a full listen queue", () => {
  const session = changedSample(({ kernel, put }) => {
    const [socket] = someSockets(kernel);
    assert.ok(socket);
    put(socket.at("__sk_common.skc_state"), 10);
    put(socket.at("__sk_common.skc_family"), 1);
    put(socket.at("sk_max_ack_backlog"), 5);
    put(socket.at("sk_ack_backlog"), 0);
    put(socket.at("sk_receive_queue.qlen"), 6);
  });
  try {
    const [one] = checked(session).of(sockets);
    assert.deepEqual([one?.severity, one?.slots["used"], one?.slots["limit"]], ["suspect", 6, 5]);
    assert.match(sentenceText(one?.text ?? []), /; 6 connections wait for accept\(\), and the limit is 5\.$/);
  } finally {
    session.close();
  }
});

test("disks without blk-mq are not among those whose oldest request is known", () => {
  const session = changedSample(({ kernel, put }) => {
    const [disk] = disks(kernel);
    assert.ok(disk);
    put(disk.at("queue").deref().at("mq_ops"), 0);
  });
  try {
    assert.equal(
      checked(session).said(blockRequests),
      "0 disks with 0 requests in flight, none for longer than a second. The age of the requests of 1 disk without blk-mq is not known.",
    );
  } finally {
    session.close();
  }
});

test("an interrupt storm is shown by its counters", () => {
  const session = changedSample(({ kernel, word }) => {
    const counted = [...irqs(kernel)].find(({ desc }) => desc.at("kstat_irqs").value() !== 0n);
    assert.ok(counted);
    for (const cpu of [0, 1]) word(perCpuPointee(kernel, counted.desc.at("kstat_irqs"), cpu).address, 0xf000_0000);
  });
  try {
    const [one] = checked(session).of(interrupts);
    assert.match(sentenceText(one?.text ?? []), /times a second on average since boot\.$/);
    assert.equal(one?.evidence[0]?.kind, "output");
  } finally {
    session.close();
  }
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
  const [stopped, fired] = found.of(networkQueues);
  assert.equal(
    sentenceText(stopped?.text ?? []),
    "1 transmit queue of lo is stopped; queue 0 sent its last packet 20.0 s ago.",
  );
  const [shown] = fired?.evidence ?? [];
  assert.deepEqual(shown?.kind === "field" && [shown.path, shown.value], ["trans_timeout", "4"]);
  assert.match(fine.said(networkQueues) ?? "", /no transmit queue is stopped for longer than its watchdog allows/);
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
  assert.match(fine.said(interrupts) ?? "", /the kernel disabled none for lack of a handler/);
});
