/** Finds the task and CPU that a report is about, or that printed it. */
export interface TaskFact {
  readonly cpu: number | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
}

/**
 * Forms in which reports name a task and a CPU; the task that the report is about comes before the one that printed it.
 * A name may hold colons, blanks and slashes: what follows it is matched from the end.
 */
const FORMS: readonly RegExp[] = [
  /^WARNING: CPU: (?<cpu>\d+) PID: (?<pid>\d+) at /,
  /, CPU#(?<cpu>\d+): (?<comm>.{1,40})\/(?<pid>\d+)\s*$/,
  /^(?<comm>.{1,40})\/(?<pid>\d+) (?:is |just changed|takes|\[HC)/,
  /\bby task (?<comm>.{1,40})\/(?<pid>\d+)\s*$/,
  /^\s{0,32}CPU: (?<cpu>\d+)(?: UID: \d+)? PID: (?<pid>\d+) Comm: (?<comm>.{1,40}?) (?:Kdump: loaded )?(?:Not tainted|Tainted)/,
  /^\s{0,32}task:(?<comm>.{1,40}?) {1,}state:.{1,60}?\bpid: ?(?<pid>\d+)/,
  /^\s{0,32}Pid: (?<pid>\d+), comm: (?<comm>.{1,40}?) (?:Not tainted|Tainted)/,
  /, pid: (?<pid>\d+), name: (?<comm>.{1,40})$/,
  /^\s{0,32}Process (?<comm>.{1,40}) \(pid: (?<pid>\d+)/,
  /^\s{0,32}comm "(?<comm>[^"]{1,40})", pid (?<pid>\d+)/,
  /^TASK = [0-9a-f]{8,16}\[(?<pid>\d+)\] '(?<comm>[^']{1,40})'/,
  // The CPU lines of x86_64 up to 3.9 and i386 up to 2.6.31; a PID on such a line belongs to the task that printed the
  // report.
  /^C(?:PU|pu) (?<cpu>\d+)\s*$|^EIP: .{1,40} CPU: (?<cpu2>\d+)/,
  /^\s{0,32}CPU: (?<cpu>\d+)(?! (?:UID: \d+ )?PID: )\b/,
  /^Watchdog detected hard LOCKUP on cpu ?(?<cpu>\d+)/,
];

/** Lines in which lockdep names a task. */
const OF_LOCKS = FORMS[2];

/**
 * Finds the task and the CPU that the lines of a report name.
 * @param groups groups of the headline, which take precedence
 * @param isAboutLocks whether lockdep printed the report; otherwise its lines about a task are ignored
 */
export function taskOf(
  texts: readonly string[],
  groups: Readonly<Record<string, string | undefined>>,
  isAboutLocks = true,
): TaskFact {
  let cpu = number(groups.cpu ?? groups.own ?? groups.self);
  let pid = number(groups.pid);
  let comm = groups.comm;
  for (const form of FORMS) {
    if (cpu !== undefined && pid !== undefined && comm !== undefined) break;
    if (form === OF_LOCKS && !isAboutLocks) continue;
    // Ignore the CPU of a line that names another task.
    const found = firstOf(texts, form, pid);
    if (!found) continue;
    if (comm === undefined || pid !== undefined) comm ??= found.comm?.trim();
    pid ??= number(found.pid);
    cpu ??= number(found.cpu ?? found.cpu2);
  }
  return { cpu, pid, comm };
}

/**
 * Returns the groups of the first line that matches a form and does not name another task than `pid`; undefined if
 * there is none.
 */
function firstOf(
  texts: readonly string[],
  form: RegExp,
  pid: number | undefined,
): Record<string, string | undefined> | undefined {
  for (const text of texts) {
    const groups = form.exec(text)?.groups;
    const other = number(groups?.pid);
    if (groups && (pid === undefined || other === undefined || other === pid)) return groups;
  }
  return undefined;
}

const number = (text: string | undefined): number | undefined =>
  text === undefined || Number.isNaN(Number(text)) ? undefined : Number(text);
