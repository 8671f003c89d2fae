/** What a report says about the kernel and the machine. */
export interface System {
  /** "6.1.0-56-cloud-amd64". */
  readonly release: string | undefined;
  /** "Debian", by the form of the release. */
  readonly distribution: string | undefined;
  /** "G OE"; empty when the kernel was not tainted, undefined when the report does not print it. */
  readonly taint: string | undefined;
  /** The text after "Hardware name:". */
  readonly hardware: string | undefined;
  /** The list "Modules linked in": module name to flags. */
  readonly modules: ReadonlyMap<string, string>;
}

const RELEASE =
  /(?:^|[\s(])(\d{1,2}\.\d{1,3}(?:\.\d{1,4})?(?:[-+.~][\w.+~-]{1,80}|[\w+~-]{0,20}))(?=\s+#|\s*$|\s+(?:Not t|T)ainted|\)| SMP| PREEMPT)/;
const SAYS_TAINT = /Not tainted|Tainted: /;
const TAINT = /\bTainted: ([A-Z](?: {0,20}[A-Z]){0,59}?)(?=\s+[-\da-z]|\s*$|\s*\(|\s*\[|,)/;
const VERSION = /^Linux version (\S{1,120})/;

/**
 * Collects what the lines of a report say about kernel and machine.
 * @param before the nearest line "Linux version" before the report, for the release that the report does not print
 */
export function systemOf(texts: readonly string[], before?: string): System {
  let release: string | undefined;
  let taint: string | undefined;
  let hardware: string | undefined;
  for (const text of texts) {
    if (SAYS_TAINT.test(text)) {
      release ??= RELEASE.exec(text)?.[1];
      taint ??= text.includes("Not tainted") ? "" : TAINT.exec(text)?.[1]?.replace(/\s+/g, " ").trim();
    }
    hardware ??= /^\s{0,32}Hardware name: (.{1,300})/.exec(text)?.[1]?.trim();
  }
  release ??= before === undefined ? undefined : VERSION.exec(before)?.[1];
  return { release, distribution: distributionOf(release), taint, hardware, modules: modulesOf(texts) };
}

/** Distributions by the form of their kernels' releases; the first that matches. */
const DISTRIBUTIONS: readonly (readonly [RegExp, string])[] = [
  [/\.el(\d+)uek/, "Oracle Linux $1 (UEK)"],
  [/\.el(\d+)(?:_\d+)?[._]?/, "Red Hat Enterprise Linux $1 or a rebuild"],
  [/\.fc(\d+)/, "Fedora $1"],
  [/\.amzn(\d+)/, "Amazon Linux $1"],
  [/\.oe(\d{4})/, "openEuler $1"],
  [/\.an(\d+)\./, "Anolis OS $1"],
  [/\.azl(\d+)|\.cm(\d+)/, "Azure Linux"],
  [/\+deb(\d+)u?\d*-|~deb(\d+)|-0\.deb(\d+)\./, "Debian $1"],
  [/-0\.bpo\.|\+bpo/, "Debian"],
  [
    /-\d+-(?:cloud-|rt-)?(?:amd64|arm64|686|686-pae|armmp|marvell|s390x|powerpc64le|riscv64|octeon|loongson-3)$/,
    "Debian",
  ],
  [/-\d+-(?:generic|lowlatency|aws|azure|gcp|oracle|kvm|oem|raspi|ibm|gke)$/, "Ubuntu"],
  [/-lp\d{3}|-(?:default|preempt)$/, "SUSE"],
  [/-pve$/, "Proxmox VE"],
  [/-arch\d|-zen\d/, "Arch Linux"],
  [/-MANJARO/, "Manjaro"],
  [/-gentoo/, "Gentoo"],
  [/-android\d+-|-g[0-9a-f]{12}-ab\d/, "Android"],
  [/-microsoft-standard/, "Windows Subsystem for Linux"],
  [/-rpi|-v[78]l?\+$/, "Raspberry Pi OS"],
  [/-alpine|-\d+-virt$/, "Alpine Linux"],
  [/-lts$/, "Arch Linux or Alpine Linux"],
];

/** Returns the distribution that a kernel's release names; undefined for other kernels. */
export function distributionOf(release: string | undefined): string | undefined {
  if (release === undefined) return undefined;
  for (const [pattern, name] of DISTRIBUTIONS) {
    const match = pattern.exec(release);
    if (match) return name.replace("$1", match.slice(1).find((part) => part !== undefined) ?? "").trim();
  }
  return undefined;
}

const MODULES = /Modules linked in:(.*)$/;
/** A record of printk holds about a thousand characters: a longer list continues in the next record, after a blank. */
const MORE = /^ ?\w+(?:\([A-Z+-]{1,16}\))?(?: \w+(?:\([A-Z+-]{1,16}\))?)* ?(?:\[last unloaded: [^\]]{0,200}\])?\s*$/;
const MODULE = /(?<![\w[])([A-Za-z0-9_]+)(?:\(([A-Z+-]+)\))?(?=\s|$)/g;

function modulesOf(texts: readonly string[]): Map<string, string> {
  const modules = new Map<string, string>();
  let goesOn = false;
  for (const text of texts) {
    const list: string | undefined = MODULES.exec(text)?.[1] ?? (goesOn && MORE.test(text) ? text : undefined);
    goesOn = list !== undefined && !list.includes("[last unloaded");
    const names = list?.replace(/\[last unloaded.*/, "") ?? "";
    for (const [, name = "", flags = ""] of names.matchAll(MODULE)) modules.set(name, flags);
  }
  return modules;
}
