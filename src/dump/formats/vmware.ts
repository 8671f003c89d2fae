/** Opens suspended VMware guests and their snapshots. */
import { Fault } from "../../base/fault.ts";
import { type RandomFile, sliceFile } from "../../base/file.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { cutFact, memoryImage } from "../memoryImage.ts";
import { processorNotes } from "../processorNotes.ts";
import { Ranges } from "../ranges.ts";
import { isCheckpoint } from "../vmware/checkpoint.ts";
import { memoryOf, processorsOf } from "../vmware/guestState.ts";

const PAGE_BYTES = 4096;

/** Files of a guest that was suspended (.vmss) or saved (.vmsn), whose memory can be in a file of its own (.vmem). */
export const vmware: DumpFormat = {
  name: "VMware snapshot",
  row: {
    writers: "VMware Workstation and ESXi: suspending a guest (.vmss), a snapshot with memory (.vmsn)",
    reads:
      "memory in the file itself or in the .vmem file of the same name, the registers of x86 CPUs. Recognized, but not read: compressed memory and files with 32-bit sizes",
    source: "the structures in Volatility's vmware.py and crash's vmware_vmss.h",
    tested: "built files only",
  },
  probe: isCheckpoint,
  hasOtherFiles: true,
  open([file, memory, third], options) {
    if (!file || third) throw Fault.of("corrupt", "a VMware snapshot is one file, or one and its .vmem");
    return openSnapshot(file, memory, options);
  },
};

function openSnapshot(file: RandomFile, separate: RandomFile | undefined, options: OpenOptions): DumpImage {
  const { block, regions } = memoryOf(file);
  const memory = separate ?? (block && sliceFile(file, block.at, block.size));
  if (!memory)
    throw Fault.of(
      "missing",
      `${file.name}: the guest's memory is in a .vmem file of the same name: put it into the same directory, or name both`,
    );
  const ranges = new Ranges();
  const whole = { physical: 0, offset: 0, fileSize: separate?.size ?? block?.size ?? 0 };
  for (const range of regions.length > 0 ? regions : [whole]) ranges.add(range);
  const cpus = processorsOf(file);
  return memoryImage(vmware.name, [file, ...(separate ? [separate] : [])], ranges.pages(memory, PAGE_BYTES, options), {
    notes: processorNotes(cpus),
    ...(cpus.length > 0 ? { cpus: cpus.length } : {}),
    ...(block && !separate ? cutFact(file, block.at + ranges.extent) : cutFact(memory, ranges.extent)),
  });
}
