/** Checks what the dump leaves out, and what that hides. */
import { leftOut } from "../../linux/kdump/dumpLevel.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Reports the kinds of pages that the dump leaves out, and a dump that was not written completely. */
export const dumpContents: HealthCheck = {
  id: "dump",
  title: "contents of the dump",
  shows: "sys",
  *run(_kernel, { dumpLevel, incomplete }) {
    if (incomplete)
      yield observed(
        "dump",
        "suspect",
        { incomplete },
        ["The dump was not written completely: pages that an answer needs can be missing."],
        { kind: "output", command: "sys", text: "DUMPFILE: [INCOMPLETE]" },
      );
    const kinds = leftOut(dumpLevel ?? 0);
    const hidden = kinds.flatMap(({ hides }) => hides ?? []);
    if (dumpLevel !== undefined && hidden.length > 0)
      yield observed(
        "dump",
        "note",
        { dumpLevel, leftOut: kinds.map(({ name }) => name) },
        [
          `The dump leaves out pages (level ${dumpLevel}: ${kinds.map(({ name }) => name).join(", ")}). ${hidden.join(" ")}`,
        ],
        { kind: "output", command: "sys", text: `DUMPFILE: [PARTIAL DUMP], dump level ${dumpLevel}` },
      );
    return dumpLevel === undefined
      ? "The dump's header has no dump level: it does not say whether pages were left out."
      : `The dump leaves out ${kinds.length === 0 ? "no kind of page" : "only pages of zeros"} (level ${dumpLevel}).`;
  },
};
