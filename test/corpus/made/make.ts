/** Makes the dumps of the made crashes, each once: `node test/corpus/made/make.ts [NAME...]`. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { alone } from "../alone.ts";
import { corpus } from "../corpus.ts";
import { crashGuest } from "./guest.ts";
import { type Recipe, recipes } from "./recipe.ts";

const here = import.meta.dirname;

/** Settings of the shared guest: which kernel, where things are built and kept. */
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

export interface Made {
  readonly vmcore: string;
  readonly console: string;
  /** Folders with the modules and their DWARF. */
  readonly modules: readonly string[];
  /** Seconds that making it took; undefined when it was there. */
  readonly seconds?: number;
}

const digest = (...parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
const source = (file: string): string => readFileSync(join(here, file), "utf8");

/** The folder of a built module. */
function moduleFolder(name: string): string {
  const { KREL, BUILD } = settings();
  const files = [`${name}.c`, "control.h", "Makefile"];
  const folder = join(BUILD, "made", `${name}-${digest(KREL, ...files.map((file) => source(`modules/${file}`)))}`);
  if (existsSync(join(folder, `${name}.ko`))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(join(here, "modules", file), join(folder, file));
  execFileSync("make", ["-s", "-C", folder, `KREL=${KREL}`, `MODULE=${name}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return folder;
}

/** The dump of a made crash, which is made when it is not there yet: some half a minute. */
export async function makeCrash(name: string): Promise<Made> {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`there is no recipe ${name}: ${Object.keys(recipes).join(" ")}`);
  const { KREL, DUMPS, VMLINUZ } = settings();
  const modules = (recipe.modules ?? []).map((module) => alone(() => moduleFolder(module)));
  const parts = [KREL, JSON.stringify(recipe), source("init"), source("supervisor.c"), source("guest.ts"), ...modules];
  const folder = join(DUMPS, `made-${name}-${digest(...parts)}`);
  const made = (at: string): Made => ({ vmcore: join(at, "vmcore.elf"), console: join(at, "console.log"), modules });
  if (existsSync(made(folder).vmcore)) return made(folder);
  const started = Date.now();
  const work = `${folder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const disk = join(work, "disk.img");
  execFileSync("/sbin/mke2fs", ["-q", "-t", "ext4", "-E", "lazy_itable_init=0", "-L", "labdata", disk, "96M"]);
  await crashGuest(
    {
      kernel: VMLINUZ,
      initrd: recipe.isBare ? undefined : initrdOf(recipe, modules, work),
      disk,
      // On a busy machine an early check of the timer panics.
      append: `no_timer_check ${recipe.isBare ? "" : "rdinit=/made-init labscn=none labprof=tiny "}${recipe.kernel ?? ""}`,
      memory: recipe.memory ?? 256,
      console: made(work).console,
      timeout: recipe.timeout ?? 180,
      ...(recipe.machine ? { machine: recipe.machine } : {}),
    },
    made(work).vmcore,
  );
  if (!recipe.isBare && !readFileSync(made(work).console, "latin1").includes("Run /made-init as init process"))
    throw new Error(`the guest crashed before its time; see ${made(work).console}`);
  for (const file of ["disk.img", "initrd", "root"]) rmSync(join(work, file), { recursive: true, force: true });
  // QEMU writes page-sized runs of zeros: make them holes.
  execFileSync("fallocate", ["-d", made(work).vmcore]);
  chmodSync(made(work).vmcore, 0o444);
  rmSync(folder, { recursive: true, force: true });
  renameSync(work, folder);
  return { ...made(folder), seconds: Math.round((Date.now() - started) / 1000) };
}

/** The shared guest's initramfs, and behind it what is this recipe's: the kernel unpacks one over the other. */
function initrdOf(recipe: Recipe, modules: readonly string[], work: string): string {
  const root = join(work, "root");
  mkdirSync(join(root, "made"), { recursive: true });
  copyFileSync(join(here, "init"), join(root, "made-init"));
  chmodSync(join(root, "made-init"), 0o755);
  const loads = modules.map((folder) => {
    const name = /\/(\w+)-[0-9a-f]+$/.exec(folder)![1]!;
    execFileSync("strip", ["-g", "-o", join(root, "made", `${name}.ko`), join(folder, `${name}.ko`)]);
    return `insmod /made/${name}.ko`;
  });
  writeFileSync(join(root, "made", "run"), [...loads, recipe.run ?? "", ""].join("\n"));
  if (recipe.asInit !== undefined) {
    writeFileSync(join(root, "made", "as-init"), `${recipe.asInit}\n`);
    execFileSync("gcc", ["-O1", "-static", "-o", join(root, "made", "supervisor"), join(here, "supervisor.c")]);
  }
  const initrd = join(work, "initrd");
  const script = `cat "$1"; cd "$2" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | zstd -q`;
  const image = execFileSync("bash", ["-euc", script, "bash", join(settings().BUILD, "initrd-full.zst"), root], {
    maxBuffer: 1 << 28,
  });
  writeFileSync(initrd, image);
  return initrd;
}

if (process.argv[1] === import.meta.filename) {
  const names = process.argv.slice(2);
  for (const name of names.length > 0 ? names : Object.keys(recipes)) {
    try {
      const { vmcore, seconds } = await makeCrash(name);
      const megabytes = Math.round((statSync(vmcore).blocks * 512) / 1e6);
      console.log(`${name}: ${megabytes} MB, ${seconds === undefined ? "was there" : `${seconds} s`}, ${vmcore}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
