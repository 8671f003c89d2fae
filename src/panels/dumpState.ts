/** What the pages of one dump remember over a reload of the window: a search of one dump means nothing in another. */
export interface DumpState {
  recall<T>(topic: string, otherwise: T): T;
  remember(topic: string, value: unknown): void;
}

/** What all pages remember, by topic. */
interface PageState {
  recall<T>(topic: string, otherwise: T): T;
  remember(topic: string, value: unknown): void;
}

/** Dumps of which something is kept. */
const MAX_DUMPS = 16;
const TOPIC = "dumps";

type Dumps = readonly (readonly [key: string, topics: Readonly<Record<string, unknown>>])[];

/** @param dump paths of its files */
export function dumpState(dump: readonly string[], pages: PageState): DumpState {
  const key = dump.join("\0");
  const dumps = (): Dumps => pages.recall<Dumps>(TOPIC, []);
  const mine = (): Readonly<Record<string, unknown>> => dumps().find(([name]) => name === key)?.[1] ?? {};
  return {
    recall: <T>(topic: string, otherwise: T): T => (mine()[topic] as T | undefined) ?? otherwise,
    remember: (topic, value) => {
      const others = dumps().filter(([name]) => name !== key);
      pages.remember(TOPIC, [...others, [key, { ...mine(), [topic]: value }]].slice(-MAX_DUMPS));
    },
  };
}
