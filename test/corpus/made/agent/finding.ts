/** The statements of the scripted agent. */
import type { Certainty, Finding } from "../truth.ts";

export const finding = (id: string, slots: Finding["slots"], certainty: Certainty = "certain"): Finding => ({
  id,
  certainty,
  slots,
});
