import { attempt, Fault } from "../../base/fault.ts";
import type { SymbolSource } from "../../debuginfo/source.ts";
import { openSystemMap } from "../../debuginfo/symbols/systemMap.ts";
import { kaslrOffset, type OpenedMemory } from "../../memory/openMemory.ts";
import { OpenError } from "./openError.ts";
import { openNamed } from "./vmlinux.ts";

/** Symbols of the kernel from a file, and how far the kernel runs from where they say. */
export interface PlacedMap {
  readonly source: SymbolSource;
  /** Runtime address minus the file's: 0 for a /proc/kallsyms that was copied while this very kernel ran. */
  readonly bias: bigint;
  /** Something of it was compared with the dump, and is the same. */
  readonly isWitnessed: boolean;
}

/** What VMCOREINFO tells of most kernels (kernel/crash_core.c), to be compared; the bias is reckoned by the first. */
const WITNESSES = ["_stext", "init_uts_ns", "swapper_pg_dir", "vmap_area_list", "prb", "log_buf"];

/**
 * Opens the System.map, or the copy of /proc/kallsyms, that the user names.
 * @param force use one of another kernel all the same
 * @throws OpenError for what is none, or is of another kernel than the dump
 */
export function openSystemMapFile(path: string, opened: OpenedMemory, force: boolean): PlacedMap {
  const file = openNamed(path, "System.map");
  const source = attempt(() => openSystemMap(file));
  file.close();
  if (source instanceof Fault) throw new OpenError(source.message);
  const address = (name: string): bigint | undefined => source.named(name)[0]?.address;
  if (address("_stext") === 0n)
    throw new OpenError(
      `${path} has no addresses: /proc/kallsyms shows them to root alone, or where kptr_restrict is 0`,
    );
  const bias = kaslrOffset(opened, address) ?? 0n;
  const known = WITNESSES.flatMap((name) => {
    const [ours, theirs] = [address(name), opened.vmcoreinfo?.symbol(name)];
    return ours === undefined || theirs === undefined ? [] : [{ name, isSame: ours + bias === theirs }];
  });
  const wrong = known.find(({ isSame }) => !isSame)?.name;
  if (wrong !== undefined && !force)
    throw new OpenError(`${path} is of another kernel than the dump: it has ${wrong} elsewhere`);
  return { source, bias, isWitnessed: known.some(({ name, isSame }) => isSame && name !== "_stext") };
}
