import { cString } from "../base/bytes.ts";
import type { Note } from "./format.ts";

/** include/uapi/linux/elf.h */
const NT_VMCOREDD = 0x700;
/** include/uapi/linux/vmcore.h: the name of the dump stands in front of its contents. */
const VMCOREDD_MAX_NAME_BYTES = 44;

/** A driver's own dump of its device: where its contents lie in the file. */
export interface DeviceDump {
  readonly name: string;
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** What drivers added with vmcore_add_device_dump() (fs/proc/vmcore.c), in the order of the file. */
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
