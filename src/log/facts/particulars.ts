/** Details of reports other than task and place, by kind. */
import type { ReportKind } from "../kinds.ts";

/** A further detail that a report prints: who allocated the object, which lock, which limit. */
export interface Particular {
  readonly key: string;
  /** Label shown to the user. */
  readonly label: string;
  readonly text: string;
}

type Form = readonly [key: string, label: string, pattern: RegExp];

/**
 * `ffff888011aa0a58 (&a->lock){+.+.}-{3:3}, at: f+0x44/0x90`; up to 4.12 without the first address, and with
 * `[<address>]` after "at:".
 */
const LOCK_AT =
  /^\s{0,32}(?:([0-9a-f]{8,16}) )?\((.{1,160}?)\)\{[^}]{0,40}\}[^,]{0,40}, at: (?:\[<[0-9a-f]+>\] )?(\S{1,200}(?: \[[\w-]+\])?)/;

/** By kind: the lines with details. The first group of a pattern that matches is the detail. */
const FORMS: readonly (readonly [kinds: readonly ReportKind[], forms: readonly Form[]])[] = [
  [
    ["kasan", "kfence", "slab"],
    [
      ["object", "Object", /^The buggy address belongs to the object at ([0-9a-f]{8,16})/],
      ["cache", "Cache", /^\s{0,32}which belongs to the cache (\S{1,64} of size \d+)/],
      [
        "inside",
        "Place in it",
        /^\s{0,32}(?:The buggy address is )?located (\d+ bytes (?:inside of|to the (?:right|left) of|before|after).*)/,
      ],
      ["inside", "Place in it", /^The buggy address is located (\d+ bytes .*)/],
      ["region", "Region", /^\s{0,32}((?:freed |allocated )?\d+-byte region \[[0-9a-f]+, [0-9a-f]+\))/],
      ["variable", "Variable", /^The buggy address belongs to the variable:\s{0,32}(\S{1,200}\+0x[0-9a-f].*)/],
      [
        "stack",
        "Stack of",
        /^(?:The buggy address belongs to stack of|addr [0-9a-f]+ is located in stack of) task (\S{1,40})/,
      ],
      ["kfenceObject", "Object", /^(kfence-#\d+(?:: | \[).{1,160}?)(?: allocated by .{1,60})?$/],
      ["range", "KASAN", /^KASAN: (.{1,120})/],
      ["allocated", "Allocated by", /^Allocated by (task \d+)/],
      ["freed", "Freed by", /^Freed by (task \d+)/],
      ["allocated", "Allocated by", /^(?:kfence-#\d+ \[.{1,120}\] )?allocated by (task \d+)/],
      ["freed", "Freed by", /^freed by (task \d+)/],
      ["slabObject", "Object", /^INFO: (Object 0x.{1,100})/],
      ["slabAllocated", "Allocated", /^(?:INFO: )?Allocated in (.{1,160})/],
      ["slabFreed", "Freed", /^(?:INFO: )?Freed in (.{1,160})/],
    ],
  ],
  [
    ["kmsan"],
    [
      ["local", "Variable", /^Local variable (.{1,120}) created at/],
      ["bytes", "Bytes", /^(Bytes \d.{1,80} (?:are|is) uninitialized)/],
      ["copied", "Copied to", /^Data copied to user address ([0-9a-f]+)/],
    ],
  ],
  [
    ["kcsan"],
    [
      [
        "first",
        "One side",
        /^((?:(?:read|write)[a-z(), -]{0,40}|assert no \w{1,10}(?: \(reordered\))?) to 0x.{1,160}?):?$/,
      ],
      ["change", "Value", /^value changed: (.{1,80})/],
    ],
  ],
  [
    ["memory-leak"],
    [
      ["object", "Object", /unreferenced object (0x[0-9a-f]+ \(size \d+\))/],
      ["by", "Allocated by", /^\s{0,32}comm ("[^"]{1,40}", pid \d+)/],
    ],
  ],
  [
    ["lock-cycle", "lock-recursion", "lock-inversion", "lock-order", "lock-state", "lock-context"],
    [
      ["held", "Held locks", /^(\d+ locks? held by .{1,60}):/],
      ["rule", "State", /^(inconsistent \{.{1,80}\} usage)/],
    ],
  ],
  [
    ["lock-balance", "lock-freed", "lock-held", "lock-nested", "lock-context"],
    [
      ["lock", "Lock", /is trying to (?:release|lock|acquire|contend):? ?(?:lock )?\((.{1,160}?)\) at/],
      ["lock", "Lock", /^\s{0,8}(?:#0:\s{1,4})?(?:[0-9a-f]{8,16} )?\((.{1,160}?)\)\{/],
      ["memory", "Memory freed", /is freeing memory ([0-9a-f]{8,16}-[0-9a-f]{8,16})\b/],
    ],
  ],
  [
    ["rcu-usage"],
    [
      ["place", "Place", /^(\S{1,200}:\d+ .{1,160}!)/],
      ["state", "State", /^(rcu_scheduler_active = \d.*)/],
      ["held", "Held locks", /^(\d+ locks? held by .{1,60}):/],
    ],
  ],
  [
    ["hung-task"],
    [
      ["state", "State", /\bstate:([A-Z])/],
      ["workqueue", "Workqueue", /^Workqueue: (.{1,160})/],
      ["owner", "Blocked on", /^INFO: task .{1,64} (blocked on an? .{1,200})/],
    ],
  ],
  [
    ["rcu-stall"],
    [
      [
        "cpus",
        "CPUs",
        /^(?:rcu: )?\s*(\d{1,5}(?:-[.!#?oONdD\d]{2,4}: |: \(\d{1,20} (?:ticks this GP|GPs behind)\)).{1,200})/,
      ],
      ["cpus", "CPUs", /on CPUs\/tasks: \{ ((?:[\dP][\w.!#?-]{0,20} ?){1,32})\}/],
      ["tasks", "Tasks", /^(?:rcu: )?\s*(Tasks blocked on .{1,100}P\d.{0,100})/],
      ["detected", "Detected", /^(?:rcu: )?INFO: rcu.{1,200} \((detected by \d.{1,120})\)$/],
      ["detected", "Detected", /^\s{0,32}(?:rcu: )?\s*\((detected by .{1,120})\)/],
      ["time", "Time", /^\s{0,32}(?:rcu: )?\s*\((t=\d+ jiffies.{1,80})\)/],
      ["starved", "RCU's thread", /^(?:rcu: )?(rcu_\w+ kthread .{1,160})/],
    ],
  ],
  [
    ["oom"],
    [
      ["request", "Request", /invoked oom-killer: (.{1,200})/],
      ["usage", "Usage", /^memory: (usage .{1,120})/],
      ["group", "Control group", /^Memory cgroup stats for (\S{1,300}?):/],
      ["constraint", "Constraint", /^oom-kill:constraint=(CONSTRAINT_\w+)/],
      ["killed", "Killed", /(?:Kill(?:ed)? process )(\d+ \([^)]{1,64}\).{0,160})/],
      ["free", "Free", /^Node \d+ (?:Normal|DMA32) free:(.{1,80})/],
    ],
  ],
  [["allocation-failure"], [["request", "Request", /: (order:?\d+, mode:.{1,160})/]]],
  [
    ["bad-page", "bad-page-map"],
    [
      ["page", "Page", /^(page:.{1,160})/],
      ["reason", "Reason", /^page dumped because: (.{1,120})/],
      ["flags", "Flags", /^(?:raw: |flags: )(0x.{1,120})/],
      ["allocated", "Last allocated", /^page last allocated via (.{1,200})/],
    ],
  ],
  [
    ["spinlock"],
    [
      ["lock", "Lock", /^\s{0,32}lock: (.{1,120}?),? \.magic/],
      ["magic", "Magic", /\.magic: ([0-9a-f]{8})/],
      ["owner", "Owner", /\.owner: (.{1,60}?),? \.owner_cpu/],
      ["ownerCpu", "Owner's CPU", /\.owner_cpu: (-?\d+)/],
    ],
  ],
  [
    ["atomic-sleep", "atomic-schedule"],
    [
      ["atomic", "in_atomic()", /^in_atomic\(\): (\d)/],
      ["irqs", "irqs_disabled()", /irqs_disabled\(\): (\d)/],
      ["count", "preempt_count", /^preempt_count: ([0-9a-f]+)/],
      ["rcu", "RCU nesting", /^RCU nest depth: (.{1,60})/],
      ["disabled", "Preemption disabled at", /^Preemption disabled at:\s*(?!\[<0+>\] 0x0)(\S.{0,200})/],
    ],
  ],
  [["workqueue-leak"], [["function", "Last function", /last function: (\S{1,128})|\bworkfn=(\S{1,128})/]]],
  [["workqueue-lockup"], [["workqueue", "Workqueue", /^workqueue (\S{1,64}: flags=.{1,40})/]]],
  [
    ["machine-check"],
    [
      ["cpu", "CPU", /\bCPU (\d+): Machine Check/],
      ["cpu", "CPU", /^MCE: CPU(\d+): machine check/],
      ["says", "Says", /^MCE: CPU\d+: machine check (\(.{1,200})/],
      ["class", "Class", /^MCE: CPU\d+: (Unknown|(?:Probable )?(?:Hardware|Software) error.{0,80}|Software disabled)$/],
      ["bank", "Bank", /\bBank (\d+): [0-9a-f]{16}/],
      ["status", "Status", /\bBank \d+: ([0-9a-f]{16})/],
      ["rip", "RIP", /\bRIP (.{1,80})/],
      ["address", "Address", /\bADDR ([0-9a-f]{1,16})/],
      ["address", "Address", /\bBank \d+: [0-9a-f]{16} at ([0-9a-f]{16})/],
      ["misc", "Misc", /\bMISC ([0-9a-f]{1,16})/],
      ["processor", "Processor", /\bPROCESSOR (\S{1,20})/],
      ["socket", "Socket", /\bSOCKET (\d+)/],
      ["says", "Says", /Machine check: (.{1,120})/],
      ["cpu", "CPU", /\bCPU:(\d+) \(\w+:\w+:\w+\) MC\d+_STATUS/],
      ["bank", "Bank", /\bMC(\d+)_STATUS/],
      ["status", "Status", /\bMC\d+_STATUS.{0,100}: 0x([0-9a-f]{16})/],
      ["address", "Address", /\bMC\d+_ADDR.{0,40}: 0x([0-9a-f]{16})/],
      ["unit", "Unit", /\[Hardware Error\]: (.{1,80} Extended Error Code: \d+)/],
    ],
  ],
  [
    ["firmware-error", "pcie-error", "edac"],
    [
      ["severity", "Severity", /(?:event severity: |severity=)([^,]{1,60})/],
      ["type", "Type", /\berror_type: (.{1,80})|section_type: (.{1,80})/],
      ["address", "Address", /\bphysical_address: (0x[0-9a-f]+)/],
      ["dimm", "DIMM", /\bDIMM location: (.{1,80})/],
      ["device", "Device", /\bdevice_id: (\S{1,40})/],
    ],
  ],
  [["list-corruption"], [["says", "Says", /^((?:list|slist)_\w+ .{1,200})/]]],
  [["refcount"], [["says", "Says", /^(refcount_t: .{1,100})/]]],
  [
    ["ubsan"],
    [
      [
        "says",
        "Says",
        /^((?:index|shift|signed|load|member|division|left|right|negation|null|store|unsigned) .{1,320})/,
      ],
    ],
  ],
  [["odebug"], [["says", "Says", /^(ODEBUG: .{1,200})/]]],
  [["usercopy"], [["says", "Says", /^(?:slab )?usercopy: (.{1,200})/]]],
  [["preemptible"], [["caller", "Caller", /^caller is (\S{1,160})/]]],
  // Hashed addresses (%p) say nothing.
  [["stack-guard"], [["stack", "Stack", /\((stack is (?!0{8}[0-9a-f]{8}\.\.)[0-9a-fx.]+)\)/]]],
];

/** `(&a->lock){-.-.}-{2:2}`: a lock that is printed without a place. */
const LOCK_ALONE = /^\s{0,32}\((.{1,160}?)\)\{[^}]{0,40}\}/;

const LOCK_LABELS = {
  wants: "Wants",
  holds: "Holds",
  safe: "Safe lock",
  unsafe: "Unsafe lock",
} as const;

/**
 * Whether a detail is in the line after this one. UBSAN up to 4.x printed an overflow in two lines: `signed integer
 * overflow:` and the operation. KASAN prints the variable below the sentence.
 */
const goesOnBelow = (line: string): boolean =>
  /^(?:Preemption disabled at|(?:un)?signed integer overflow|The buggy address belongs to the variable):\s*$/.test(
    line,
  );

/** Returns the details in the lines of a report, each at most once. */
export function particularsOf(texts: readonly string[], kind: ReportKind): Particular[] {
  const forms = FORMS.filter(([kinds]) => kinds.includes(kind)).flatMap(([, rows]) => rows);
  const found = new Map<string, Particular>();
  const isLocks = kind.startsWith("lock-");
  // Reports of these kinds are about a lock that the task takes, not one that it waits for: label it "Lock".
  const isUsage = kind === "lock-state" || kind === "lock-inversion";
  let state: keyof typeof LOCK_LABELS | undefined;
  const addresses = new Map<string, string>();
  for (const [i, line] of texts.entries()) {
    // KASAN prints this for an object that was not freed, or of which it did not record the allocation.
    if (/^(?:Allocated|Freed) by task 0:/.test(line) && /^\(stack is not available\)/.test(texts[i + 1] ?? ""))
      continue;
    const text = goesOnBelow(line) ? `${line.trim()} ${texts[i + 1] ?? ""}` : line;
    for (const [key, label, pattern] of forms) {
      const match = found.has(key) ? null : pattern.exec(text);
      const value = match?.slice(1).find((group) => group !== undefined);
      if (value !== undefined && value.trim() !== "") found.set(key, { key, label, text: value.trim() });
    }
    if (!isLocks) continue;
    if (/is trying to acquire|just changed the state|takes:?$|takes\b/.test(text)) state = "wants";
    else if (/already holding/.test(text)) state = "holds";
    else if (/new dependency connects an? \S+-safe lock:/.test(text)) state = "safe";
    else if (/^to an? \S+-unsafe lock:/.test(text)) state = "unsafe";
    if (state === undefined || found.has(state)) continue;
    const label = state === "wants" && isUsage ? "Lock" : LOCK_LABELS[state];
    const lock = LOCK_AT.exec(text);
    const name = state === "safe" || state === "unsafe" ? LOCK_ALONE.exec(text)?.[1] : undefined;
    if (lock) {
      found.set(state, { key: state, label, text: `${lock[2] ?? ""} at ${lock[3] ?? ""}` });
      if (lock[1] !== undefined) addresses.set(state, lock[1]);
    } else if (name !== undefined) found.set(state, { key: state, label, text: name });
  }
  const own = addresses.get("wants");
  if (kind === "lock-recursion" && own !== undefined && own === addresses.get("holds"))
    found.set("same", { key: "same", label: "One lock", text: `both are at ${own}` });
  return [...found.values()];
}
