/** A dump without what can be secret, for answers that leave the machine. */
import { Fault } from "../../base/fault.ts";
import type { DumpImage } from "../../dump/format.ts";
import type { Kernel } from "../../model/kernel.ts";
import { REDACTED } from "../open/erased.ts";
import { eraseSecrets, isSecretPage, needles } from "./scrub.ts";

/** What is removed, in the form of ERASEINFO. */
const REMOVED = ["user_pages", "keys", "command_lines", "environments", "user_registers", "host_name"];
/** Maximum number of pages of which it is remembered whether they are secret. */
const MAX_KNOWN = 1 << 18;
/** A text can continue on the next page: its part at the edge of a page is erased too if it has at least this many bytes. */
const MIN_PART = 6;

/** A range of bytes of a page. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the dump by the rules of `scrub`: pages of user programs and of the page cache are faults; keys, states of
 * random number generators, registers of user programs, command lines and the name of the host are zero.
 * @param kernel of a session over the unchanged dump
 * @param close of that session, which closes the dump too
 */
export function redactedImage(kernel: Kernel, source: DumpImage, close: () => void): DumpImage {
  const { pageSize } = source;
  const erasures = new Map<number, Range[]>();
  eraseSecrets(kernel, {
    image: source,
    erase: (pfn, from, length) => {
      const ranges = erasures.get(pfn) ?? [];
      ranges.push({ from, to: Math.min(pageSize, from + length) });
      erasures.set(pfn, ranges);
    },
  });
  const texts = needles(kernel, { names: true });
  const known = new Map<number, boolean>();
  const isSecret = (pfn: number): boolean => {
    let secret = known.get(pfn);
    if (secret === undefined) {
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(pfn, (secret = isSecretPage(kernel, NOT_SCANNED, pfn)));
    }
    return secret;
  };
  // `run` would copy pages without redaction, so this image has none.
  const { run: _, facts, ...rest } = { ...source, run: undefined };
  const { utsname, eraseinfo = "" } = facts;
  return {
    ...rest,
    facts: {
      ...facts,
      ...(utsname && { utsname: { ...utsname, nodename: "" } }),
      eraseinfo: [eraseinfo, REDACTED, ...REMOVED.map((what) => `erase ${what} nullify`), ""].join("\n").trimStart(),
    },
    page: (pfn) => {
      const page = source.page(pfn);
      if (page instanceof Fault) return page;
      if (isSecret(pfn)) return Fault.of("excluded", "page removed by --redact");
      const ranges = [...(erasures.get(pfn) ?? []), ...texts.flatMap((text) => occurrences(page, text))];
      if (ranges.length === 0) return page;
      const copy = Uint8Array.from(page);
      for (const { from, to } of ranges) copy.fill(0, from, to);
      return copy;
    },
    has: (pfn) => source.has(pfn),
    next: (pfn) => source.next(pfn),
    close,
  };
}

const NOT_SCANNED: ReadonlySet<number> = new Set();

/** Returns where a text is in a page, and its parts at the edges of the page. */
function occurrences(page: Uint8Array, text: Buffer): Range[] {
  const bytes = Buffer.from(page.buffer, page.byteOffset, page.length);
  const found: Range[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length))
    found.push({ from: at, to: at + text.length });
  for (let length = Math.min(text.length, page.length) - 1; length >= MIN_PART; length--) {
    const tail = page.length - length;
    if (bytes.compare(text, 0, length, tail) === 0) found.push({ from: tail, to: page.length });
    if (bytes.compare(text, text.length - length, text.length, 0, length) === 0) found.push({ from: 0, to: length });
  }
  return found;
}
