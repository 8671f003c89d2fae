/** Scans pages of memory for patterns. */
import type { Needle } from "./needle.ts";
import type { MemoryPage } from "./pages.ts";

export interface Match {
  readonly address: bigint;
  readonly needle: Needle;
}

/** A step of a search: a match, or the page that was reached; undefined is a place to pause. */
export type Step = Match | MemoryPage | undefined;

/** Yields matches in the order of addresses, including text that extends over two pages. */
export function* matches(pages: Iterable<MemoryPage | undefined>, needles: readonly Needle[]): Generator<Step> {
  const texts = needles.filter(({ crosses }) => crosses);
  const reach = Math.max(1, ...texts.map(({ length }) => length)) - 1;
  let tail: MemoryPage | undefined;
  for (const page of pages) {
    yield page;
    if (!page) continue;
    if (tail && tail.address + BigInt(tail.bytes.length) !== page.address) tail = undefined;
    if (tail) yield* acrossBorder(tail, page, texts, reach);
    yield* inPage(page, needles);
    tail = reach > 0 ? lastBytes(tail, page, reach) : undefined;
  }
}

function* inPage({ address, bytes }: MemoryPage, needles: readonly Needle[]): Generator<Match> {
  const found: { at: number; needle: Needle }[] = [];
  for (const needle of needles) {
    for (let at = needle.find(bytes, 0); at >= 0; at = needle.find(bytes, at + 1)) found.push({ at, needle });
  }
  if (needles.length > 1) found.sort((a, b) => a.at - b.at);
  for (const { at, needle } of found) yield { address: address + BigInt(at), needle };
}

/** Copies the last bytes of memory. @param before the bytes directly before it, because it can be shorter than `count` */
function lastBytes(before: MemoryPage | undefined, page: MemoryPage, count: number): MemoryPage {
  const isShort = before !== undefined && page.bytes.length < count;
  const all = isShort ? Buffer.concat([before.bytes, page.bytes]) : page.bytes;
  const skipped = Math.max(0, all.length - count);
  const start = isShort ? before.address : page.address;
  return { address: start + BigInt(skipped), bytes: Uint8Array.from(all.subarray(skipped)) };
}

/** Yields matches that begin in the last bytes before a page and end on it. */
function* acrossBorder(tail: MemoryPage, page: MemoryPage, texts: readonly Needle[], reach: number): Generator<Match> {
  const joined = Buffer.concat([tail.bytes, page.bytes.subarray(0, reach)]);
  for (const match of inPage({ address: tail.address, bytes: joined }, texts)) {
    const isAcross = match.address < page.address && match.address + BigInt(match.needle.length) > page.address;
    if (isAcross) yield match;
  }
}
