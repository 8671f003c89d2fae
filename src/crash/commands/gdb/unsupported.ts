/** What to use instead of gdb commands that are not supported. */

/** The equivalents by the beginning of a line. */
const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/^(info (thr|inf)|thread\b)/, '"ps" lists tasks, "set PID" chooses one'],
  [/^info (var)/, '"sym -q PART" finds symbols'],
  [/^info (sha|fil|tar|mem)/, '"mod" lists modules, "sys" the files, "kmem" and "vm" memory'],
  [/^(attach|run|continue|step|next|break|watch|kill)\b/, "a dump does not run"],
  [/^find\b/, '"search" finds values in memory'],
  [/^dump\b/, '"rd -r FILE" writes memory to a file'],
  [
    /^(set|show)\b/,
    'a dump is read-only; of gdb\'s settings there is "disassembly-flavor", and "help set" lists crash\'s',
  ],
];

/** Formats the message for a gdb command that is not supported, with what to use instead. */
export function unsupported(verb: string, words: string): string {
  const line = `${verb} ${words}`.trim();
  const hint = hints.find(([pattern]) => pattern.test(line))?.[1];
  return `gdb's "${line}" is not supported: ${hint ?? '"help" lists the commands'}`;
}
