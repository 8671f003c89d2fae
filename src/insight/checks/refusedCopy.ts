/** Checks for copies to or from user space that the kernel refused. */
import { hex0x } from "../../base/hex.ts";
import { readRefusedCopy } from "../../log/facts/refusedCopy.ts";
import type { Check } from "../check.ts";
import { mayBeHash } from "../hashedAddress.ts";

/** Reports how many bytes were to be copied, and from or to which kernel memory. */
export const refusedCopy: Check = {
  id: "refused-copy",
  needs: [],
  about: ["usercopy"],
  *run(kernel, { report }) {
    if (!report) return;
    const at = report.texts.findIndex((line) => readRefusedCopy(line) !== undefined);
    const text = at >= 0 ? (report.texts[at] ?? "") : report.headline;
    const copy = readRefusedCopy(text);
    if (!copy) return;
    const { isWrite, memory, cache, address, offset, size, isAllowed } = copy;
    const place = [
      `${memory}${cache === undefined ? "" : ` of ${cache}`}`,
      // Kernels of v4.15 print a hash instead of the address.
      ...(address !== undefined && !mayBeHash(kernel, address) ? [`at ${hex0x(address)}`] : []),
      ...(offset === undefined ? [] : [`from offset ${offset} on`]),
    ].join(", ");
    yield {
      id: "copy.refused",
      severity: "cause",
      certainty: "certain",
      slots: { access: isWrite ? "write" : "read", memory, cache, offset, size },
      text: [
        `${size === 1 ? "1 byte was" : `${size ?? "Some"} bytes were`} to be copied ${isWrite ? "into" : "out of"} kernel memory (${place}), which the check of copies to and from user space does not allow; the kernel ${isAllowed ? "warned of it" : "refused it"}.`,
      ],
      evidence: [{ kind: "log", line: at >= 0 ? (report.numbers[at] ?? report.report.at) : report.report.at, text }],
    };
  },
};
