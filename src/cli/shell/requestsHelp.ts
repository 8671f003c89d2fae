/** Recognizes a request for the help of a verb. Small, because the start of the program loads it. */

/** Whether the arguments of a verb request its help. A value of an option can be `-h` only after `=`. */
export const requestsHelp = (argv: readonly string[]): boolean => {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
};
