/** Follows linked lists of any layout and detects loops. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import type { Kernel } from "../../../../model/kernel.ts";

/** Describes the list that `list` follows. */
export interface ListWalk {
  readonly start: bigint;
  /**
   * "element": the first element; its link holds the address of the next element.
   * "head": a list_head outside the elements. "linkOfElement": the list_head in the first element.
   */
  readonly startIs: "element" | "head" | "linkOfElement";
  /** Offset of the link in an element, in bytes. */
  readonly link: bigint;
  /** Address that ends the list, besides NULL and the start. */
  readonly end: bigint | undefined;
  /** Whether to follow the second word of the link, `prev`. */
  readonly reverse: boolean;
  /** Whether to detect loops with Brent's algorithm, which does not store the elements. */
  readonly brent: boolean;
}

/**
 * Yields the addresses of the elements.
 * @throws Fault when a link cannot be read or the list returns to an element that is not its start; after the last
 *   element, when a link of a list with a head does not match the link back to it
 */
export function* listElements(kernel: Kernel, walk: ListWalk): Generator<bigint> {
  const { start, startIs, link, end } = walk;
  const step = walk.reverse ? BigInt(kernel.arch.wordSize) : 0n;
  const isRepeated = walk.brent ? brent(kernel, walk) : remembered();
  if (startIs === "element") {
    let second: bigint | undefined;
    for (let at = start; ;) {
      check(isRepeated(at), at);
      yield at;
      const next = kernel.memory.word(at + link + step);
      // As in crash, a list that returns to its second element has come around a head that was given as the start.
      if (next === 0n || next === start || next === at || next === end || next === second) return;
      second ??= next;
      at = next;
    }
  }
  if (startIs === "linkOfElement") yield start - link;
  const backLinks = backLinkCheck(kernel, walk);
  let from = start;
  for (let at = kernel.memory.word(start + step); at !== end; at = kernel.memory.word(at + step)) {
    if (at === 0n) break;
    backLinks.compare(from, at);
    if (at === start) break;
    check(isRepeated(at), at);
    yield BigInt.asUintN(64, at - link);
    from = at;
  }
  const fault = backLinks.fault();
  if (fault) throw fault;
}

/**
 * Compares links with the links back, the other word of each node: `prev` of `list_head`, `pprev` of `hlist_node`. If
 * no link of the list has a matching link back, the list has another layout and nothing is reported.
 */
function backLinkCheck(kernel: Kernel, { reverse }: ListWalk) {
  const other = reverse ? 0n : BigInt(kernel.arch.wordSize);
  let hasMatch = false;
  let broken: Fault | undefined;
  return {
    compare(from: bigint, to: bigint): void {
      const back = attempt(() => kernel.memory.word(to + other));
      if (back === from) hasMatch = true;
      else if (!(back instanceof Fault))
        broken ??= Fault.at(
          "corrupt",
          from,
          `list is damaged here: it leads to ${hex0x(to)}, whose back pointer is ${hex0x(back)}`,
        );
    },
    fault: (): Fault | undefined => (hasMatch ? broken : undefined),
  };
}

function check(repeated: false | string, at: bigint): void {
  if (repeated !== false) throw Fault.at("corrupt", at, repeated);
}

function remembered(): (at: bigint) => false | string {
  const seen = new Set<bigint>();
  return (at) => {
    if (seen.has(at)) return "duplicate list entry: the list loops without reaching its start";
    seen.add(at);
    return false;
  };
}

/**
 * Implements R. P. Brent, "An improved Monte Carlo factorization algorithm" (1980): remembers the address at each power
 * of two. The message names the first element of the loop.
 */
function brent(kernel: Kernel, walk: ListWalk): (at: bigint) => false | string {
  let mark: bigint | undefined;
  let steps = 0;
  let limit = 1;
  return (at) => {
    if (at === mark) {
      const length = steps + 1;
      const first = hex0x(loopStart(kernel, walk, length));
      return `the list loops: the loop begins at ${first} and has ${length} element${length === 1 ? "" : "s"}`;
    }
    if (++steps < limit && mark !== undefined) return false;
    mark = at;
    limit *= 2;
    steps = 0;
    return false;
  };
}

/** Returns the first element of a loop: it is met by two walks from the start, of which one is a loop's length ahead. */
function loopStart(kernel: Kernel, { start, startIs, link, reverse }: ListWalk, length: number): bigint {
  const offset = (startIs === "element" ? link : 0n) + (reverse ? BigInt(kernel.arch.wordSize) : 0n);
  const next = (at: bigint): bigint => kernel.memory.word(at + offset);
  let behind = start;
  let ahead = start;
  for (let step = 0; step < length; step++) ahead = next(ahead);
  while (behind !== ahead) [behind, ahead] = [next(behind), next(ahead)];
  return startIs === "element" ? behind : BigInt.asUintN(64, behind - link);
}
