import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { alone, cache } from "../alone.ts";
import { corpus, vmlinuxOf } from "../corpus.ts";

/** A kernel that crashes are made on. */
export interface Platform {
  readonly name: string;
  readonly release: string;
  readonly vmlinuz: string;
  /** The folder of lib/modules that has the guest's drivers; undefined where the shared initramfs has them. */
  readonly drivers?: string;
  /** Builds a module of this folder once. @returns the folder that has it, with its source */
  module(name: string): string;
  /** @returns undefined when Debian no longer has it */
  vmlinux(): string | undefined;
}

/** Settings of the shared guest: where things are built and kept. */
interface Settings {
  readonly KREL: string;
  readonly BUILD: string;
  readonly DUMPS: string;
  readonly VMLINUZ: string;
}

let known: Settings | undefined;
export function settings(): Settings {
  const script = `. "$0/make/config.sh"; [ -e "$BUILD/initrd-full.zst" ] || "$0/make/install.sh" >&2
    printf '{"KREL":"%s","BUILD":"%s","DUMPS":"%s","VMLINUZ":"%s"}' "$KREL" "$BUILD" "$DUMPS" "$VMLINUZ"`;
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
function built(parent: string, release: string, name: string, build: (folder: string) => void): string {
  const files = [`${name}.c`, "control.h", "Makefile"];
  const folder = join(parent, `${name}-${digest(release, ...files.map((file) => source(`modules/${file}`)))}`);
  return alone(() => {
    if (existsSync(join(folder, `${name}.ko`))) return folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const file of files) copyFileSync(join(import.meta.dirname, "modules", file), join(folder, file));
    build(folder);
    return folder;
  });
}

/** The shared guest's kernel. */
export const shared = (): Platform => {
  const { KREL, BUILD, VMLINUZ } = settings();
  return {
    name: "x86_64-6.1",
    release: KREL,
    vmlinuz: VMLINUZ,
    module: (name) =>
      built(join(BUILD, "made"), KREL, name, (folder) => {
        const argv = ["-s", "-C", folder, `KREL=${KREL}`, `MODULE=${name}`];
        execFileSync("make", argv, { stdio: ["ignore", "ignore", "inherit"] });
      }),
    vmlinux: () => vmlinuxOf("x86_64-6.1"),
  };
};

/** Debian unstable's newest kernel, which is unpacked when it is not there yet; in its own tree, for it needs its own compiler. */
export const newest = (): Platform => {
  const root = join(cache, "foreign", "newest", "root");
  const script = join(import.meta.dirname, "newest.sh");
  const release = alone(() => execFileSync(script, [root], { encoding: "utf8" })).trim();
  return {
    name: "x86_64-newest",
    release,
    vmlinuz: join(root, "usr/lib/modules", release, "vmlinuz"),
    drivers: join(root, "usr/lib/modules", release),
    module: (name) =>
      built(join(root, "made"), release, name, (folder) => {
        // objtool reads /proc/self/limits.
        const build = `mount -t proc proc "$0/proc"; cc=$(ls "$0"/usr/bin/x86_64-linux-gnu-gcc-[0-9]* | sort -V | tail -1)
          chroot "$0" make -s -C "/usr/lib/modules/$1/build" "M=$2" "MODULE=$3" "CC=$(basename "$cc")" modules`;
        const argv = ["-m", "bash", "-euc", build, root, release, folder.slice(root.length), name];
        execFileSync("unshare", argv, { stdio: ["ignore", "ignore", "inherit"] });
      }),
    vmlinux: () => join(root, "usr/lib/debug/boot", `vmlinux-${release}`),
  };
};
