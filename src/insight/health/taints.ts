/** Checks the taint flags of the kernel. */
import { taintedMask, taintLetters } from "../../linux/module/taint.ts";
import { taintWords } from "../../log/taint.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Flags that an error of the hardware or the kernel set before the crash. D is left out, because the crash sets it. */
const SUSPECT_FLAGS = /[MBLW]/;

/** The words for D. In a log it is of an earlier crash; in the memory of a crashed kernel it can be of this one. */
const DIED = "there was an oops or a BUG, perhaps that of this crash";

/** Reports why the kernel is tainted, in words. */
export const taints: HealthCheck = {
  id: "taints",
  title: "taints",
  shows: "sys -t",
  *run(kernel) {
    const mask = taintedMask(kernel);
    if (mask === 0n) return "The kernel is not tainted.";
    const letters = taintLetters(kernel, mask);
    const words = [...letters].map((letter) => `${letter === "D" ? DIED : taintWords(letter).join("")} (${letter})`);
    yield observed(
      "taints",
      SUSPECT_FLAGS.test(letters) ? "suspect" : "note",
      { mask: Number(mask), letters },
      [`The kernel is tainted: ${words.join(", ")}.`],
      { kind: "output", command: "sys -t", text: `tainted_mask = 0x${mask.toString(16)}` },
    );
    return "";
  },
};
