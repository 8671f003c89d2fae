/**
 * Checks a file against the published description of the Trace Event Format (the document "Trace Event Format" of
 * Chromium's trace viewer, which ui.perfetto.dev reads): the JSON Object Format, field by field.
 */

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): boolean => typeof value === "string";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value);
const isTime = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value >= 0;
const isOneOf =
  (...values: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "string" && values.includes(value);
const isRecord = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Fields of all events. */
const COMMON: Readonly<Record<string, (value: unknown) => boolean>> = { name: isText, pid: isCount, tid: isCount };
/** Fields of events of each phase, besides the common ones. "args" may be there always. */
const PHASES: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  // Metadata: the name says what is named; args has the name.
  M: { name: isOneOf("process_name", "thread_name"), args: (args) => isRecord(args) && isText(args["name"]) },
  // Complete events.
  X: { ts: isTime, dur: isTime, cat: isText },
  // Instants, with their scope: global, process or thread.
  i: { ts: isTime, s: isOneOf("g", "p", "t"), cat: isText },
  // Begin and end of nestable asynchronous events, which category and id connect.
  b: { ts: isTime, cat: isText, id: isText },
  e: { ts: isTime, cat: isText, id: isText },
};

/** Returns what is wrong in a file, at most one sentence for each event. */
export function* violations(text: string): Generator<string, void, void> {
  const file = JSON.parse(text) as unknown;
  if (!isRecord(file) || !Array.isArray(file["traceEvents"])) return yield "there are no traceEvents";
  if (!isOneOf("ms", "ns")(file["displayTimeUnit"])) yield "displayTimeUnit is neither ms nor ns";
  const events = file["traceEvents"].filter(isRecord);
  if (events.length !== file["traceEvents"].length) yield "an event is no object";
  for (const event of events) {
    const phase = PHASES[String(event["ph"])];
    if (!phase) yield `no such phase: ${JSON.stringify(event)}`;
    else {
      const fields = { ...COMMON, ...phase };
      const wrong = Object.keys(fields).find((name) => !fields[name]?.(event[name]));
      const unknown = Object.keys(event).find((name) => name !== "ph" && name !== "args" && !(name in fields));
      if (wrong !== undefined) yield `${wrong} is wrong: ${JSON.stringify(event)}`;
      else if (unknown !== undefined) yield `${unknown} is no field of the phase: ${JSON.stringify(event)}`;
      else if ("args" in event && !isRecord(event["args"])) yield `args is no object: ${JSON.stringify(event)}`;
    }
  }
  yield* unpaired(events);
  yield* overlapping(events);
}

/** Yields asynchronous events that do not begin and end once, in this order. */
function* unpaired(events: readonly Fields[]): Generator<string, void, void> {
  const begun = new Map<string, number>();
  for (const { ph, cat, id, ts } of events) {
    const key = `${String(cat)} ${String(id)}`;
    if (ph === "b" && begun.has(key)) yield `${key} begins twice`;
    if (ph === "b") begun.set(key, Number(ts));
    if (ph !== "e") continue;
    const begin = begun.get(key);
    if (begin === undefined || begin > Number(ts)) yield `${key} ends before it begins`;
    begun.delete(key);
  }
  for (const key of begun.keys()) yield `${key} does not end`;
}

/** Yields complete events of a track that overlap, because a viewer can only draw those that contain one another. */
function* overlapping(events: readonly Fields[]): Generator<string, void, void> {
  // Times are sums of doubles.
  const tolerance = 0.002;
  const tracks = new Map<string, Fields[]>();
  for (const event of events.filter(({ ph }) => ph === "X")) {
    const track = `${String(event["pid"])}/${String(event["tid"])}`;
    const known = tracks.get(track);
    if (known) known.push(event);
    else tracks.set(track, [event]);
  }
  for (const [track, slices] of tracks) {
    const open: number[] = [];
    const ordered = slices.toSorted((a, b) => Number(a["ts"]) - Number(b["ts"]) || Number(b["dur"]) - Number(a["dur"]));
    for (const { ts, dur, name } of ordered) {
      const [begin, end] = [Number(ts), Number(ts) + Number(dur)];
      while ((open.at(-1) ?? Infinity) <= begin + tolerance) open.pop();
      if (end > (open.at(-1) ?? Infinity) + tolerance) yield `${String(name)} at ${begin} overlaps another on ${track}`;
      open.push(end);
    }
  }
}
