/** The taint flags, from Documentation/admin-guide/tainted-kernels.rst; G is the absence of P. */
const TAINTS: Readonly<Record<string, string>> = {
  P: "proprietary module",
  F: "module was force-loaded",
  S: "CPU out of specification",
  R: "module was force-unloaded",
  M: "machine check",
  B: "bad page",
  U: "tainted by user space",
  D: "kernel died before",
  A: "ACPI table overridden",
  W: "warned before",
  C: "staging driver",
  I: "workaround for firmware",
  O: "module from out of tree",
  E: "unsigned module",
  L: "soft lockup before",
  K: "live patched",
  X: "the distribution's own taint",
  T: "structures laid out at random",
  N: "in-kernel test",
  J: "userspace used a mutating debug operation",
};

/** Returns the meanings of the letters after "Tainted:". */
export const taintWords = (letters: string): string[] =>
  [...letters.replaceAll(" ", "")]
    .filter((letter) => letter !== "G")
    .map((letter) => TAINTS[letter] ?? `taint ${letter}`);
