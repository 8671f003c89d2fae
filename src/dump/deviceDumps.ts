/** Device dumps: memory of devices that drivers add to a vmcore. */
import { cString } from "../base/bytes.ts";
import type { Note } from "./format.ts";

/** Note type, include/uapi/linux/elf.h. */
const NT_VMCOREDD = 0x700;
/** Length of the dump's name, which precedes its contents (include/uapi/linux/vmcore.h). */
const VMCOREDD_MAX_NAME_BYTES = 44;

/** The dump of one device and where its contents are in the file. */
export interface DeviceDump {
  readonly name: string;
  readonly offset: number;
  /** Length in bytes. */
  readonly size: number;
}

/** Returns the dumps added with vmcore_add_device_dump() (fs/proc/vmcore.c), in file order. */
export const deviceDumpsOf = (notes: readonly Note[]): readonly DeviceDump[] =>
  notes.flatMap(({ type, desc, place }) =>
    type === NT_VMCOREDD && place && place.size >= VMCOREDD_MAX_NAME_BYTES
      ? [
          {
            name: cString(desc.subarray(0, VMCOREDD_MAX_NAME_BYTES)),
            offset: place.offset + VMCOREDD_MAX_NAME_BYTES,
            size: place.size - VMCOREDD_MAX_NAME_BYTES,
          },
        ]
      : [],
  );
