/** Device numbers and resources. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { charDeviceRegions, regionCdev } from "../../../src/linux/devices/charDevice.ts";
import { resourceTree } from "../../../src/linux/devices/resource.ts";
import type { Obj } from "../../../src/model/object.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

function* told<T>(walk: Iterable<T>, show: (one: T) => string): Generator<string> {
  try {
    for (const one of walk) yield show(one);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield `${error.kind}: ${error.message}`;
  }
}

const charTypes = `
  struct cdev { int dev; };
  struct char_device_struct { struct char_device_struct *next; unsigned int major; unsigned int baseminor; int minorct;
    char name[64]; struct cdev *cdev; };
  struct probe { struct probe *next; unsigned int dev; unsigned long range; void *data; };
  struct kobj_map { struct probe *probes[255]; };
  struct char_device_struct *chrdevs[255]; struct kobj_map *cdev_map;`;
const region = (kernel: ReturnType<typeof charKernel>, major: number): Obj => {
  for (const one of charDeviceRegions(kernel)) if (one.at("major").number() === major) return one;
  throw new Error(`no major ${major}`);
};
const slots = (filled: { readonly [slot: number]: bigint }): ToyValue =>
  Array.from({ length: 255 }, (_, i) => filled[i] ?? 0n);
const dev = (major: number, minor: number): number => (major << 20) | minor;

function charKernel(loop = false) {
  return toyKernel({
    types: charTypes,
    symbols: { chrdevs: at(1), cdev_map: at(3) },
    memory: [
      ["chrdevs", slots({ 1: at(10), 4: at(11) })],
      ["cdev_map", at(4)],
      ["struct kobj_map", at(4), { probes: slots({ 4: at(20) }) }],
      ["struct char_device_struct", at(10), { major: 1, name: "mem", cdev: at(30), next: loop ? at(10) : 0n }],
      ["struct char_device_struct", at(11), { major: 4, baseminor: 64, name: "ttyS", next: at(12) }],
      ["struct char_device_struct", at(12), { major: 259, name: "far" }],
      ["struct probe", at(20), { dev: dev(4, 0), range: 256, data: at(31), next: at(21) }],
      ["struct probe", at(21), { dev: dev(4, 64), range: 32, data: at(32), next: at(22) }],
      ["struct probe", at(22), { dev: dev(4, 65), range: 1, data: at(33) }],
    ],
  });
}

test("a region of device numbers is resolved to its own cdev, or to the narrowest range around its first number", () => {
  const kernel = charKernel();
  assert.deepEqual([...told(charDeviceRegions(kernel), (one) => one.at("name").text())], ["mem", "ttyS", "far"]);
  assert.equal(regionCdev(kernel, region(kernel, 1))?.address, at(30));
  assert.equal(regionCdev(kernel, region(kernel, 4))?.address, at(32));
  assert.equal(regionCdev(kernel, region(kernel, 259)), undefined);
});

test("a hash chain without an end is a fault, not a wait", () => {
  const found = attempt(() => [...charDeviceRegions(charKernel(true))].length);
  assert.match(found instanceof Fault ? found.message : "", /the chain contains this object twice/);
});

const resourceTypes = `
  struct resource { unsigned long start; unsigned long end; const char *name; struct resource *parent;
    struct resource *sibling; struct resource *child; };`;

test("resources are listed depth first", () => {
  const kernel = toyKernel({
    types: resourceTypes,
    memory: [
      ["struct resource", at(1), { name: "root", child: at(2), sibling: at(9) }],
      ["struct resource", at(2), { name: "a", sibling: at(4), child: at(3) }],
      ["struct resource", at(3), { name: "a1" }],
      ["struct resource", at(4), { name: "b" }],
    ],
  });
  const shown = [
    ...told(
      resourceTree(kernel.object("struct resource", at(1))),
      ({ resource, depth }) => `${depth}${resource.at("name").text()}`,
    ),
  ];
  assert.deepEqual(shown, ["0root", "1a", "2a1", "1b"]);
});

test("resources that form a loop end in a fault", () => {
  const kernel = toyKernel({
    types: resourceTypes,
    memory: [
      ["struct resource", at(1), { name: "root", child: at(2) }],
      ["struct resource", at(2), { name: "a", child: at(1) }],
    ],
  });
  const shown = [
    ...told(resourceTree(kernel.object("struct resource", at(1))), ({ resource }) => resource.at("name").text()),
  ];
  assert.deepEqual(shown, ["root", "a", "corrupt: resource tree contains a loop"]);
});
