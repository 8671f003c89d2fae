/** Separates the options of a verb from those that all verbs have. */
import { UsageError } from "../base/usageError.ts";

/** The options that a verb has itself: whether each takes a value. */
export type OwnOptions = Readonly<Record<string, boolean>>;

/** The values of a verb's own options by name, and the other arguments. */
export interface Separated {
  readonly own: ReadonlyMap<string, readonly string[]>;
  readonly rest: readonly string[];
}

/** Takes a verb's own options out of its arguments. `-o` is `--output`. @throws UsageError if a value is missing */
export function ownOptions(argv: readonly string[], known: OwnOptions): Separated {
  const own = new Map<string, string[]>();
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    const [, short, long, attached] = /^(?:(-o)|--([a-z-]+))(?:=(.*))?$/s.exec(word) ?? [];
    const name = short ? "output" : (long ?? "");
    if (!Object.hasOwn(known, name)) {
      rest.push(word);
      continue;
    }
    const value = known[name] ? (attached ?? argv[++at]) : "";
    if (value === undefined) throw new UsageError(`${word} needs a value`);
    own.set(name, [...(own.get(name) ?? []), value]);
  }
  return { own, rest };
}
