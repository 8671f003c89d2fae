/** Describes files that are not dumps, or dumps that are not read, for error messages. */
import { packingOf, UNPACK_TOOLS } from "../base/packing.ts";

/** Returns what a file is by its first bytes, as the end of a sentence that begins with "it is". */
export function contentDescription(head: Uint8Array): string {
  const packing = packingOf(head);
  if (packing) return `compressed with ${packing}: unpack it with ${UNPACK_TOOLS[packing]}`;
  const text = Buffer.from(head).toString("latin1");
  const known = signatures.find(({ signature, at = 0 }) => text.startsWith(signature, at));
  if (known) return known.instead === undefined ? known.what : `${known.what}: ${known.instead}`;
  if (/^\s*<(?:!doctype\s+html|html)\b/i.test(text))
    return "an HTML page: the address may lead to a page about the dump, or to one for logging in";
  if (head.every((byte) => byte === 0)) return "only zeros";
  if (isText(head)) return "text";
  return "data of unknown kind (memory without a header needs --base ADDRESS)";
}

/** Whether a file with these first bytes is text: a log next to a dump, or the dump of a database. */
export const isText = (head: Uint8Array): boolean =>
  /^[\t\n\f\r\x1b\x20-\x7e\x80-\xff]+$/.test(Buffer.from(head.subarray(0, 512)).toString("latin1"));

/** A kind of file that is refused by name. */
interface Refused {
  readonly signature: string;
  /** Offset of the signature. Default: 0. */
  readonly at?: number;
  readonly what: string;
  /** How to get a dump that is read. */
  readonly instead?: string;
  /** Whether the file contains the memory of a machine; docs/formats.md lists these kinds. */
  readonly isDump?: true;
}

/** First bytes of files, as in file(1) and in the headers of the programs. */
export const signatures: readonly Refused[] = [
  { signature: "PK\x03\x04", what: "a zip archive", instead: "unpack it first" },
  { signature: "!<arch>\n", what: "an archive, such as a .deb package or a static library" },
  { signature: "\xed\xab\xee\xdb", what: "an RPM package" },
  { signature: "makedumpfile\0", what: "flattened twice", instead: "restore it with makedumpfile -R" },
  {
    signature: "PAGEDU64",
    what: "a dump of Windows",
    instead: "open it with WinDbg",
    isDump: true,
  },
  { signature: "PAGEDUMP", what: "a dump of Windows", instead: "open it with WinDbg", isDump: true },
  { signature: "MDMP", what: "a minidump of a process", instead: "open it with WinDbg or lldb", isDump: true },
  {
    signature: "QFI\xfb",
    what: "a QEMU disk image (qcow2), whose snapshots can contain memory",
    instead: "start the guest from the snapshot with `qemu-system-x86_64 -loadvm NAME`, then use dump-guest-memory",
    isDump: true,
  },
  {
    signature: "LinuxGuestRecord",
    what: "a saved Xen guest (`xl save`)",
    instead: "dump the guest with `xl dump-core`",
    isDump: true,
  },
  {
    signature: "\xdd\xcc\x8b\x9a",
    what: "a crash dump of Mission Critical Linux",
    instead: "open it with a crash of its time",
    isDump: true,
  },
  {
    signature: "LibvirtQemudPart",
    what: "a saved libvirt guest that did not complete",
    instead: "dump the guest with `virsh dump --memory-only`",
    isDump: true,
  },
  {
    signature: "LUKS\xba\xbe",
    what: "an encrypted image (LUKS)",
    instead: "open it with `cryptsetup open` and give the device",
    isDump: true,
  },
  {
    signature: "Salted__",
    what: "a file encrypted with openssl",
    instead: "decrypt it with `openssl enc -d`",
    isDump: true,
  },
  {
    signature: "-----BEGIN PGP MESSAGE",
    what: "a file encrypted with PGP",
    instead: "decrypt it with `gpg --decrypt`",
    isDump: true,
  },
  {
    signature: "age-encryption.org/",
    what: "a file encrypted with age",
    instead: "decrypt it with `age --decrypt`",
    isDump: true,
  },
  {
    signature: "VirtualBox SavedState",
    at: 1,
    what: "a saved VirtualBox guest",
    instead: "start the guest and dump it with `VBoxManage debugvm VM dumpvmcore --filename FILE`",
    isDump: true,
  },
  {
    signature: "ffffffffffffffff B The real System.map is in",
    what: "the placeholder of a System.map in Debian's /boot",
    instead: "name the one in the -dbg package",
  },
  { signature: "<<< Oracle VM VirtualBox", what: "a VirtualBox disk image", instead: "dump the guest" },
  {
    signature: "\x14\x20\x28\x01",
    what: "a saved Hyper-V guest (.vmrs)",
    instead: "let kdump in the guest write a dump (Debug-VM -InjectNonMaskableInterrupt triggers it)",
    isDump: true,
  },
];
