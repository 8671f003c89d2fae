/** Name and release of the kernel. */
import { cString } from "../base/bytes.ts";
import { type Utsname, UTSNAME_FIELD, utsnameOf } from "../base/utsname.ts";
import { derived } from "../model/derived.ts";
import { noteOffset, noteSymbol } from "./vmcoreinfo.ts";

/** Number of arrays of `struct new_utsname`. */
const FIELDS = 6;

/** `init_uts_ns.name`. Its address and offset are in VMCOREINFO, so no types are needed. @throws Fault */
export const utsname = derived("utsname", (kernel): Utsname => {
  const name = noteSymbol(kernel, "init_uts_ns") + BigInt(noteOffset(kernel, "uts_namespace", "name"));
  const bytes = kernel.memory.read(name, FIELDS * UTSNAME_FIELD);
  return utsnameOf((index) => cString(bytes.subarray(index * UTSNAME_FIELD, (index + 1) * UTSNAME_FIELD)));
});
