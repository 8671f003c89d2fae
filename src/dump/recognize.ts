/** Describes files that are not dumps, for error messages. */
import { packingOf, UNPACK_TOOLS } from "../base/packing.ts";

/** Returns the kind of a file by its first bytes, as a noun phrase. */
export function contentDescription(head: Uint8Array): string {
  const packing = packingOf(head);
  if (packing) return `compressed with ${packing}: unpack it with ${UNPACK_TOOLS[packing]}`;
  const text = Buffer.from(head.subarray(0, 512)).toString("latin1");
  const known = signatures.find(([signature]) => text.startsWith(signature));
  if (known) return known[1];
  if (head.every((byte) => byte === 0)) return "only zeros";
  if (isText(head)) return "text";
  return "data of unknown kind";
}

/** Whether a file with these first bytes is text: a log next to a dump, or the dump of a database. */
export const isText = (head: Uint8Array): boolean =>
  /^[\t\n\f\r\x1b\x20-\x7e\x80-\xff]+$/.test(Buffer.from(head.subarray(0, 512)).toString("latin1"));

/** First bytes of files, as in file(1). */
const signatures: readonly (readonly [string, string])[] = [
  ["PK\x03\x04", "a zip archive: unpack it first"],
  ["!<arch>\n", "an archive, such as a .deb package or a static library"],
  ["\xed\xab\xee\xdb", "an RPM package"],
  ["makedumpfile\0", "flattened twice"],
  ["DISKDUMP", "an old diskdump, a format older than kdump"],
  ["\x99\x23\x8f\xa8", "an LKCD dump"],
  ["\xa8\x8f\x23\x99", "an LKCD dump"],
  ["PAGEDU64", "a Windows dump"],
  ["PAGEDUMP", "a Windows dump"],
  ["QEVM", "a QEMU migration stream: dump with `virsh dump --memory-only`"],
  ["LibvirtQemudSave", "a saved libvirt guest: dump with `virsh dump --memory-only`"],
  ["QFI\xfb", "a QEMU disk image"],
  ["\xd2\xbe\xd2\xbe", "a VMware snapshot"],
  ["\xd3\xbe\xd3\xbe", "a VMware snapshot"],
];
