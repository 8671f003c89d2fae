/** BPF instructions in words, and what is told of programs and maps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault, faultLast } from "../../../src/base/fault.ts";
import {
  bpfFunctions,
  bpfInstructions,
  bpfPrograms,
  bpfTypeName,
  findBpfProgram,
  loadTime,
  mapMemory,
  mapOwner,
  usedMaps,
} from "../../../src/linux/bpf/bpf.ts";
import { bpfInstructionTexts } from "../../../src/linux/bpf/bpfInsn.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const names = {
  helper: (number: number) => (number === 6793152 ? "bpf_skb_load_bytes" : undefined),
  map: (address: bigint) => (address === 0xffff9db261967a00n ? 13 : undefined),
};
const words = (code: string): string[] =>
  Array.from(
    bpfInstructionTexts(Buffer.from(code.replaceAll(" ", ""), "hex"), "little", names),
    ({ index, text }) => `${index}: ${text}`,
  );

/** From crash's own manual, of real programs; and of each kind of instruction one, by its encoding. */
const single: readonly (readonly [code: string, text: string])[] = [
  ["bf 16 00 00 00 00 00 00", "(bf) r6 = r1"],
  ["69 67 c0 00 00 00 00 00", "(69) r7 = *(u16 *)(r6 +192)"],
  ["b4 08 00 00 00 00 00 00", "(b4) (u32) r8 = (u32) 0"],
  ["55 07 0e 00 08 00 00 00", "(55) if r7 != 0x8 goto pc+14"],
  ["07 03 00 00 fc ff ff ff", "(07) r3 += -4"],
  ["85 00 00 00 c0 a7 67 00", "(85) call bpf_skb_load_bytes#6793152"],
  ["62 02 00 00 20 00 00 00", "(62) *(u32 *)(r2 +0) = 32"],
  ["44 08 00 00 02 00 00 00", "(44) (u32) r8 |= (u32) 2"],
  ["55 07 0e 00 86 dd 00 00", "(55) if r7 != 0xdd86 goto pc+14"],
  ["95 00 00 00 00 00 00 00", "(95) exit"],
  ["7b 1a f8 ff 00 00 00 00", "(7b) *(u64 *)(r10 -8) = r1"],
  ["0f 21 00 00 00 00 00 00", "(0f) r1 += r2"],
  ["84 01 00 00 00 00 00 00", "(84) r1 = (u32) -r1"],
  ["87 08 00 00 00 00 00 00", "(87) r8 = -r8"],
  ["c7 08 00 00 03 00 00 00", "(c7) r8 s>>= 3"],
  ["d4 07 00 00 20 00 00 00", "(d4) r7 = le32 r7"],
  ["dc 07 00 00 10 00 00 00", "(dc) r7 = be16 r7"],
  ["d7 07 00 00 40 00 00 00", "(d7) r7 = bswap64 r7"],
  ["bf 21 08 00 00 00 00 00", "(bf) r1 = (s8) r2"],
  ["37 01 01 00 03 00 00 00", "(37) r1 s/= 3"],
  ["37 01 00 00 03 00 00 00", "(37) r1 /= 3"],
  ["05 00 fe ff 00 00 00 00", "(05) goto pc-2"],
  ["06 00 00 00 00 00 01 00", "(06) gotol pc+65536"],
  ["e5 00 03 00 00 00 00 00", "(e5) may_goto pc+3"],
  ["2d 87 00 00 00 00 00 00", "(2d) if r7 > r8 goto pc+0"],
  ["56 08 01 00 02 00 00 00", "(56) if w8 != 0x2 goto pc+1"],
  ["55 01 01 00 ff ff ff ff", "(55) if r1 != 0xffffffff goto pc+1"],
  ["85 10 00 00 01 00 00 00", "(85) call pc+1"],
  ["85 20 00 00 07 00 00 00", "(85) call kernel-function#7"],
  ["85 00 00 00 07 00 00 00", "(85) call unknown#7"],
  ["f5 00 00 00 00 00 00 00", "(f5) tail_call"],
  ["db 10 00 00 00 00 00 00", "(db) lock *(u64 *)(r0 +0) += r1"],
  ["c3 21 04 00 01 00 00 00", "(c3) r2 = atomic_fetch_add((u32 *)(r1 +4), r2)"],
  ["db 21 00 00 e1 00 00 00", "(db) r2 = atomic64_xchg((u64 *)(r1 +0), r2)"],
  ["db 21 00 00 f1 00 00 00", "(db) r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)"],
  ["db 21 00 00 33 00 00 00", "(db) unknown atomic operation, code 0xdb, 0x33"],
  ["20 00 00 00 0c 00 00 00", "(20) r0 = *(u32 *)skb[12]"],
  ["50 10 00 00 02 00 00 00", "(50) r0 = *(u8 *)skb[r1 + 2]"],
  ["81 21 10 00 00 00 00 00", "(81) r1 = *(s32 *)(r2 +16)"],
  ["c2 00 00 00 00 00 00 00", "(c2) nospec"],
  ["e7 00 00 00 00 00 00 00", "(e7) unknown arithmetic, code 0xe7"],
];

