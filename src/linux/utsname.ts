/** Name and release of the kernel. */
import { cString } from "../base/bytes.ts";
import { derived } from "../model/derived.ts";
import { noteOffset, noteSymbol } from "./vmcoreinfo.ts";

/** `struct new_utsname` (include/uapi/linux/utsname.h): six arrays of 65 bytes. */
export interface Utsname {
  readonly sysname: string;
  readonly nodename: string;
  readonly release: string;
  readonly version: string;
  readonly machine: string;
  readonly domainname: string;
}

const NEW_UTS_LEN = 64;

/** `init_uts_ns.name`. Its address and offset are in VMCOREINFO, so no types are needed. @throws Fault */
export const utsname = derived("utsname", (kernel): Utsname => {
  const name = noteSymbol(kernel, "init_uts_ns") + BigInt(noteOffset(kernel, "uts_namespace", "name"));
  const size = NEW_UTS_LEN + 1;
  const bytes = kernel.memory.read(name, 6 * size);
  const field = (i: number): string => cString(bytes.subarray(i * size, (i + 1) * size));
  return {
    sysname: field(0),
    nodename: field(1),
    release: field(2),
    version: field(3),
    machine: field(4),
    domainname: field(5),
  };
});
