/** An index of all symbol and type names, for completion. */
import { partitionPoint } from "../base/search.ts";
import type { Nameable } from "../crash/language/complete.ts";
import { derivedByWork } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Job } from "../base/job.ts";

/** Number of names per step of the job. */
const STEP = 4096;

/** Names in buckets by first letter. */
export class Names {
  private readonly byLetter = new Map<string, { names: string[]; isSorted: boolean }>();

  add(name: string): void {
    const letter = name.charAt(0);
    const bucket = this.byLetter.get(letter);
    if (bucket) bucket.names.push(name);
    else this.byLetter.set(letter, { names: [name], isSorted: false });
  }

  /** Yields the distinct names with this prefix in order; none for an empty prefix. */
  *starting(prefix: string): Generator<string> {
    const bucket = this.byLetter.get(prefix.charAt(0));
    if (!bucket) return;
    // Sort one bucket at a time, because sorting all would block the session.
    if (!bucket.isSorted) bucket.names = [...new Set(bucket.names)].sort();
    bucket.isSorted = true;
    const { names } = bucket;
    const first = partitionPoint(names.length, (i) => (names[i] ?? "") < prefix);
    for (let i = first; names[i]?.startsWith(prefix); i++) yield names[i] ?? "";
  }
}

/** The names of all types of a kernel, and those of all its symbols and types. The first use reads all of them. */
export const namesOf = derivedByWork("names by letter", collect);

function* collect(kernel: Kernel): Job<Record<Nameable, Names>> {
  const [all, types] = [new Names(), new Names()];
  let count = 0;
  for (const source of [kernel.symbols.all(), kernel.types.names()]) {
    for (const named of source) {
      all.add(named.name);
      if ("kind" in named) types.add(named.name);
      if (++count % STEP === 0) yield;
    }
  }
  return { types, "symbols and types": all };
}
