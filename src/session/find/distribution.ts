/** Names the packages with a kernel's debuginfo, by distribution. */
import { isRelease } from "./debuginfoPlaces.ts";

/** How to get a kernel's debuginfo, in sentences with commands to paste. */
export interface InstallAdvice {
  /** The distribution of the kernel, by its release and version text; undefined if unknown. */
  readonly distribution: string | undefined;
  readonly steps: readonly string[];
  /** The distribution's debuginfod server. */
  readonly debuginfod: string | undefined;
}

interface Distribution {
  readonly name: string;
  readonly isOf: (release: string, version: string) => boolean;
  readonly steps: (release: string, version: string) => readonly string[];
  readonly debuginfod?: string;
}

/**
 * Returns the name of an RPM. Fedora and related distributions append the variant to the release:
 * 5.14.0-503.el9.x86_64+rt is of kernel-rt.
 */
function rpmPackage(release: string): string {
  const [version = release, variant] = release.split("+");
  const uek = /uek/.test(version) ? "-uek" : "";
  return `kernel${uek}${variant === undefined ? "" : `-${variant}`}-debuginfo-${version}`;
}

const SUSE_FLAVOUR = /^(.*)-(default|azure|rt|preempt|debug|kvmsmall|pae|64kb|vanilla)$/;

/** Recognized by what each distribution adds to `uname -r` and `uname -v`, the most specific first. */
const DISTRIBUTIONS: readonly Distribution[] = [
  {
    name: "Ubuntu",
    isOf: (_, version) => /-Ubuntu\b/.test(version),
    steps: (release) => [
      `apt-get install linux-image-${release}-dbgsym`,
      "The package is in Ubuntu's ddebs archive: add http://ddebs.ubuntu.com to the sources of apt first.",
    ],
    debuginfod: "https://debuginfod.ubuntu.com",
  },
  {
    name: "Debian",
    isOf: (_, version) => /\bDebian \d/.test(version),
    steps: (release, version) => {
      // One release is built more than once. Only the package of this exact version has the build ID.
      const source = /\bDebian (\d[\w.+~-]*)/.exec(version)?.[1] ?? "";
      return [
        `apt-get install linux-image-${release}-dbg=${source}`,
        `A version that the archive no longer has is on https://snapshot.debian.org/package/linux/${source}/`,
      ];
    },
    debuginfod: "https://debuginfod.debian.net",
  },
  {
    name: "Fedora",
    isOf: (release) => /\.fc\d+\b/.test(release),
    steps: (release) => [`dnf install --enablerepo='*debug*' ${rpmPackage(release)}`],
    debuginfod: "https://debuginfod.fedoraproject.org",
  },
  {
    name: "Red Hat Enterprise Linux or a related distribution",
    isOf: (release) => /\.(el|amzn)\d+/.test(release),
    steps: (release) => [`dnf install --enablerepo='*debug*' ${rpmPackage(release)}`],
  },
  {
    name: "SUSE",
    isOf: (release) => SUSE_FLAVOUR.test(release),
    steps: (release) => {
      const [, version = release, flavour = "default"] = SUSE_FLAVOUR.exec(release) ?? [];
      return [
        `zypper --plus-content debug search -s kernel-${flavour}-debuginfo`,
        `zypper --plus-content debug install kernel-${flavour}-debuginfo=VERSION, with the VERSION listed that begins with ${version}`,
      ];
    },
    debuginfod: "https://debuginfod.opensuse.org",
  },
  {
    name: "Arch Linux",
    isOf: (release) => /-arch\d+/.test(release),
    steps: () => ["Arch has no debuginfo packages of its kernel, but serves the files by debuginfod."],
    debuginfod: "https://debuginfod.archlinux.org",
  },
];

/**
 * Returns which package has the debuginfo of a kernel. Names no distribution for an invalid release, because a forged
 * dump could otherwise put a command into the advice.
 * @param release `uname -r` @param version `uname -v`
 */
export function installAdvice(release: string, version: string): InstallAdvice {
  const distribution = isRelease(release) ? DISTRIBUTIONS.find(({ isOf }) => isOf(release, version)) : undefined;
  return {
    distribution: distribution?.name,
    steps: distribution?.steps(release, version) ?? [
      "The vmlinux is in the top directory where this kernel was built: get it from there and name it with --vmlinux.",
    ],
    debuginfod: distribution?.debuginfod,
  };
}

/** The first step of an advice if it is a command. */
export const installCommand = ({ steps: [first = ""] }: InstallAdvice): string | undefined =>
  /^(?:apt-get|dnf|zypper) /.test(first) ? first : undefined;
