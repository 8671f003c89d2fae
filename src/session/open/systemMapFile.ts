/** Opens a System.map and finds the KASLR offset of its symbols. */
import { attempt, Fault } from "../../base/fault.ts";
import type { SymbolSource } from "../../debuginfo/source.ts";
import { openSystemMap } from "../../debuginfo/symbols/systemMap.ts";
import { kaslrOffset, type OpenedMemory } from "../../memory/openMemory.ts";
import { OpenError } from "./openError.ts";
import { openNamed } from "./vmlinux.ts";

/** Symbols of the kernel from a file, with their offset in the dump. */
export interface PlacedMap {
  readonly source: SymbolSource;
  /** Runtime address minus the file's address: 0 for a /proc/kallsyms that was copied from this boot of the kernel. */
  readonly bias: bigint;
  /** Whether at least one symbol besides `_stext`, which gives the offset, has the same address in the dump. */
  readonly isWitnessed: boolean;
}

/**
 * Symbols that VMCOREINFO of most kernels contains (kernel/crash_core.c). The first gives the offset; the others are
 * compared.
 */
const WITNESSES = ["_stext", "init_uts_ns", "swapper_pg_dir", "vmap_area_list", "prb", "log_buf"];

/**
 * Opens the System.map, or the copy of /proc/kallsyms, that the user names.
 * @param force use it even if it belongs to another kernel
 * @throws OpenError if the file is not a System.map, or belongs to another kernel than the dump
 */
export function openSystemMapFile(path: string, opened: OpenedMemory, force: boolean): PlacedMap {
  const file = openNamed(path, "System.map");
  const source = attempt(() => openSystemMap(file));
  file.close();
  if (source instanceof Fault) throw new OpenError(source.message);
  const address = (name: string): bigint | undefined => source.named(name)[0]?.address;
  if (address("_stext") === 0n)
    throw new OpenError(`${path} has no addresses: copy /proc/kallsyms as root, or set kptr_restrict to 0 first`);
  const bias = kaslrOffset(opened, address) ?? 0n;
  const known = WITNESSES.flatMap((name) => {
    const [ours, theirs] = [address(name), opened.vmcoreinfo?.symbol(name)];
    return ours === undefined || theirs === undefined ? [] : [{ name, isSame: ours + bias === theirs }];
  });
  const wrong = known.find(({ isSame }) => !isSame)?.name;
  if (wrong !== undefined && !force)
    throw new OpenError(`${path} is of another kernel than the dump: it has ${wrong} at another address`);
  return { source, bias, isWitnessed: known.some(({ name, isSame }) => isSame && name !== "_stext") };
}
