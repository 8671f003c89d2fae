import { partitionPoint } from "../base/search.ts";
import type { Nameable } from "../crash/language/complete.ts";
import { derivedByWork } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Job } from "../base/job.ts";

/** Names between two pauses. */
const STEP = 4096;

/** Every symbol's and type's name, by how it begins. */
export class Names {
  private readonly byLetter = new Map<string, { names: string[]; isSorted: boolean }>();

  add(name: string): void {
    const letter = name.charAt(0);
    const bucket = this.byLetter.get(letter);
    if (bucket) bucket.names.push(name);
    else this.byLetter.set(letter, { names: [name], isSorted: false });
  }

  /** Names that begin so, in order, each once; none for an empty prefix. */
  *starting(prefix: string): Generator<string> {
    const bucket = this.byLetter.get(prefix.charAt(0));
    if (!bucket) return;
    // A bucket at a time: sorting all would hold the session up.
    if (!bucket.isSorted) bucket.names = [...new Set(bucket.names)].sort();
    bucket.isSorted = true;
    const { names } = bucket;
    const first = partitionPoint(names.length, (i) => (names[i] ?? "") < prefix);
    for (let i = first; names[i]?.startsWith(prefix); i++) yield names[i] ?? "";
  }
}

/** The names of a kernel; a walk over all of them the first time. */
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
