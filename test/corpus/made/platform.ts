import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { alone, cache } from "../alone.ts";
import { corpus, vmlinuxOf } from "../corpus.ts";
import { arm64, type Machine, x86_64 } from "./guest.ts";

/** A kernel that crashes are made on. */
export interface Platform {
  readonly name: string;
  /** Whether it is the shared guest's kernel, whose lines truth files name. */
  readonly isShared: boolean;
  /** Whether it keeps who allocated and freed each object. */
  readonly hasTracks?: true;
  readonly release: string;
  readonly vmlinuz: string;
  readonly machine: Machine;
  /** The guest's initramfs. */
  readonly initrd: string;
  /** MB that a guest gets unless its recipe asks for more. */
  readonly memory: number;
  /** Seconds that a guest may take to crash unless its recipe says otherwise. */
  readonly timeout: number;
  /** Removes a module's debuginfo. */
  readonly strip: string;
  /** The folder of lib/modules that has the guest's drivers; undefined where the shared initramfs has them. */
  readonly drivers?: string;
  /**
   * Builds a module of this folder once. @param compiled options of the compiler, for a build with moved lines
   * @returns the folder that has it, with its source
   */
  module(name: string, compiled?: string): string;
  /** @returns undefined when Debian no longer has it */
  vmlinux(): string | undefined;
}

/** Settings of the shared guest: where things are built and kept. */
interface Settings {
  readonly KREL: string;
  readonly BUILD: string;
  readonly DUMPS: string;
  readonly VMLINUZ: string;
  /** The packages of the kernel, unpacked. */
  readonly SYSROOT: string;
}

let known: Settings | undefined;
export function settings(): Settings {
  const script = `. "$0/make/config.sh"; [ -e "$BUILD/initrd-full.zst" ] || "$0/make/install.sh" >&2
    printf '{"KREL":"%s","BUILD":"%s","DUMPS":"%s","VMLINUZ":"%s","SYSROOT":"%s"}' "$KREL" "$BUILD" "$DUMPS" "$VMLINUZ" "$SYSROOT"`;
  known ??= JSON.parse(execFileSync("bash", ["-euc", script, corpus], { encoding: "utf8" })) as Settings;
  return known;
}

export const digest = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
export const source = (file: string): string => readFileSync(join(import.meta.dirname, file), "utf8");

/**
 * Copies a module's source into a folder named by its hash below `parent` and builds it there, when it is not there yet.
 * @param build runs make in the folder
 */
function built(parent: string, release: string, name: string, build: (folder: string) => void, compiled = ""): string {
  const files = [`${name}.c`, "control.h", "Makefile"];
  const parts = files.map((file) => source(`modules/${file}`));
  const folder = join(parent, `${name}-${digest(compiled === "" ? release : `${release} ${compiled}`, ...parts)}`);
  return alone(() => {
    if (existsSync(join(folder, `${name}.ko`))) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of files) copyFileSync(join(import.meta.dirname, "modules", file), join(folder, file));
    if (compiled !== "") writeFileSync(join(folder, `${name}.c`), `${MOVED}${parts[0]}`);
    build(folder);
    return folder;
  });
}

/** What moves the lines of a module that is built in another way. */
const MOVED = "/* moved */\n".repeat(40);

/** Runs a program whose output is an answer, so that its own goes to stderr. */
const quietly = (program: string, argv: readonly string[]): void => {
  execFileSync(program, argv, { stdio: ["ignore", "ignore", "inherit"] });
};

/** The shared guest's kernel. */
export const shared = (): Platform => {
  const { KREL, BUILD, VMLINUZ } = settings();
  return {
    name: "x86_64-6.1",
    isShared: true,
    release: KREL,
    vmlinuz: VMLINUZ,
    machine: x86_64,
    initrd: join(BUILD, "initrd-full.zst"),
    memory: 256,
    timeout: 180,
    strip: "strip",
    module: (name, compiled = "") => {
      const options = compiled === "" ? [] : [`KCFLAGS=${compiled}`];
      const build = (folder: string): void =>
        quietly("make", ["-s", "-C", folder, `KREL=${KREL}`, `MODULE=${name}`, ...options]);
      return built(join(BUILD, "made"), KREL, name, build, compiled);
    },
    vmlinux: () => vmlinuxOf("x86_64-6.1"),
  };
};

