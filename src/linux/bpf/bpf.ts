import { Fault } from "../../base/fault.ts";
import { bare, sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { idrEntries, idrFind } from "../../kernel/idr.ts";
import { pageShift, pageSize } from "../mm/page.ts";
import { timekeeper } from "../time/timekeeping.ts";

/** Loaded programs, `struct bpf_prog`, by their ids. @throws Fault where the table of ids breaks */
export function* bpfPrograms(kernel: Kernel): Generator<Obj<"struct bpf_prog">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("prog_idr")))
    yield kernel.object("struct bpf_prog", entry);
}

/** Maps, `struct bpf_map`, by their ids. @throws Fault where the table of ids breaks */
export function* bpfMaps(kernel: Kernel): Generator<Obj<"struct bpf_map">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("map_idr"))) yield kernel.object("struct bpf_map", entry);
}

/** @throws Fault */
export function findBpfProgram(kernel: Kernel, id: bigint): Obj<"struct bpf_prog"> | undefined {
  const entry = idrFind(kernel, kernel.variable("prog_idr"), id);
  return entry === 0n ? undefined : kernel.object("struct bpf_prog", entry);
}

/** @throws Fault */
export function findBpfMap(kernel: Kernel, id: bigint): Obj<"struct bpf_map"> | undefined {
  const entry = idrFind(kernel, kernel.variable("map_idr"), id);
  return entry === 0n ? undefined : kernel.object("struct bpf_map", entry);
}

/** "SOCKET_FILTER", "LPM_TRIE": an enumerator without its prefix; the number where the enum has none. @throws Fault */
export function bpfTypeName(type: Obj, prefix: "BPF_PROG_TYPE_" | "BPF_MAP_TYPE_"): string {
  const declared = bare(type.type);
  const value = type.value();
  const found = declared.kind === "enum" ? declared.values.find((one) => one.value === value) : undefined;
  return found?.name.replace(prefix, "") ?? String(value);
}

/** Maps of one program: more is damage (MAX_USED_MAPS is 64). */
const MAX_USED_MAPS = 1024;

/** The maps that a program uses. @throws Fault */
export function* usedMaps(program: Obj<"struct bpf_prog">): Generator<Obj<"struct bpf_map">> {
  const aux = program.at("aux");
  const count = aux.at("used_map_cnt").number();
  if (count > MAX_USED_MAPS) throw Fault.at("corrupt", aux.value(), `a program that uses ${count} maps`);
  for (let i = 0; i < count; i++) yield aux.at("used_maps").index(i).deref();
}

/** The program itself, then the others that it calls, each compiled for itself. @throws Fault */
export function* bpfFunctions(program: Obj<"struct bpf_prog">): Generator<Obj<"struct bpf_prog">> {
  yield program;
  const aux = program.at("aux");
  const count = aux.at("func_cnt").number();
  if (count > MAX_USED_MAPS || aux.at("func").value() === 0n) return;
  // Its own code is the first of them.
  for (let i = 1; i < count; i++) yield aux.at("func").index(i).deref();
}

/** BPF_COMPLEXITY_LIMIT_INSNS: no program that was let in has more. */
const MAX_INSNS = 1_000_000;

/** Bytes of a program's translated instructions, eight each. @throws Fault */
export function bpfInstructions(program: Obj<"struct bpf_prog">): Uint8Array {
  const count = program.at("len").number();
  if (count > MAX_INSNS) throw Fault.at("corrupt", program.address, `a program of ${count} instructions`);
  return program.kernel.memory.read(program.at("insnsi").address, count * 8);
}

/** When a program was loaded, seconds since the epoch: `load_time` counts from boot, sleep included. @throws Fault */
export function loadTime(program: Obj<"struct bpf_prog">): number {
  const clock = timekeeper(program.kernel);
  const nanoseconds =
    program.at("aux.load_time").value() + clock.at("offs_real").value() - clock.at("offs_boot").value();
  return Number(nanoseconds / 1_000_000_000n);
}

/** The name that its loader gave a program or map; empty for none. @throws Fault */
export const bpfName = (object: Obj<"struct bpf_prog_aux" | "struct bpf_map">): string =>
  object.has("name") ? object.at("name").text() : "";

/** The user who loaded a program, as the initial user namespace counts. @throws Fault */
export const programOwner = (program: Obj<"struct bpf_prog">): number => program.at("aux.user.uid.val").number();

/** Who made a map; undefined since v5.11 (commit 80ee81e0403c), when its memory began to be charged to a cgroup. @throws Fault */
export function mapOwner(map: Obj<"struct bpf_map">): number | undefined {
  const path = ["memory.user", "user"].find((one) => map.has(`${one}.uid.val`));
  return path === undefined ? undefined : map.at(`${path}.uid.val`).number();
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** Maps whose entries name files or other objects, each by a u32 (include/linux/bpf.h: IS_FD_MAP). */
const FD_MAPS = ["PERF_EVENT_ARRAY", "PROG_ARRAY", "CGROUP_ARRAY", "ARRAY_OF_MAPS", "HASH_OF_MAPS"];
const PERCPU_MAPS = ["PERCPU_HASH", "LRU_PERCPU_HASH", "PERCPU_ARRAY", "PERCPU_CGROUP_STORAGE"];

/**
 * Bytes that a map takes. What it was charged until v5.11; since then as kernel/bpf/syscall.c: bpf_map_memory_footprint
 * reckons it for /proc, and a ring buffer as its own map_mem_usage() does.
 * @throws Fault
 */
export function mapMemory(map: Obj<"struct bpf_map">): number {
  const { kernel } = map;
  const charged = ["memory.pages", "pages"].find((path) => map.has(path));
  if (charged !== undefined) return map.at(charged).number() * pageSize(kernel);
  const type = bpfTypeName(map.at("map_type"), "BPF_MAP_TYPE_");
  const entries = map.at("max_entries").number();
  if (type === "RINGBUF" && kernel.types.find("struct", "bpf_ringbuf_map")) {
    const ring = map.containerOf("struct bpf_ringbuf_map", "map");
    const pages = ring.at("rb.nr_pages").number();
    const data = entries / 2 ** pageShift(kernel);
    return sizeOf(ring.type) + pages * pageSize(kernel) + (pages + data) * kernel.arch.wordSize;
  }
  let value = map.at("value_size").number();
  if (FD_MAPS.includes(type)) value = 4;
  if (PERCPU_MAPS.includes(type)) value = roundUp(value, 8) * possibleCpus(kernel).length;
  return roundUp(entries * roundUp(map.at("key_size").number() + value, 8), pageSize(kernel));
}