test("each kind of instruction is spelt as crash and the verifier spell it", () => {
  for (const [code, text] of single) assert.deepEqual(words(code), [`0: ${text}`], code);
});

test("an instruction of sixteen bytes counts twice, and names a map that it loads", () => {
  assert.deepEqual(words("18 01 00 00 00 7a 96 61 00 00 00 00 b2 9d ff ff 95 00 00 00 00 00 00 00"), [
    "0: (18) r1 = map[id:13]",
    "2: (95) exit",
  ]);
  assert.deepEqual(words("18 00 00 00 78 56 34 12 00 00 00 00 f0 de bc 9a"), ["0: (18) r0 = 0x9abcdef012345678"]);
});

test("a truncated entry at the end is left out", () => {
  assert.deepEqual(words("95 00 00 00 00 00 00 00 95 00 00"), ["0: (95) exit"]);
});

test("registers change places on a big-endian machine", () => {
  const code = Buffer.from("bf61000000000000", "hex");
  const [only] = bpfInstructionTexts(code, "big", names);
  assert.equal(only?.text, "(bf) r6 = r1");
});

const types = `
  struct xa_node { unsigned char shift; void *slots[64]; };
  struct xarray { void *xa_head; };
  struct idr { struct xarray idr_rt; unsigned int idr_base; };
  enum bpf_prog_type { BPF_PROG_TYPE_UNSPEC, BPF_PROG_TYPE_SOCKET_FILTER };
  enum bpf_map_type { BPF_MAP_TYPE_UNSPEC, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PROG_ARRAY,
    BPF_MAP_TYPE_RINGBUF };
  struct bpf_map { enum bpf_map_type map_type; unsigned int id; unsigned int key_size; unsigned int value_size;
    unsigned int max_entries; };
  struct bpf_insn { unsigned char code[8]; };
  struct bpf_prog_aux { unsigned int id; unsigned int used_map_cnt; unsigned int func_cnt; struct bpf_map **used_maps;
    struct bpf_prog **func; unsigned long load_time; };
  struct bpf_prog { unsigned int len; enum bpf_prog_type type; struct bpf_prog_aux *aux; struct bpf_insn insnsi[]; };
  struct bpf_ringbuf { int nr_pages; };
  struct bpf_ringbuf_map { struct bpf_map map; struct bpf_ringbuf *rb; };
  struct cpumask { unsigned long bits[1]; };
  struct timekeeper { long offs_real; long offs_boot; };
  struct tk_data { long seq; struct timekeeper timekeeper; };
  struct idr prog_idr; struct idr map_idr; struct tk_data tk_core;
  struct cpumask __cpu_possible_mask; unsigned int nr_cpu_ids;`;

