/** Checks the taint flags of the kernel. */
import { taintedMask, taintLetters } from "../../linux/module/taint.ts";
import { taintWords } from "../../log/taint.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Flags that an error of the hardware or the kernel sets. D is left out, because nearly every crash sets it. */
const SUSPECT_FLAGS = /[MBLW]/;

/**
 * Words for flags that the crash can have set itself. In a report of the log they are of an earlier event, because the
 * kernel prints the report first; in the memory of a crashed kernel they can be of this crash.
 */
const OWN_WORDS: Readonly<Record<string, string>> = {
  D: "there was an oops or a BUG, perhaps that of this crash",
  L: "there was a soft lockup, perhaps that of this crash",
  W: "there was a warning",
};

/** Reports why the kernel is tainted, in words. */
export const taints: HealthCheck = {
  id: "taints",
  title: "taints",
  shows: "sys -t",
  *run(kernel) {
    const mask = taintedMask(kernel);
    if (mask === 0n) return "The kernel is not tainted.";
    const letters = taintLetters(kernel, mask);
    const words = [...letters].map((letter) => `${OWN_WORDS[letter] ?? taintWords(letter).join("")} (${letter})`);
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
