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
    if (tail && tail.address + BigInt(tail.bytes.length) === page.address)
      yield* acrossBorder(tail, page, texts, reach);
    yield* inPage(page, needles);
    tail = reach > 0 && page.bytes.length >= reach ? lastBytes(page, reach) : undefined;
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

const lastBytes = ({ address, bytes }: MemoryPage, count: number): MemoryPage => ({
  address: address + BigInt(bytes.length - count),
  bytes: bytes.slice(bytes.length - count),
});

/** Yields matches that begin in the last bytes of one page and end on the next. */
function* acrossBorder(tail: MemoryPage, page: MemoryPage, texts: readonly Needle[], reach: number): Generator<Match> {
  const joined = Buffer.concat([tail.bytes, page.bytes.subarray(0, reach)]);
  for (const match of inPage({ address: tail.address, bytes: joined }, texts)) {
    const isAcross = match.address < page.address && match.address + BigInt(match.needle.length) > page.address;
    if (isAcross) yield match;
  }
}
