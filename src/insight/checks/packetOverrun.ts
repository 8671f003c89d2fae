/** Checks for packets whose data was extended beyond their buffer. */
import { hex0x } from "../../base/hex.ts";
import { kernelLog } from "../../linux/printk/oops.ts";
import { plainName } from "../../log/place.ts";
import type { Check } from "../check.ts";
import { addressOf } from "../finding.ts";
import { mayBeHash } from "../hashedAddress.ts";

/**
 * The line of skb_panic() (net/core/skbuff.c). Sizes are decimal. Addresses are plain, or hashed by kernels from v4.15 on
 * that print them with %p; `tail` and `end` are always plain.
 */
const LINE =
  /skb_(over|under)_panic: text:(?:0x)?([0-9a-f]{1,16}) len:(\d{1,10}) put:(\d{1,10}) head:(?:0x)?([0-9a-f]{1,16}) data:(?:0x)?([0-9a-f]{1,16}) tail:0x([0-9a-f]{1,16}) end:0x([0-9a-f]{1,16}) dev:(\S{1,16})/;
/** Maximum number of lines between that line and the report of BUG(). */
const MAX_LINES = 4;

interface Overrun {
  /** Whether the data went beyond the end of the buffer, else beyond the start. */
  readonly isEnd: boolean;
  /** Return address in the function that asked for more. */
  readonly caller: bigint;
  /** Bytes of data, with those that were added. */
  readonly length: number;
  readonly added: number;
  readonly head: bigint;
  readonly data: bigint;
  /** Addresses, or offsets from `head` (CONFIG_64BIT, NET_SKBUFF_DATA_USES_OFFSET). */
  readonly tail: bigint;
  readonly end: bigint;
  readonly device: string;
}

/** Reads the line of skb_panic(); undefined for another line. */
export function readOverrun(text: string): Overrun | undefined {
  const found = LINE.exec(text);
  if (!found) return undefined;
  const address = (group: number): bigint => BigInt(`0x${found[group]}`);
  return {
    isEnd: found[1] === "over",
    caller: address(2),
    length: Number(found[3]),
    added: Number(found[4]),
    head: address(5),
    data: address(6),
    tail: address(7),
    end: address(8),
    device: found[9]!,
  };
}

/** Reports the packet that skb_put() or skb_push() found too small, with the figures that the kernel printed. */
export const packetOverrun: Check = {
  id: "packet-overrun",
  needs: [],
  about: ["kernel-bug"],
  *run(kernel, { report }) {
    const last = report?.report.at ?? 0;
    const { lines } = kernelLog(kernel);
    for (let line = last; line >= Math.max(0, last - MAX_LINES); line--) {
      const text = lines[line]?.text ?? "";
      const found = readOverrun(text);
      if (!found) continue;
      const { isEnd, caller, length, added, head, data, tail, end, device } = found;
      const isHashed = mayBeHash(kernel, head);
      const symbol = isHashed ? undefined : kernel.symbols.at(caller - 1n);
      const name = symbol && plainName(symbol.name);
      yield {
        id: "packet.overrun",
        severity: "cause",
        certainty: "certain",
        slots: {
          function: name,
          len: length,
          put: added,
          ...(isHashed ? {} : { head, data }),
          tail: hex0x(tail),
          end: hex0x(end),
          dev: device,
        },
        text: [
          symbol
            ? { kind: "symbol", name: name ?? symbol.name, address: caller }
            : isHashed
              ? "A function whose address the log does not have"
              : addressOf(caller),
          ` added ${added} bytes at the ${isEnd ? "end" : "start"} of a packet that had ${length - added}: `,
          isEnd
            ? `its data then ends at ${hex0x(tail)}, and its buffer at ${hex0x(end)}.`
            : isHashed
              ? "its data then starts before its buffer."
              : `its data then starts at ${hex0x(data)}, before its buffer at ${hex0x(head)}.`,
        ],
        evidence: [{ kind: "log", line, text }],
      };
      return;
    }
  },
};