function kernelWith(more: readonly (readonly [string, bigint, ToyValue])[] = []) {
  return toyKernel({
    types,
    symbols: { prog_idr: at(1), map_idr: at(2), tk_core: at(3), __cpu_possible_mask: at(4), nr_cpu_ids: at(5) },
    memory: [
      ["prog_idr", { idr_rt: { xa_head: at(6) | 2n } }],
      ["struct xa_node", at(6), { slots: [0n, at(10), 0n, at(11)] }],
      ["tk_core", { timekeeper: { offs_real: 1_700_000_000_000_000_000n, offs_boot: 50_000_000_000n } }],
      ["__cpu_possible_mask", { bits: [0b1111n] }],
      ["nr_cpu_ids", 4],
      ["struct bpf_prog", at(10), { len: 2, type: 1, aux: at(12) }],
      ["struct bpf_prog", at(11), { len: 1, type: 77, aux: at(13) }],
      [
        "struct bpf_prog_aux",
        at(12),
        { id: 1, used_map_cnt: 2, used_maps: at(14), func_cnt: 2, func: at(15), load_time: 60_000_000_000n },
      ],
      ["struct bpf_prog_aux", at(13), { id: 3, used_map_cnt: 5000 }],
      ["struct bpf_map *[2]", at(14), [at(20), at(21)]],
      ["struct bpf_prog *[2]", at(15), [at(16), at(17)]],
      ...more,
    ],
  });
}

test("programs are found by their ids, with the maps and functions that they use", () => {
  const kernel = kernelWith();
  const page = ({ address }: { address: bigint }): number => Number((address - BASE) / 0x1000n);
  assert.deepEqual([...bpfPrograms(kernel)].map(page), [10, 11]);
  const [first, second] = [...bpfPrograms(kernel)];
  assert.ok(first && second);
  assert.equal(findBpfProgram(kernel, 3n)?.address, second.address);
  assert.equal(findBpfProgram(kernel, 2n), undefined);
  assert.deepEqual([...usedMaps(first)].map(page), [20, 21]);
  assert.deepEqual([...bpfFunctions(first)].map(page), [10, 17]);
  assert.deepEqual([...bpfFunctions(second)].map(page), [11]);
  assert.equal(bpfTypeName(first.at("type"), "BPF_PROG_TYPE_"), "SOCKET_FILTER");
  assert.equal(bpfTypeName(second.at("type"), "BPF_PROG_TYPE_"), "77");
  assert.equal(bpfInstructions(first).length, 16);
  const told = [...faultLast(usedMaps(second))].map((one) => (one instanceof Fault ? one.message : "a map"));
  assert.deepEqual(told, ["used_map_cnt of 5000 exceeds the limit of 1024"]);
});

test("the load time counts from boot, sleep included, on the wall clock", () => {
  const [first] = bpfPrograms(kernelWith());
  assert.ok(first);
  assert.equal(loadTime(first), 1_700_000_000 + 60 - 50);
});

test("a map's memory is computed as the kernel does for /proc", () => {
  const memory = (members: { readonly [member: string]: ToyValue }): number => {
    const kernel = kernelWith([
      ["struct bpf_ringbuf_map", at(20), { map: members, rb: at(21) }],
      ["struct bpf_ringbuf", at(21), { nr_pages: 4 }],
    ]);
    return mapMemory(kernel.object("struct bpf_map", at(20)));
  };
  assert.equal(memory({ map_type: 1, key_size: 4, value_size: 8, max_entries: 1024 }), 16384);
  assert.equal(memory({ map_type: 2, key_size: 4, value_size: 5, max_entries: 100 }), 4096);
  assert.equal(memory({ map_type: 2, key_size: 4, value_size: 5, max_entries: 1000 }), 40960);
  assert.equal(memory({ map_type: 3, key_size: 4, value_size: 4000, max_entries: 512 }), 4096);
  assert.equal(memory({ map_type: 4, max_entries: 4096 }), 32 + 4 * 4096 + 5 * 8);
});

test("for older kernels the memory charged for a map, and the user, are read from its members", () => {
  const kernel = toyKernel({
    types: `typedef struct { unsigned int val; } kuid_t; struct user_struct { kuid_t uid; };
      struct bpf_map { unsigned int pages; struct user_struct *user; };`,
    memory: [
      ["struct bpf_map", at(1), { pages: 3, user: at(2) }],
      ["struct user_struct", at(2), { uid: { val: 42 } }],
    ],
  });
  const map = kernel.object("struct bpf_map", at(1));
  assert.equal(mapMemory(map), 12288);
  assert.equal(mapOwner(map), 42);
  assert.equal(mapOwner(kernelWith().object("struct bpf_map", at(20))), undefined);
});
