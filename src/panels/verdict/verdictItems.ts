/** Lists the sentences and the evidence of a verdict as items for the arrow keys. It does not use the DOM. */
import type { VerdictEvidence, VerdictLink, VerdictSentence, VerdictState } from "../../protocol/verdict.ts";

/** A sentence, or a piece of evidence below an unfolded sentence. */
export interface Item {
  readonly key: string;
  /** Key of the sentence that the evidence belongs to; undefined for a sentence. */
  readonly parent: string | undefined;
  /** Where Enter leads. */
  readonly link: VerdictLink | undefined;
}

/** A sentence with a key that it keeps while other sentences appear. */
export interface KeyedSentence {
  readonly key: string;
  readonly sentence: VerdictSentence;
}

export const sentenceText = ({ parts }: Pick<VerdictSentence, "parts">): string =>
  parts.map(({ text }) => text).join("");

/** Returns the sentences of a section with their keys. */
export function keyed(section: string, sentences: readonly VerdictSentence[]): KeyedSentence[] {
  const counts = new Map<string, number>();
  return sentences.map((sentence) => {
    const key = `${section} ${sentence.id} ${sentenceText(sentence)}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { key: count === 1 ? key : `${key} ${count}`, sentence };
  });
}

export const evidenceKey = (sentence: string, index: number): string => `${sentence} evidence ${index}`;

/** Returns all visible items from top to bottom. */
export function itemsOf({ sections }: Pick<VerdictState, "sections">, unfolded: ReadonlySet<string>): Item[] {
  return sections.flatMap(({ id, sentences }) =>
    keyed(id, sentences).flatMap(({ key, sentence }): Item[] => [
      { key, parent: undefined, link: firstLink(sentence) },
      ...(unfolded.has(key)
        ? sentence.evidence.map(({ link }, i) => ({ key: evidenceKey(key, i), parent: key, link }))
        : []),
    ]),
  );
}

const firstLink = ({ evidence, parts }: VerdictSentence): VerdictLink | undefined =>
  evidence.find(({ link }) => link)?.link ?? parts.find(({ link }) => link)?.link;

/** What a key does: moves to an item, folds or unfolds a sentence, or follows a link. */
export type Act =
  | { readonly kind: "move"; readonly key: string }
  | { readonly kind: "fold" | "unfold"; readonly key: string }
  | { readonly kind: "follow"; readonly link: VerdictLink };

/** Returns what a key does at an item; undefined for another key, or when it leads nowhere. */
export function actOf(key: string, at: string, items: readonly Item[], unfolded: ReadonlySet<string>): Act | undefined {
  const index = Math.max(
    0,
    items.findIndex((one) => one.key === at),
  );
  const item = items[index];
  if (!item) return undefined;
  const moved = (to: Item | undefined): Act | undefined => to && { kind: "move", key: to.key };
  switch (key) {
    case "ArrowDown":
      return moved(items[index + 1]);
    case "ArrowUp":
      return moved(items[index - 1]);
    case "Home":
      return moved(items[0]);
    case "End":
      return moved(items.at(-1));
    case "ArrowRight":
      if (item.parent !== undefined) return undefined;
      return unfolded.has(item.key) ? moved(items[index + 1]) : { kind: "unfold", key: item.key };
    case "ArrowLeft":
      if (item.parent !== undefined) return { kind: "move", key: item.parent };
      return unfolded.has(item.key) ? { kind: "fold", key: item.key } : undefined;
    case " ":
      if (item.parent !== undefined) return undefined;
      return { kind: unfolded.has(item.key) ? "fold" : "unfold", key: item.key };
    case "Enter":
      return item.link && { kind: "follow", link: item.link };
    default:
      return undefined;
  }
}

/** Maximum number of pieces of evidence beside a folded sentence. */
const MAX_BESIDE = 3;

/** Returns the evidence that a folded sentence shows beside it: what its own links do not lead to. */
export function evidenceBeside({ parts, evidence }: VerdictSentence): readonly VerdictEvidence[] {
  const reached = new Set(parts.flatMap(({ link }) => (link ? [linkKey(link)] : [])));
  const beside: VerdictEvidence[] = [];
  for (const one of evidence) {
    if (!one.link || reached.has(linkKey(one.link))) continue;
    reached.add(linkKey(one.link));
    beside.push(one);
  }
  return beside.slice(0, MAX_BESIDE);
}

const linkKey = ({ kind, target }: VerdictLink): string => `${kind} ${target}`;

/** What could not be determined: checks that could not be done, and open questions of sentences. Each is listed once. */
export function openQuestions({
  sections,
  unchecked,
}: Pick<VerdictState, "sections" | "unchecked">): { readonly what: string; readonly because: string }[] {
  const all = [
    ...sections.flatMap(({ sentences }) => sentences.flatMap(({ unknown }) => unknown)),
    ...unchecked.map(({ check, because }) => ({ what: `the check “${checkName(check)}”`, because })),
  ];
  const seen = new Set<string>();
  return all.filter(({ what, because }) => {
    const key = `${what} ${because}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Returns the id of a check in words: `stuck CPU` for "stuck-cpu". */
export const checkName = (id: string): string =>
  id.replaceAll("-", " ").replace(/\b(?:cpu|rcu)\b/g, (word) => word.toUpperCase());
