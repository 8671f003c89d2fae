/** Makes the dumps of the made crashes, each once: `node test/corpus/made/make.ts [--on KERNEL] [NAME...]`. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { parseArgs } from "node:util";
import { crashGuest } from "./guest.ts";
import { digest, type Platform, platforms, settings, shared, source } from "./platform.ts";
import { type Recipe, recipes } from "./recipe.ts";

const here = import.meta.dirname;

export interface Made {
  readonly vmcore: string;
  readonly console: string;
  /** Folders with the modules and their DWARF. */
  readonly modules: readonly string[];
  /** Seconds that making it took; undefined when it was there. */
  readonly seconds?: number;
}

/** The dump of a made crash, which is made when it is not there yet: some half a minute. */
export async function makeCrash(name: string, platform: Platform = shared()): Promise<Made> {
  const recipe = recipes[name];
  if (!recipe) throw new Error(`there is no recipe ${name}: ${Object.keys(recipes).join(" ")}`);
  const { DUMPS } = settings();
  const modules = (recipe.modules ?? []).map((module) => platform.module(module, recipe.compiled));
  const parts = [
    platform.release,
    JSON.stringify(recipe),
    source("init"),
    source("supervisor.c"),
    source("guest.ts"),
    ...modules,
  ];
  const folder = join(DUMPS, `made-${platform.isShared ? "" : `${platform.name}-`}${name}-${digest(...parts)}`);
  const made = (at: string): Made => ({ vmcore: join(at, "vmcore.elf"), console: join(at, "console.log"), modules });
  if (existsSync(made(folder).vmcore)) return made(folder);
  const started = Date.now();
  // Short: the path of a socket in it has 107 characters at most.
  const work = join(DUMPS, `made.${process.pid}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const disk = join(work, "disk.img");
  execFileSync("/sbin/mke2fs", ["-q", "-t", "ext4", "-E", "lazy_itable_init=0", "-L", "labdata", disk, "96M"]);
  await crashGuest(
    {
      runsOn: platform.machine,
      kernel: platform.vmlinuz,
      initrd: recipe.isBare ? undefined : initrdOf(recipe, platform, modules, work),
      disk,
      // On a busy machine an early check of the timer panics.
      append: `no_timer_check ${recipe.isBare ? "" : "rdinit=/made-init labscn=none labprof=tiny "}${recipe.kernel ?? ""}`,
      memory: recipe.memory ?? platform.memory,
      console: made(work).console,
      timeout: recipe.timeout ?? platform.timeout,
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
function initrdOf(recipe: Recipe, platform: Platform, modules: readonly string[], work: string): string {
  const root = join(work, "root");
  mkdirSync(join(root, "made"), { recursive: true });
  copyFileSync(join(here, "init"), join(root, "made-init"));
  chmodSync(join(root, "made-init"), 0o755);
  if (platform.drivers) addDrivers(root, platform.release, platform.drivers);
  const drivers = (recipe.drivers ?? []).map((name) => {
    copyFileSync(driverOf(name), join(root, "made", `${name}.ko`));
    return `insmod /made/${name}.ko`;
  });
  const loads = modules.map((folder) => {
    const name = /\/(\w+)-[0-9a-f]+$/.exec(folder)![1]!;
    execFileSync(platform.strip, ["-g", "-o", join(root, "made", `${name}.ko`), join(folder, `${name}.ko`)]);
    return `insmod /made/${name}.ko`;
  });
  writeFileSync(join(root, "made", "run"), [...drivers, ...loads, recipe.run ?? "", ""].join("\n"));
  if (recipe.asInit !== undefined) {
    writeFileSync(join(root, "made", "as-init"), `${recipe.asInit}\n`);
    execFileSync("gcc", ["-O1", "-static", "-o", join(root, "made", "supervisor"), join(here, "supervisor.c")]);
  }
  const initrd = join(work, "initrd");
  const script = `cat "$1"; cd "$2" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 | zstd -q`;
  const image = execFileSync("bash", ["-euc", script, "bash", platform.initrd, root], {
    maxBuffer: 1 << 28,
  });
  writeFileSync(initrd, image);
  return initrd;
}

/** The file of a module of the shared guest's kernel. */
function driverOf(name: string): string {
  const { KREL, SYSROOT } = settings();
  const folder = join(SYSROOT, "lib/modules", KREL);
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((path) => path.endsWith(`/${name}.ko`));
  if (found === undefined) throw new Error(`${folder} has no ${name}.ko`);
  return join(folder, found);
}

const DRIVERS = ["virtio_blk", "virtio_net", "net_failover", "failover", "qemu_fw_cfg", "loop"];

/** The drivers of another kernel than the shared guest's, unpacked for the guest's modprobe. */
function addDrivers(root: string, release: string, from: string): void {
  const to = join(root, "lib/modules", release);
  mkdirSync(join(to, "kernel"), { recursive: true });
  const script = `for m in "\${@:2}"; do f=$(find "$0" -name "$m.ko*" | head -1)
      case $f in *.xz) xz -dc "$f" > "$1/kernel/$m.ko";; *.zst) zstd -qdc "$f" > "$1/kernel/$m.ko";; ?*) cp "$f" "$1/kernel/";; esac; done
    cp "$0"/modules.{order,builtin,builtin.modinfo} "$1/"`;
  execFileSync("bash", ["-euc", script, from, to, ...DRIVERS]);
  execFileSync("/sbin/depmod", ["-b", root, release]);
}

/** The recipes for a kernel, of which the shared guest's takes all that are for no other. */
const namesOn = (on: string | undefined): string[] =>
  Object.keys(recipes).filter((name) => recipes[name]?.on === (on === "shared" ? undefined : on));

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({ options: { on: { type: "string" } }, allowPositionals: true });
  const platform = platforms[values.on ?? "shared"];
  if (!platform) throw new Error(`--on takes one of ${Object.keys(platforms).join(" ")}`);
  const on = platform();
  for (const name of positionals.length > 0 ? positionals : namesOn(values.on)) {
    try {
      const { vmcore, seconds } = await makeCrash(name, on);
      const megabytes = Math.round((statSync(vmcore).blocks * 512) / 1e6);
      console.log(`${name}: ${megabytes} MB, ${seconds === undefined ? "was there" : `${seconds} s`}, ${vmcore}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
