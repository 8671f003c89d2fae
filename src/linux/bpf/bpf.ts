/** BPF programs and maps. */
import { Fault } from "../../base/fault.ts";
import { bare, sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { idrEntries, idrFind } from "../../kernel/idr.ts";
import { pageShift, pageSize } from "../mm/page.ts";
import { timekeeper } from "../time/timekeeping.ts";

/** Yields the loaded programs, `struct bpf_prog`, by id. @throws Fault where the table of ids breaks */
export function* bpfPrograms(kernel: Kernel): Generator<Obj<"struct bpf_prog">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("prog_idr")))
    yield kernel.object("struct bpf_prog", entry);
}

/** Yields the maps, `struct bpf_map`, by id. @throws Fault where the table of ids breaks */
export function* bpfMaps(kernel: Kernel): Generator<Obj<"struct bpf_map">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("map_idr"))) yield kernel.object("struct bpf_map", entry);
}

/** Returns the program with an id; undefined if there is none. @throws Fault */
export function findBpfProgram(kernel: Kernel, id: bigint): Obj<"struct bpf_prog"> | undefined {
  const entry = idrFind(kernel, kernel.variable("prog_idr"), id);
  return entry === 0n ? undefined : kernel.object("struct bpf_prog", entry);
}

/** Returns the map with an id; undefined if there is none. @throws Fault */
export function findBpfMap(kernel: Kernel, id: bigint): Obj<"struct bpf_map"> | undefined {
  const entry = idrFind(kernel, kernel.variable("map_idr"), id);
  return entry === 0n ? undefined : kernel.object("struct bpf_map", entry);
}

/**
 * Returns the name of a type without the prefix: "SOCKET_FILTER", "LPM_TRIE"; its number if the enum does not have it.
 * @throws Fault
 */
export function bpfTypeName(type: Obj, prefix: "BPF_PROG_TYPE_" | "BPF_MAP_TYPE_"): string {
  const declared = bare(type.type);
  const value = type.value();
  const found = declared.kind === "enum" ? declared.values.find((one) => one.value === value) : undefined;
  return found?.name.replace(prefix, "") ?? String(value);
}

/** Maximum number of maps of a program, and of its functions; the kernel's limit for maps is 64. */
const MAX_PARTS = 1024;

/** Yields the maps that a program uses. @throws Fault */
export function* usedMaps(program: Obj<"struct bpf_prog">): Generator<Obj<"struct bpf_map">> {
  const aux = program.at("aux");
  const count = aux.at("used_map_cnt").number();
  if (count > MAX_PARTS)
    throw Fault.at("corrupt", aux.value(), `used_map_cnt of ${count} exceeds the limit of ${MAX_PARTS}`);
  for (let i = 0; i < count; i++) yield aux.at("used_maps").index(i).deref();
}

/**
 * Yields the program itself, then the other functions that it calls, each of which is a compiled program of its own. If
 * their number exceeds the limit, only the program itself.
 * @throws Fault
 */
export function* bpfFunctions(program: Obj<"struct bpf_prog">): Generator<Obj<"struct bpf_prog">> {
  yield program;
  const aux = program.at("aux");
  const count = aux.at("func_cnt").number();
  if (count > MAX_PARTS || aux.at("func").value() === 0n) return;
  // func[0] is a copy of the program itself (kernel/bpf/verifier.c: jit_subprogs()).
  for (let i = 1; i < count; i++) yield aux.at("func").index(i).deref();
}

/** Maximum number of instructions: BPF_COMPLEXITY_LIMIT_INSNS. The verifier rejects longer programs. */
const MAX_INSNS = 1_000_000;

/** Returns the translated instructions of a program, eight bytes each. @throws Fault */
export function bpfInstructions(program: Obj<"struct bpf_prog">): Uint8Array {
  const count = program.at("len").number();
  if (count > MAX_INSNS)
    throw Fault.at(
      "corrupt",
      program.address,
      `program length of ${count} instructions exceeds the limit of ${MAX_INSNS}`,
    );
  return program.kernel.memory.read(program.at("insnsi").address, count * 8);
}

/**
 * Returns when a program was loaded, in seconds since the epoch. `load_time` counts from boot and includes suspended
 * time. @throws Fault
 */
export function loadTime(program: Obj<"struct bpf_prog">): number {
  const clock = timekeeper(program.kernel);
  const nanoseconds =
    program.at("aux.load_time").value() + clock.at("offs_real").value() - clock.at("offs_boot").value();
  return Number(nanoseconds / 1_000_000_000n);
}

/** Returns the name of a program or map; empty if it has none. @throws Fault */
export const bpfName = (object: Obj<"struct bpf_prog_aux" | "struct bpf_map">): string =>
  object.has("name") ? object.at("name").text() : "";

/** Returns the id of the user who loaded a program, in the initial user namespace. @throws Fault */
export const programOwner = (program: Obj<"struct bpf_prog">): number => program.at("aux.user.uid.val").number();

/**
 * Returns the id of the user who created a map; undefined since v5.11 (commit 80ee81e0403c), where its memory is
 * charged to a cgroup. @throws Fault
 */
export function mapOwner(map: Obj<"struct bpf_map">): number | undefined {
  const path = ["memory.user", "user"].find((one) => map.has(`${one}.uid.val`));
  return path === undefined ? undefined : map.at(`${path}.uid.val`).number();
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** Maps whose values are file descriptors of other objects, each a u32 (include/linux/bpf.h: IS_FD_MAP). */
const FD_MAPS = ["PERF_EVENT_ARRAY", "PROG_ARRAY", "CGROUP_ARRAY", "ARRAY_OF_MAPS", "HASH_OF_MAPS"];
const PERCPU_MAPS = ["PERCPU_HASH", "LRU_PERCPU_HASH", "PERCPU_ARRAY", "PERCPU_CGROUP_STORAGE"];

/**
 * Returns the memory of a map, in bytes. Before v5.11: the charged pages. Later: the result of kernel/bpf/syscall.c:
 * bpf_map_memory_footprint(), which /proc shows before v6.4. Since v6.4 /proc shows map_mem_usage() of the type of map;
 * this is it for a ring buffer, and an approximation for others.
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
