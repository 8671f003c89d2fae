import assert from "node:assert/strict";
import { test } from "node:test";
import { type SymbolNode, symbolNodes } from "../../src/extension/symbolNodes.ts";
import type { DebuginfoFacts, DebuginfoTry } from "../../src/protocol/debuginfo.ts";

const tried = (path: string, outcome: DebuginfoTry["outcome"], why: string): DebuginfoTry => ({ path, outcome, why, buildId: undefined }); // prettier-ignore

const facts: DebuginfoFacts = {
  release: "6.1.0-56-amd64",
  buildId: "3b43fad5",
  vmlinux: undefined,
  tries: [
    tried("/dumps/vmlinux", "refused", "is of another build"),
    tried("/boot/vmlinux-6.1.0-56-amd64", "absent", "is not there"),
    tried("/usr/lib/debug/boot/vmlinux-6.1.0-56-amd64", "absent", "is not there"),
  ],
  mapTries: [],
  modules: [
    { name: "ext4", buildId: "01", path: "/m/ext4.ko.debug", outOfTree: false, tries: [] },
    { name: "nvidia", buildId: "02", path: undefined, outOfTree: true, tries: [] },
    { name: "bridge", buildId: undefined, path: undefined, outOfTree: false, tries: [] },
  ],
  modulesFault: undefined,
  advice: { distribution: "Debian", steps: ["apt-get install linux-image-6.1.0-56-amd64-dbg", "A hint."], debuginfod: "https://debuginfod.debian.net" }, // prettier-ignore
  sourceRemark: undefined,
};

/** Rows as the view shows them, indented. */
const outline = (nodes: readonly SymbolNode[], depth = 0): string[] =>
  nodes.flatMap((node) => [
    `${"  ".repeat(depth)}${node.icon?.[0] ?? "-"} ${node.label}${node.description ? `: ${node.description}` : ""}`,
    ...outline(node.children ?? [], depth + 1),
  ]);

test("missing debuginfo is first, with every file tried and what to install", () => {
  assert.deepEqual(outline(symbolNodes(facts)), [
    "warning Kernel: no vmlinux, so no source lines and no locals",
    "  key build ID: 3b43fad5",
    "  error vmlinux: is of another build",
    "  circle-slash 2 places without a file",
    "    - /boot/vmlinux-6.1.0-56-amd64",
    "    - /usr/lib/debug/boot/vmlinux-6.1.0-56-amd64",
    "lightbulb To get what is missing: on Debian",
    "  terminal apt-get install linux-image-6.1.0-56-amd64-dbg",
    "  info A hint.",
    "  cloud-download https://debuginfod.debian.net: debuginfod server",
    "warning Modules: 1 of 3 with debuginfo",
    "  circle-outline bridge: no debuginfo",
    "  warning nvidia: built outside the kernel's tree",
    "    key build ID: 02",
    "  pass ext4: ext4.ko.debug",
    "    key build ID: 01",
  ]);
});

test("with complete debuginfo no remedy is listed; modules that no package has are not requested", () => {
  const modules = facts.modules.filter(({ outOfTree, path }) => outOfTree || path !== undefined);
  const rows = outline(symbolNodes({ ...facts, vmlinux: "/dumps/vmlinux", tries: [], modules }));
  assert.ok(rows.includes("pass Kernel: vmlinux"));
  assert.ok(!rows.some((row) => row.includes("apt-get")));
});

test("commands, build IDs and paths can be copied; only missing debuginfo can be fetched", () => {
  const flat = (nodes: readonly SymbolNode[]): SymbolNode[] =>
    nodes.flatMap((one) => [one, ...flat(one.children ?? [])]);
  const all = flat(symbolNodes(facts));
  const copies = all.filter(({ context }) => context.includes("copyable")).map(({ copy }) => copy);
  assert.ok(copies.includes("apt-get install linux-image-6.1.0-56-amd64-dbg"));
  assert.ok(copies.includes("/dumps/vmlinux") && copies.includes("3b43fad5"));
  const fetched = all.filter(({ context }) => /missing/.test(context)).map(({ image }) => image);
  assert.deepEqual(fetched, ["vmlinux", "bridge", "nvidia"]);
});

test("an incomplete list of modules and sources of another version are reported", () => {
  const rows = outline(symbolNodes({ ...facts, modules: [], modulesFault: "page excluded", sourceRemark: "Linux 6.12, lines may be off." })); // prettier-ignore
  assert.ok(rows.includes("  error The list ends early: page excluded"));
  assert.ok(rows.includes("warning Sources: Linux 6.12, lines may be off."));
});
