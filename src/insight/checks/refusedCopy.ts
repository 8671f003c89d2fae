/** Checks for copies to or from user space that the kernel refused. */
import type { Check } from "../check.ts";

/** The line of usercopy_abort() (mm/usercopy.c). */
const LINE =
  /Kernel memory (exposure|overwrite) attempt detected (?:from|to) ([\w ]{1,40}?)(?: '([^']{1,64})')?(?: \((?:offset (\d{1,20}), )?size (\d{1,20})\))?!/;

export interface RefusedCopy {
  /** Whether kernel memory would have been written, else read. */
  readonly isWrite: boolean;
  /** What the memory is: "SLUB object", "process stack". */
  readonly memory: string;
  /** Name of the slab cache. */
  readonly cache: string | undefined;
  readonly offset: number | undefined;
  /** Bytes that were to be copied. */
  readonly size: number | undefined;
}

/** Reads the line of usercopy_abort(); undefined for another line. */
export function readRefusedCopy(text: string): RefusedCopy | undefined {
  const found = LINE.exec(text);
  if (!found) return undefined;
  const number = (group: number): number | undefined => (found[group] === undefined ? undefined : Number(found[group]));
  return {
    isWrite: found[1] === "overwrite",
    memory: found[2]!,
    cache: found[3],
    offset: number(4),
    size: number(5),
  };
}

/** Reports how many bytes were to be copied, and from or to which kernel memory. */
export const refusedCopy: Check = {
  id: "refused-copy",
  needs: [],
  about: ["usercopy"],
  *run(_kernel, { report }) {
    const at = report?.texts.findIndex((text) => LINE.test(text)) ?? -1;
    const text = at >= 0 ? report?.texts[at] : report?.headline;
    const copy = text === undefined ? undefined : readRefusedCopy(text);
    if (!report || text === undefined || !copy) return;
    const { isWrite, memory, cache, offset, size } = copy;
    const place = `${memory}${cache === undefined ? "" : ` of ${cache}`}${offset === undefined ? "" : `, from offset ${offset} on`}`;
    yield {
      id: "copy.refused",
      severity: "cause",
      certainty: "certain",
      slots: { access: isWrite ? "write" : "read", memory, cache, offset, size },
      text: [
        `${size ?? "Some"} bytes were to be copied ${isWrite ? "from user space into" : "to user space from"} kernel memory (${place}); the kernel refused it.`,
      ],
      evidence: [{ kind: "log", line: at >= 0 ? (report.numbers[at] ?? report.report.at) : report.report.at, text }],
    };
  },
};
