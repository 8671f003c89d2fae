/** Opens what the user named as a dump: files, the running kernel, or a guest. */
import { attempt, Fault } from "../../base/fault.ts";
import { once } from "../../base/once.ts";
import type { RandomFile } from "../../base/file.ts";
import { isFlat } from "../../dump/formats/flat.ts";
import type { DumpImage } from "../../dump/format.ts";
import { openDump } from "../../dump/formats.ts";
import { gdbStubOf, openGuest } from "../remote/gdbGuest.ts";
import { isRemoteAddress, redactedAddress } from "../remote/addressedFile.ts";
import { checkLiveKernel, KCORE } from "./liveKernel.ts";
import { isMemoryDevice, openMemoryDevice } from "./memoryDevice.ts";
import { OpenError } from "./openError.ts";
import type { OpenOptions } from "./openOptions.ts";
import { openNamed } from "./vmlinux.ts";

/** Opens a dump. Nothing is ever replaced by the running kernel. @throws OpenError if it cannot be opened */
export function openNamedImage({ vmcore, raw, live }: Pick<OpenOptions, "vmcore" | "raw" | "live">): DumpImage {
  const [first = "", second] = vmcore;
  const stub = second === undefined ? gdbStubOf(first) : undefined;
  if (stub !== undefined) return openGuest(stub, live ?? false);
  if (second === undefined && !raw && isMemoryDevice(first)) return openMemoryDevice(first);
  const isKernel = second === undefined && first === KCORE;
  if (isKernel) checkLiveKernel();
  const files = vmcore.map((path) => openNamed(path, "dump"));
  const flat = vmcore.findIndex((path, i) => isRemoteAddress(path) && isFlattened(files[i]));
  if (flat >= 0) {
    files.forEach((file) => file.close());
    throw new OpenError(
      `${redactedAddress(vmcore[flat] ?? "")}: a flattened dump is read from its beginning to its end: download it with \`curl -LO -C -\` and open the copy`,
    );
  }
  const image = attempt(() => openDump(files, raw && { raw }));
  if (image instanceof Fault) throw new OpenError(image.message);
  return isKernel ? { ...image, facts: { ...image.facts, live: "running" }, close: once(() => image.close()) } : image;
}

const isFlattened = (file: RandomFile | undefined): boolean => file !== undefined && isFlat(file.read(0, 64));

/** Returns a sentence on memory that changes, or that a session keeps from changing; undefined for a dump. */
export function liveness({ live, files: [name = ""] }: DumpImage["facts"]): string | undefined {
  if (live === undefined) return undefined;
  const what = name === KCORE || isMemoryDevice(name) ? "This is the running kernel" : `${name} is a running guest`;
  return live === "running"
    ? `${what}: memory changes while it is read, so values read at different times may not fit together. "refresh" reads all anew.`
    : `${name} is a guest that is paused until this session ends; --live lets it run between reads.`;
}
