/**
 * The state that the pages of one dump keep across a reload of the window. It is kept per dump, because a search of one
 * dump does not apply to another.
 */
export interface DumpState {
  recall<T>(topic: string, otherwise: T): T;
  remember(topic: string, value: unknown): void;
}

/** The state of all pages, by topic. */
interface PageState {
  recall<T>(topic: string, otherwise: T): T;
  remember(topic: string, value: unknown): void;
}

/** Maximum number of dumps with stored state. */
const MAX_DUMPS = 16;
const TOPIC = "dumps";

type Dumps = readonly (readonly [key: string, topics: Readonly<Record<string, unknown>>])[];

/** Returns the state of one dump. @param dump paths of the dump's files */
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
