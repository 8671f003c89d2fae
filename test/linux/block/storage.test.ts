/** Disks and their requests, in the shapes that kernels give them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { driverInFlight, requestKinds, requestsInFlight } from "../../../src/linux/block/blkMq.ts";
import { disks } from "../../../src/linux/block/gendisk.ts";
import { inFlightText } from "../../../src/linux/block/inFlight.ts";
import { type Toy, toyKernel, type ToyValue } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

/** What a walk yields, and why it ended if it did not end by itself. */
function* told<T>(walk: Iterable<T>, show: (one: T) => string): Generator<string> {
  try {
    for (const one of walk) yield show(one);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield `${error.kind}: ${error.message}`;
  }
}

const lists = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct klist_node { struct list_head n_node; };
  struct klist { struct list_head k_list; };
  struct device_type { int dummy; };
  struct device_private { struct klist_node knode_class; struct device *device; };
  struct device { struct device_type *type; };
  struct device_type disk_type; struct device_type part_type;`;

const MEMBER = 0x10n;

/** A class with a disk and one of its partitions, each a `device_private` in the class's list. */
function classMembers(devices: readonly bigint[]): NonNullable<Toy["memory"]> {
  return devices.map((device, i) => {
    const next = i + 1 < devices.length ? at(30 + i + 1) : at(20) + MEMBER;
    return ["struct device_private", at(30 + i), { "knode_class.n_node": { next }, device }] as const;
  });
}

test("disks are found through the pointer of the class, the device in the disk's first partition", () => {
  const kernel = toyKernel({
    types: `${lists}
      struct subsys_private { long pad[2]; struct klist klist_devices; };
      struct class { const char *name; struct subsys_private *p; };
      struct hd_struct { long start; struct device __dev; };
      struct gendisk { int major; struct hd_struct part0; };
      struct class block_class;`,
    symbols: { block_class: at(1), disk_type: at(2), part_type: at(3) },
    memory: [
      ["block_class", { p: at(20) }],
      ["struct subsys_private", at(20), { "klist_devices.k_list": { next: at(30) } }],
      ...classMembers([at(40) + 16n, at(41), at(42) + 16n]),
      ["struct gendisk", at(40), { major: 8, part0: { __dev: { type: at(2) } } }],
      ["struct device", at(41), { type: at(3) }],
      ["struct gendisk", at(42), { major: 254, part0: { __dev: { type: at(2) } } }],
    ],
  });
  assert.deepEqual([...told(disks(kernel), (disk) => String(disk.at("major").number()))], ["8", "254"]);
});

test("since v6.4 the class is looked for among all of them, and since v5.11 the device is the block_device's", () => {
  const kernel = toyKernel({
    types: `${lists}
      struct kobject { const char *name; struct list_head entry; };
      struct kset { struct list_head list; struct kobject kobj; };
      struct subsys_private { struct kset subsys; struct klist klist_devices; const struct class *class; };
      struct class { const char *name; };
      struct gendisk { int major; };
      struct block_device { struct gendisk *bd_disk; struct device bd_device; };
      struct class block_class; struct kset *class_kset;`,
    symbols: { block_class: at(1), disk_type: at(2), class_kset: at(4) },
    memory: [
      ["class_kset", at(5)],
      ["struct kset", at(5), { list: { next: at(6) + 24n } }],
      // subsys.kobj.entry lies 24 bytes into each.
      ["struct subsys_private", at(6), { "subsys.kobj.entry": { next: at(7) + 24n }, class: at(9) }],
      [
        "struct subsys_private",
        at(7),
        { "subsys.kobj.entry": { next: at(5) }, "klist_devices.k_list": { next: at(30) }, class: at(1) },
      ],
      ["struct device_private", at(30), { "knode_class.n_node": { next: at(7) + 40n }, device: at(40) + 8n }],
      ["struct block_device", at(40), { bd_disk: at(50), bd_device: { type: at(2) } }],
      ["struct gendisk", at(50), { major: 259 }],
    ],
  });
  assert.deepEqual([...told(disks(kernel), (disk) => String(disk.at("major").number()))], ["259"]);
});

const bitmapTypes = `
  struct sbitmap_word { unsigned long word; unsigned long cleared; };
  struct sbitmap { unsigned int depth; unsigned int shift; unsigned int map_nr; struct sbitmap_word *map; };
  struct sbitmap_queue { struct sbitmap sb; };
  struct request { struct request_queue *q; struct blk_mq_hw_ctx *mq_hctx; unsigned int cmd_flags; int state; };
  struct blk_mq_tags { unsigned int nr_tags; unsigned int nr_reserved_tags; struct sbitmap_queue bitmap_tags;
    struct sbitmap_queue breserved_tags; struct request **rqs; };
  struct blk_mq_hw_ctx { struct blk_mq_tags *tags; };
  struct xarray { void *xa_head; };
  struct xa_node { unsigned char shift; void *slots[64]; };
  struct blk_mq_tag_set { struct blk_mq_tags *shared_tags; };
  struct blk_mq_ops { int dummy; };
  struct request_queue { struct blk_mq_ops *mq_ops; struct xarray hctx_table; struct blk_mq_tag_set *tag_set; };
  struct disk_stats { struct { struct { long counter; } a; } in_flight[2]; };
  struct block_device { struct disk_stats *bd_stats; };
  struct gendisk { struct request_queue *queue; struct block_device *part0; char disk_name[32]; };
  struct cpumask { unsigned long bits[1]; };
  struct cpumask __cpu_possible_mask; unsigned long __per_cpu_offset[4]; unsigned int nr_cpu_ids;`;

const DISK = at(1);
const QUEUE = at(2);
const IN_FLIGHT = 1;
const bitmap = (map: bigint): ToyValue => ({ sb: { depth: 8, shift: 6, map_nr: 1, map } });

/** A disk of one hardware queue whose tags in use are the bits of `word`. */
function taggedDisk(
  word: bigint,
  requests: readonly ToyValue[],
  more: { cleared?: bigint; reserved?: bigint; shared?: boolean } = {},
) {
  const reserved = more.reserved === undefined ? 0 : 2;
  return toyKernel({
    types: bitmapTypes,
    symbols: { __cpu_possible_mask: at(60), __per_cpu_offset: at(61), nr_cpu_ids: at(62) },
    memory: [
      ["struct gendisk", DISK, { queue: QUEUE, part0: at(9) }],
      ["struct request_queue", QUEUE, { mq_ops: at(3), hctx_table: { xa_head: at(4) }, tag_set: at(5) }],
      ["struct blk_mq_tag_set", at(5), { shared_tags: more.shared ? at(6) : 0n }],
      ["struct blk_mq_hw_ctx", at(4), { tags: more.shared ? 0n : at(6) }],
      [
        "struct blk_mq_tags",
        at(6),
        { nr_reserved_tags: reserved, rqs: at(7), bitmap_tags: bitmap(at(8)), breserved_tags: bitmap(at(8) + 64n) },
      ],
      ["struct sbitmap_word", at(8), { word, cleared: more.cleared ?? 0n }],
      ["struct sbitmap_word", at(8) + 64n, { word: more.reserved ?? 0n }],
      ["struct request *[10]", at(7), requests.map((_, i) => at(10 + i))],
      ...requests.map((request, i) => ["struct request", at(10 + i), request] as const),
    ],
  });
}

const request = (write: boolean, more: { readonly [member: string]: ToyValue } = {}): ToyValue => ({
  q: QUEUE,
  mq_hctx: at(4),
  state: IN_FLIGHT,
  cmd_flags: write ? 1 : 0,
  ...more,
});
const inFlight = (kernel: ReturnType<typeof taggedDisk>) => requestsInFlight(kernel.object("struct gendisk", DISK));

test("requests in flight have a tag in use, belong to this queue, and were passed to the driver", () => {
  const requests = [
    request(false),
    request(true),
    request(true, { state: 0 }),
    request(true, { q: at(50) }),
    request(true, { mq_hctx: at(51) }),
    request(true),
    request(false),
  ];
  assert.deepEqual(inFlight(taggedDisk(0b1111111n, requests)), [2, 2]);
  assert.deepEqual(inFlight(taggedDisk(0b1111111n, requests, { cleared: 0b1000001n })), [0, 2]);
  assert.deepEqual(requestKinds(taggedDisk(0n, [])), ["READ", "WRITE"]);
});

test("requests in flight have the name of their disk, and no age if no clock is known", () => {
  const kernel = taggedDisk(0b11n, [request(true), request(false)]);
  kernel.put("char [32]", kernel.object("struct gendisk", DISK).at("disk_name").address, "vda");
  assert.equal(inFlightText(kernel.object("struct gendisk", DISK)), "vda has 2 requests in flight");
});

test("tags shared by all hardware queues are counted once, whichever queue sent the request", () => {
  assert.deepEqual(
    inFlight(taggedDisk(0b11n, [request(false), request(true, { mq_hctx: at(51) })], { shared: true })),
    [1, 1],
  );
});

test("reserved tags come first in the table of requests", () => {
  const requests = [request(true), request(true), request(false), request(false)];
  assert.deepEqual(inFlight(taggedDisk(0b10n, requests, { reserved: 0b01n })), [1, 1]);
});

test("a bitmap that contradicts itself is a fault", () => {
  const kernel = taggedDisk(1n, [request(false)]);
  kernel.put("unsigned int", at(6) + 8n, 4096);
  const found = attempt(() => inFlight(kernel));
  assert.match(found instanceof Fault ? found.message : "", /4096 bits in 1 words of 64 bits$/);
});

test("the load of a disk without requests is taken from its statistics of all CPUs", () => {
  const kernel = toyKernel({
    types: bitmapTypes,
    symbols: { __cpu_possible_mask: at(60), __per_cpu_offset: at(61), nr_cpu_ids: at(62) },
    memory: [
      ["__cpu_possible_mask", { bits: [3n] }],
      ["nr_cpu_ids", 2],
      ["__per_cpu_offset", [0x1000n, 0x2000n]],
      ["struct gendisk", DISK, { queue: QUEUE, part0: at(9) }],
      ["struct request_queue", QUEUE, {}],
      ["struct block_device", at(9), { bd_stats: at(70) }],
      ["struct disk_stats", at(71), { in_flight: [{ a: { counter: 3 } }, { a: { counter: -1 } }] }],
      ["struct disk_stats", at(72), { in_flight: [{ a: { counter: -2 } }, { a: { counter: 5 } }] }],
    ],
  });
  assert.deepEqual(requestsInFlight(kernel.object("struct gendisk", DISK)), [1, 4]);
});

test("for kernels without a request state, the counters of all CPUs give the number in flight", () => {
  const kernel = toyKernel({
    types: `
      struct request { int tag; };
      struct blk_mq_ctx { unsigned long rq_dispatched[2]; unsigned long rq_completed[2]; };
      struct request_queue { void *mq_ops; struct blk_mq_ctx *queue_ctx; unsigned int in_flight[2]; };
      struct gendisk { struct request_queue *queue; };
      struct cpumask { unsigned long bits[1]; };
      struct cpumask __cpu_possible_mask; unsigned long __per_cpu_offset[4]; unsigned int nr_cpu_ids;`,
    symbols: { __cpu_possible_mask: at(60), __per_cpu_offset: at(61), nr_cpu_ids: at(62) },
    memory: [
      ["__cpu_possible_mask", { bits: [3n] }],
      ["nr_cpu_ids", 2],
      ["__per_cpu_offset", [0x1000n, 0x2000n]],
      ["struct gendisk", DISK, { queue: QUEUE }],
      ["struct request_queue", QUEUE, { mq_ops: at(3), queue_ctx: at(70) }],
      ["struct blk_mq_ctx", at(71), { rq_dispatched: [10, 20], rq_completed: [8, 20] }],
      ["struct blk_mq_ctx", at(72), { rq_dispatched: [5, 7], rq_completed: [5, 4] }],
    ],
  });
  const disk = kernel.object("struct gendisk", DISK);
  assert.deepEqual(requestsInFlight(disk), [2, 3]);
  assert.deepEqual(requestKinds(kernel), ["ASYNC", "SYNC"]);
  assert.equal(driverInFlight(disk), undefined);
});

test("without blk-mq, the queue and its driver count the requests", () => {
  const kernel = toyKernel({
    types: `
      struct request { int tag; };
      struct request_list { int count[2]; };
      struct request_queue { struct request_list root_rl; unsigned int in_flight[2]; };
      struct gendisk { struct request_queue *queue; };`,
    memory: [
      ["struct gendisk", DISK, { queue: QUEUE }],
      ["struct request_queue", QUEUE, { root_rl: { count: [4, 6] }, in_flight: [1, 2] }],
    ],
  });
  const disk = kernel.object("struct gendisk", DISK);
  assert.deepEqual(requestsInFlight(disk), [4, 6]);
  assert.equal(driverInFlight(disk), 3);
});