/** A Debian unstable of our own, whose compiler builds modules of other kernels. */
const unstable = join(cache, "foreign", "newest", "root");

const run = (script: string, ...argv: string[]): string =>
  execFileSync(join(import.meta.dirname, script), [unstable, ...argv], { encoding: "utf8" }).trim();

/** Unpacks what a script of this folder describes, unless it is there. @returns what the script prints */
const unpacked = (script: string, ...argv: string[]): string => alone(() => run(script, ...argv));

/**
 * Builds a module with the compiler of unstable.
 * @param kernel the folder in unstable that builds modules
 * @param more arguments of make
 */
const builtInUnstable = (name: string, release: string, kernel: string, more: readonly string[]): string =>
  built(join(unstable, "made"), release, name, (folder) => {
    // objtool reads /proc/self/limits.
    const build = `mount -t proc proc "$0/proc"; chroot "$0" make -s -C "$@" modules`;
    const argv = [kernel, `M=${folder.slice(unstable.length)}`, `MODULE=${name}`, ...more];
    quietly("unshare", ["-m", "bash", "-euc", build, unstable, ...argv]);
  });

/** Unpacks Debian unstable unless it is there. @returns its folder, where modules of other machines are built too */
export function unstableTree(): string {
  unpacked("newest.sh");
  return unstable;
}

/** The newest compiler of unstable for its own machine. */
function unstableCompiler(): string {
  const compilers = readdirSync(join(unstable, "usr/bin")).filter((name) => /^x86_64-linux-gnu-gcc-\d+$/.test(name));
  const version = (name: string): number => Number(/\d+$/.exec(name)![0]);
  return compilers.sort((a, b) => version(b) - version(a))[0] ?? "gcc";
}

/** Debian unstable's newest kernel, which is unpacked when it is not there yet; in its own tree, for it needs its own compiler. */
export const newest = (): Platform => {
  const release = unpacked("newest.sh");
  return {
    ...shared(),
    name: "x86_64-newest",
    isShared: false,
    release,
    vmlinuz: join(unstable, "usr/lib/modules", release, "vmlinuz"),
    drivers: join(unstable, "usr/lib/modules", release),
    module: (name) => builtInUnstable(name, release, `/usr/lib/modules/${release}/build`, [`CC=${unstableCompiler()}`]),
    vmlinux: () => join(unstable, "usr/lib/debug/boot", `vmlinux-${release}`),
  };
};

/** The corpus' arm64 kernel: its modules are cross-compiled in unstable. */
export const arm64Debian = (): Platform => {
  unpacked("newest.sh");
  const [release, folder] = unpacked("arm64.sh", corpus).split(" ") as [string, string];
  return {
    name: "arm64-6.12",
    isShared: false,
    release,
    vmlinuz: join(folder, "boot", `vmlinuz-${release}`),
    machine: arm64,
    initrd: join(folder, "initrd.gz"),
    memory: 256,
    timeout: 300,
    strip: "aarch64-linux-gnu-strip",
    module: (name) => builtInUnstable(name, release, `/usr/src/linux-headers-${release}`, []),
    vmlinux: () => vmlinuxOf("arm64-6.12"),
  };
};

/** A kernel of our own configuration, with KASAN, page_owner, allocation tags and blockers of hung tasks. */
export const instrumented = (): Platform => {
  unpacked("newest.sh");
  // Twenty minutes: other suites need not wait for it.
  const folder = alone(() => run("build-kernel.sh"), "instrumented");
  const release = readFileSync(join(folder, "include/config/kernel.release"), "utf8").trim();
  return {
    ...shared(),
    name: "x86_64-instrumented",
    isShared: false,
    hasTracks: true,
    release,
    vmlinuz: join(folder, "arch/x86/boot/bzImage"),
    memory: 512,
    timeout: 400,
    module: (name) =>
      builtInUnstable(name, `${release} ${folder}`, folder.slice(unstable.length), [`CC=${unstableCompiler()}`]),
    vmlinux: () => join(folder, "vmlinux"),
  };
};

/** The kernels that crashes are made on, by the names that make.ts takes. */
export const platforms: Readonly<Record<string, () => Platform>> = {
  shared,
  newest,
  arm64: arm64Debian,
  instrumented,
};
