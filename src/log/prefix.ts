/** Parses what printk, syslog, consoles and people put before a message of the kernel. */

/** The parts of a prefix. Columns count from 0 in the line as it is given. */
export interface Prefix {
  /** Where the message starts. */
  readonly column: number;
  /** Seconds since boot. */
  readonly seconds: number | undefined;
  /** CONFIG_PRINTK_CALLER: "T123" of a task, "C1" of a CPU in an interrupt; without blanks. */
  readonly caller: string | undefined;
  /** KERN_EMERG 0 to KERN_DEBUG 7; undefined if the prefix does not contain it. */
  readonly level: number | undefined;
  /**
   * Whether a user program wrote the line: it has a syslog tag with a process id, and another name than the kernel's.
   */
  readonly isForeign: boolean;
  /** Whether lines before it are lost: the console was too slow for the kernel. */
  readonly isAfterGap: boolean;
}

/** Also abbreviated in other languages: `nov. 30`, `11月 30`. */
const MONTH_DAY = String.raw`(?:[A-Za-z\u00c0-\u024f]{3,5}\.?|\d{1,2}月) {0,2}\d{1,2}`;
const CLOCK = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`;
const ISO = String.raw`\d{4}-\d\d-\d\d[T ]${CLOCK}(?: ?Z|[+-]\d\d:?\d\d| [A-Z]{2,5}(?= ))?`;
/** `Tue Mar  5 10:11:12 CET 2024`, `Mar 05 10:11:12.345678`, `Tue 2024-03-05 10:11:12 CET`. */
const DAY = String.raw`(?:[A-Za-z\u00c0-\u024f]{2,5}\.? )?(?:${MONTH_DAY} ${CLOCK}(?: [A-Z]{2,5}(?= \d{4}))?(?: \d{4})?|${ISO})`;
/** A clock that ran backwards shows a large number; some consoles put a tab or a blank within the brackets. */
const SECONDS = String.raw`\[[ \t]{0,12}(\d{1,12}\.\d{1,9})(?: <[ \d.]{1,24}>)? {0,4}\]`;

/** The tag of the kernel in a syslog, with the host and the facility that may precede it. */
const TAG = String.raw`(?:[^\s:[\]]{1,255} |[^\s[\]]{1,254}[^\s:[\]] ){0,2}(?:kernel|KERNEL|unknown)(?:\[\d{1,10}\])?: ?`;

type Meaning = "gap" | "time" | "seconds" | "caller" | "level" | "levelName" | "tag" | "other";

/**
 * A part of a prefix: a sticky pattern, and its meaning. A part of meaning "time" may only precede the seconds since
 * boot.
 */
const part = (meaning: Meaning, source: string): readonly [Meaning, RegExp] => [meaning, new RegExp(source, "y")];

const PARTS: readonly (readonly [Meaning, RegExp])[] = [
  part("seconds", String.raw`\s*${SECONDS} ?`),
  // dmesg -H: seconds since the message before; dmesg --time-format=delta.
  part("time", String.raw`\[(?: *\+\d{1,10}\.\d{1,9}|<[ \d.]{1,24}>)\] ?`),
  // CONFIG_PRINTK_CALLER: [T812]; with the CPU since 6.19: [T812@C1].
  part("caller", String.raw` ?\[ {0,8}([TC]\d{1,10})(?:@C\d{1,6})? {0,4}\] ?`),
  // dmesg -r, RFC 3164 and 5424; netconsole's extended form and /dev/kmsg.
  part(
    "level",
    String.raw`<(\d{1,3})>(?:1 ${ISO} \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|\[[^\]]{0,512}\]) ?\uFEFF?)?`,
  ),
  part("level", String.raw`(\d{1,5}),\d{1,20},\d{1,20},[^;]{0,64};`),
  // dmesg -x.
  part("levelName", String.raw`[a-z0-9]{2,8} {0,8}:([a-z]{3,6}) {0,6}: `),
  part("time", String.raw`\[(?:${DAY})(?: <[ \d.]{1,24}>)?\] ?`),
  part("time", String.raw`\[(?:${MONTH_DAY} \d\d:\d\d|${CLOCK})\] ?`),
  // Android logcat: time, process, thread, level, tag.
  part(
    "time",
    String.raw`(?:\d{4}-)?\d\d-\d\d ${CLOCK} {1,8}(?:[a-z]\w{0,15} {1,8})?\d{1,7} {1,8}\d{1,7} [VDIWEF] [^:]{0,40}: ?`,
  ),
  part(
    "time",
    String.raw`(?:${DAY}|(?:\d\d\/\d\d\/\d{2,4}|\d{4}\/\d\d\/\d\d) ${CLOCK}|${CLOCK}|\d{10}\.\d{3,9})(?::(?= )|(?=[ \t]|$)) ?`,
  ),
  part("tag", TAG),
  // Android logcat -v brief, tag and time.
  part("time", String.raw`(?:\d{4}-)?\d\d-\d\d ${CLOCK} (?=[VDIWEF]\/)`),
  part("tag", String.raw`[VDIWEF]\/kernel {0,16}(?:\( {0,8}\d{1,7}\))?: ?`),
  // Xen's console, and that of its guests.
  part("other", String.raw`\((?:XEN|d\d{1,5}v?\d{0,5})\) ?`),
  // kubectl logs --prefix, docker compose logs.
  part("other", String.raw`\[pod\/[^\]\s]{1,255}\] |[\w.-]{1,64} {0,8}\| (?=\[)|[\w.-]{0,64}[-_]\d{1,3} {1,8}\| `),
  part("other", String.raw`[\w.-]{1,64} login: (?=[A-Z\[])`),
  part("gap", String.raw`\*\* \d{1,10} printk messages dropped \*\* ?`),
  // MediaTek: (CPU)[PID:task].
  part("other", String.raw` ?\(\d{1,3}\)\[\d{1,7}:[^\]]{1,32}\]`),
  // Samsung: [CPU: task: PID].
  part("other", String.raw`[A-Z]?\[\d{1,3}: {0,16}[^\]:]{1,20}: {0,6}\d{1,7}\] ?`),
  // HiSilicon: [pid:PID,cpuCPU,task].
  part("other", String.raw`\[pid:\d{1,7},cpu\d{1,3},[^\]]{1,32}\] ?`),
  // cat -n, less -N.
  part("other", String.raw`(?<![^]) {0,8}\d{1,7}\t`),
  // Some syslogs: eight hexadecimal digits in brackets.
  part("other", String.raw`\[[0-9a-f]{8}\] (?!\[|[\w.]{1,128}\+0x)`),
  // Quoted in a mail with `> `; in a table or the log of a build with `| `.
  part("other", String.raw`(?:> ?){1,8}(?=\S| )|\| ?(?=[\S ])(?!\|)`),
];

/** The words of dmesg -x, by level. */
const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];

/** A time stamp after other text: a prompt, a file's name, a line number, a field of JSON. */
const LATER_SECONDS = /\[ {0,12}\d{1,10}\.\d{6}\]/;
/** Maximum number of characters that are searched for such a time stamp. */
const MAX_BEFORE = 200;
/** grep's file name and line number, diff's sign; the rest of the prefix follows. */
const GREP = /(?:[\w./-]{1,200}[.:])?(?:\d{1,7}[:-])?[+ -]?/y;
/** A syslog line of a program: host, name, process id. */
const PROGRAM = /[^\s:[\]]{1,255} [\w./@-]{1,64}\[\d{1,10}\]: /y;
/** First words of reports. A time stamp later in such a line is part of the report's text, not of a prefix. */
const MESSAGE = /^\W{0,8}(?:BUG: |WARNING: |INFO: |Oops|Kernel panic|Unable to handle|general protection|kernel BUG)/;
/** Maximum number of parts of a prefix. */
const MAX_PARTS = 12;

/** Matches the prefix of most lines, with nothing after it that could be a further part. */
const PLAIN =
  /^\[ {0,12}(\d{1,10}\.\d{6})\](?:\[ {0,8}([TC]\d{1,10})\])? (?![[(<*>]|(?:\S{1,255} ){0,2}(?:kernel|KERNEL|unknown)(?:\[\d{1,10}\])?: ?)(?=[^\[]*(?:\[(?! {0,12}\d{1,10}\.\d{6}\])|$))/;

interface Reading {
  column: number;
  seconds: number | undefined;
  caller: string | undefined;
  level: number | undefined;
  hasTime: boolean;
  isAfterGap: boolean;
}

/**
 * Parses the prefix of a line: everything up to the end of the last seconds since boot. Without them, up to the end of
 * the kernel's tag in a syslog, or of a date or a time of day. @param line without escapes, of bounded length
 */
export function prefixOf(line: string): Prefix {
  const plain = PLAIN.exec(line);
  if (plain) {
    const [{ length }, seconds, caller] = plain;
    return { column: length, seconds: Number(seconds), caller, level: undefined, isForeign: false, isAfterGap: false };
  }
  const reading: Reading = {
    column: 0,
    seconds: undefined,
    caller: undefined,
    level: undefined,
    hasTime: false,
    isAfterGap: false,
  };
  readParts(line, reading);
  if (reading.seconds === undefined) readLaterStamp(line, reading);
  if (reading.column === 0) readGrep(line, reading);
  PROGRAM.lastIndex = reading.column;
  const isForeign = reading.hasTime && reading.seconds === undefined && PROGRAM.test(line);
  const { column, seconds, caller, level, isAfterGap } = reading;
  return { column, seconds, caller, level, isForeign, isAfterGap };
}

function readParts(line: string, reading: Reading): void {
  for (let count = 0; count < MAX_PARTS; count++) {
    if (!readPart(line, reading)) return;
  }
}

function readPart(line: string, reading: Reading): boolean {
  for (const [meaning, pattern] of PARTS) {
    pattern.lastIndex = reading.column;
    const match = pattern.exec(line);
    if (!match || match[0].length === 0 || !fits(meaning, reading)) continue;
    take(meaning, match[1], reading);
    reading.column += match[0].length;
    return true;
  }
  return false;
}

/**
 * Whether a part can be at this position: a point in time is before the seconds since boot, a caller is after one of
 * them or at the start of the line.
 */
function fits(meaning: Meaning, { seconds, hasTime, column, caller }: Reading): boolean {
  if (meaning === "time") return seconds === undefined;
  if (meaning === "caller") return caller === undefined && (seconds !== undefined || hasTime || column === 0);
  return true;
}

function take(meaning: Meaning, value: string | undefined, reading: Reading): void {
  if (meaning === "seconds") reading.seconds = Number(value);
  else if (meaning === "caller") reading.caller = value;
  else if (meaning === "level") reading.level = Number(value) & 7;
  else if (meaning === "gap") reading.isAfterGap = true;
  else if (meaning === "time") reading.hasTime = true;
  else if (meaning === "levelName") {
    const level = LEVELS.indexOf(value ?? "");
    if (level >= 0) reading.level = level;
  }
}

function readLaterStamp(line: string, reading: Reading): void {
  const stamp = LATER_SECONDS.exec(line.slice(reading.column, reading.column + MAX_BEFORE));
  if (!stamp || MESSAGE.test(line.slice(reading.column, reading.column + stamp.index))) return;
  reading.column += stamp.index;
  readParts(line, reading);
}

/** `kern.log:Mar  5 10:11:12 host kernel: `, `12:[    1.0] `: taken only when a prefix follows it. */
function readGrep(line: string, reading: Reading): void {
  GREP.lastIndex = 0;
  const length = GREP.exec(line)?.[0].length ?? 0;
  if (length === 0) return;
  const inner: Reading = { ...reading, column: length };
  readParts(line, inner);
  if (inner.column > length && (inner.hasTime || inner.seconds !== undefined)) Object.assign(reading, inner);
}
