import { toyKernel, type Toy, type ToyKernel, type ToyValue } from "./kernel.ts";

/** Where the toy machine sees all of its memory, and the structs of its pages. */
export const DIRECT_MAP = 0xffff_8880_0000_0000n;
export const VMEMMAP = 0xffff_ea00_0000_0000n;
const PAGE = 4096n;
const PAGE_STRUCT = 64n;
const SECTION = 0xffff_8880_0007_0000n;
const ROOTS = 0xffff_8880_0007_8000n;
const NODE = 0xffff_8880_0007_a000n;
const CPU_DATA = 0xffff_9000_0000_0000n;

/** Pages that the toy machine has: one section of 128 MiB. */
export const FRAMES = 32768;

/** The `struct page` of a page frame. */
export const pageOf = (pfn: number): bigint => VMEMMAP + BigInt(pfn) * PAGE_STRUCT;
/** Where the kernel sees a page frame. */
export const memoryOf = (pfn: number): bigint => DIRECT_MAP + BigInt(pfn) * PAGE;
/** A per-CPU address as one CPU sees it. */
export const perCpu = (base: bigint, cpu: number): bigint => base + CPU_DATA + BigInt(cpu) * 0x10_0000n;

const TYPES = `
  struct list_head { struct list_head *next, *prev; };
  typedef struct { int counter; } atomic_t;
  typedef struct { long counter; } atomic_long_t;
  enum pageflags { PG_locked, PG_referenced, PG_uptodate, PG_dirty, PG_lru, PG_active, PG_slab = 9, PG_reserved = 12, PG_head = 16, PG_readahead = 1 };
  struct address_space;
  struct page {
    unsigned long flags;
    union { struct list_head lru; unsigned long compound_head; };
    struct address_space *mapping;
    unsigned long index;
    unsigned long private;
    atomic_t _mapcount;
    atomic_t _refcount;
    unsigned long memcg_data;
  };
  struct mem_section { unsigned long section_mem_map; void *usage; };
  struct free_area { struct list_head free_list[2]; unsigned long nr_free; };
  enum zone_stat_item { NR_FREE_PAGES, NR_ZONE_LRU_BASE, NR_ZONE_INACTIVE_ANON = 1, NR_VM_ZONE_STAT_ITEMS };
  struct zone {
    unsigned long _watermark[4]; unsigned long watermark_boost;
    unsigned long zone_start_pfn, spanned_pages, present_pages;
    char *name; struct free_area free_area[3]; atomic_long_t vm_stat[2];
  };
  struct pglist_data {
    struct zone node_zones[1]; unsigned long node_start_pfn, node_present_pages, node_spanned_pages; int node_id;
  };`;

/** A machine of one memory node and two CPUs: enough for what lies in pages. */
export function pagedKernel(toy: Toy = {}, zone: ToyValue = {}): ToyKernel {
  const kernel = toyKernel({
    ...toy,
    types: `${TYPES}\n${toy.types ?? ""}`,
    symbols: {
      page_offset_base: 0xffff_ffff_8200_0000n,
      mem_section: 0xffff_ffff_8200_0008n,
      contig_page_data: NODE,
      nr_cpu_ids: 0xffff_ffff_8200_0018n,
      __cpu_possible_mask: 0xffff_ffff_8200_0020n,
      __per_cpu_offset: 0xffff_ffff_8200_0030n,
      ...toy.symbols,
    },
    vmcoreinfo: {
      PAGESIZE: "4096",
      "SYMBOL(mem_section)": ROOTS.toString(16),
      "LENGTH(mem_section)": "2",
      "NUMBER(SECTION_SIZE_BITS)": "27",
      "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)": "-129",
      ...toy.vmcoreinfo,
    },
    memory: [
      ["unsigned long", 0xffff_ffff_8200_0000n, DIRECT_MAP],
      ["unsigned int", 0xffff_ffff_8200_0018n, 2],
      ["unsigned long", 0xffff_ffff_8200_0020n, 3],
      ["unsigned long [2]", 0xffff_ffff_8200_0030n, [perCpu(0n, 0), perCpu(0n, 1)]],
      ["unsigned long [2]", ROOTS, [SECTION, 0]],
      ["struct mem_section [256]", SECTION, [{ section_mem_map: VMEMMAP | 3n }]],
      ["struct pglist_data", NODE, { node_zones: [zone], node_start_pfn: 0, node_spanned_pages: FRAMES }],
      ...(toy.memory ?? []),
    ],
  });
  kernel.memory.translate = (address) => ({ physical: address - DIRECT_MAP, pageBytes: PAGE, steps: [] });
  return kernel;
}
