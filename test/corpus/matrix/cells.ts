/** Compares what the program answers about a dump with what the guest's kernel printed, and with drgn's layouts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../corpus.ts";
import type { MadeRow } from "./make.ts";
import { type Cell, limited } from "./cell.ts";
import { CHANGING, type Reference, reference } from "./reference.ts";
import { lastRuns, type Stack, stacksCell } from "./stacks.ts";

export const columns = ["tasks", "stacks", "log", "structs", "modules", "mounts", "kmem -i", "kmem -s"] as const;
export type Column = (typeof columns)[number];

interface Layout {
  readonly type: string;
  readonly size: number;
  readonly members: readonly { readonly name: string; readonly offset: number }[];
}
type Layouts = Readonly<Record<string, { readonly size: number; readonly members: Readonly<Record<string, number>> }>>;

/** What the program answers, by command line. */
class Answers {
  private readonly records = new Map<string, readonly unknown[]>();
  readonly stderr: string;

  constructor(args: readonly string[], lines: readonly string[]) {
    const { stdout, stderr, status } = runProgram(["--no-rc", "--no-search", "--json", ...args, ...lines.flatMap((line) => ["-c", line])]); // prettier-ignore
    this.stderr = stderr;
    const documents = stdout.split(/^(?=\{"schema")/m).filter((text) => text !== "");
    if (documents.length !== lines.length)
      throw new Error(`exit ${status}: ${documents.length} answers of ${lines.length}: ${stderr.slice(0, 500)}`);
    for (const [i, line] of lines.entries())
      this.records.set(line, (JSON.parse(documents[i]!) as { records: unknown[] }).records);
  }

  of<T>(line: string): readonly T[] {
    return this.records.get(line) as readonly T[];
  }
}

/** Compares lists of keys: each of theirs must be among ours, and ours among theirs. */
function lists(ours: readonly string[], theirs: readonly string[]): Cell {
  const [mine, printed] = [new Set(ours), new Set(theirs)];
  const lacking = theirs.filter((one) => !mine.has(one)).map((one) => `lacks ${one}`);
  const more = ours.filter((one) => !printed.has(one)).map((one) => `has ${one}`);
  return limited(theirs.length + more.length, [...lacking, ...more]);
}

/** Compares a row in one mode. @param vmlinux undefined compares what the dump alone gives */
export function cells(row: MadeRow, vmlinux: string | undefined): Record<Column, Cell> {
  const printed = reference(readFileSync(row.console, "utf8"));
  const types = layoutsOf(row);
  const structs = Object.keys(types ?? {});
  const args = [...(vmlinux === undefined ? [] : ["--vmlinux", vmlinux]), row.vmcore];
  const lines = [
    "foreach bt",
    "ps -l",
    "log",
    "mod",
    "mount",
    "kmem -i",
    "kmem -s",
    ...structs.map((name) => `struct -o ${name}`),
  ];
  const answers = new Answers(args, lines);
  const stacks = answers.of<Stack>("foreach bt");
  const hasTypes = !answers.stderr.includes("no types");
  const nothing = (absent: string): Cell => ({ compared: 0, same: 0, differences: [], absent });
  const typed = (cell: () => Cell): Cell => (hasTypes ? cell() : nothing("no types: the kernel has no BTF"));
  /** What begins at a variable that only a kernel with CONFIG_KALLSYMS_ALL names in its dump. */
  const named = (variable: string, cell: () => Cell): Cell =>
    answers.stderr.includes(`no symbol ${variable}: `) && vmlinux === undefined
      ? nothing("the dump does not name this list: the kernel has no CONFIG_KALLSYMS_ALL")
      : typed(cell);
  return {
    tasks: typed(() => tasksCell(stacks, printed, row)),
    stacks: typed(() => stacksCell(stacks, printed.tasks, row.vmlinux, lastRuns(answers.of("ps -l")))),
    log: logCell(answers.of<{ text: string }>("log"), printed.log),
    structs:
      types === undefined
        ? nothing("no vmlinux to compare with")
        : typed(() =>
            structsCell(
              structs.flatMap((name) => answers.of<Layout>(`struct -o ${name}`)),
              types,
            ),
          ),
    modules: named("modules", () => modulesCell(answers.of("mod"), printed)),
    mounts: typed(() => mountsCell(answers.of("mount"), printed)),
    "kmem -i": typed(() => memoryCell(answers.of("kmem -i"), printed.memory)),
    "kmem -s": named("slab_caches", () => slabsCell(answers.of("kmem -s"), printed)),
  };
}

function layoutsOf({ vmlinux, vmcore }: MadeRow): Layouts | undefined {
  if (vmlinux === undefined) return undefined;
  return JSON.parse(readFileSync(join(vmcore, "../types.json"), "utf8")) as Layouts;
}

function tasksCell(stacks: readonly Stack[], printed: Reference, row: MadeRow): Cell {
  const ours = new Map(stacks.map((one) => [`${one.pid} ${one.comm}`, one.state]));
  const theirs = printed.tasks.filter(
    ({ comm, pid }) => pid !== 0 && (!CHANGING.has(comm) || ours.has(`${pid} ${comm}`)),
  );
  const lacking = theirs
    .filter(({ comm, pid }) => !ours.has(`${pid} ${comm}`))
    .map((one) => `lacks ${one.pid} ${one.comm}`);
  const account = row.drgn === undefined ? undefined : drgnAccount(row.drgn);
  const drgn = Array.isArray(account?.tasks) ? account.tasks.map(([pid, comm]) => `${pid} ${comm}`) : [];
  const exact = drgn.filter((one) => !ours.has(one)).map((one) => `lacks ${one}, which drgn has`);
  return limited(theirs.length + drgn.length, [...lacking, ...exact]);
}

export interface DrgnAccount {
  /** A text is the error. */
  readonly tasks: readonly (readonly [pid: number, comm: string])[] | string;
  /** Frames of each task. */
  readonly stacks?: readonly (number | string)[];
  readonly modules: readonly string[] | string;
  readonly log: number | string;
  readonly slabs: readonly string[] | string;
}

/** @returns undefined when drgn did not open the dump */
export function drgnAccount(file: string): DrgnAccount | undefined {
  const text = readFileSync(file, "utf8");
  return text.includes("FAILED:") ? undefined : (JSON.parse(text) as DrgnAccount);
}

function logCell(records: readonly { text: string }[], printed: readonly string[]): Cell {
  const text = `\n${records.map((record) => record.text).join("\n")}\n`;
  // What the console said about itself is not in the log; a console shows control characters as they are.
  const lines = printed.filter((line) => line !== "" && !/^\*\* \d+ printk messages dropped/.test(line));
  const lacking = lines.filter((line) => !text.includes(`\n${line.trimEnd()}`));
  return limited(
    lines.length,
    lacking.map((line) => `lacks ${line}`),
  );
}

function structsCell(ours: readonly Layout[], theirs: Layouts): Cell {
  const facts = (layout: Layout): string[] => {
    const name = layout.type.replace("struct ", "");
    return [`${name} ${layout.size}`, ...layout.members.map((member) => `${name}.${member.name} ${member.offset}`)];
  };
  const mine = new Set(ours.flatMap(facts));
  const expected = Object.entries(theirs).flatMap(([name, { size, members }]) => [
    `${name} ${size}`,
    ...Object.entries(members).map(([member, offset]) => `${name}.${member} ${offset}`),
  ]);
  return limited(
    expected.length,
    expected.filter((fact) => !mine.has(fact)).map((fact) => `lacks ${fact}`),
  );
}

const hex = (address: string): string => BigInt(address).toString(16);

const modulesCell = (ours: readonly { name: string; base: string }[], { modules }: Reference): Cell =>
  lists(
    ours.map(({ name, base }) => `${name} ${hex(base)}`),
    modules.map(([name, address]) => `${name} ${address}`),
  );

/** The mount below the root of all processes, which /proc/self/mounts leaves out since 7.0 has it. */
const UNREACHABLE = "nullfs /";

const mountsCell = (ours: readonly { type: string; directory: string }[], { mounts }: Reference): Cell =>
  lists(
    ours.map(({ type, directory }) => `${type} ${directory}`).filter((mount) => mount !== UNREACHABLE),
    mounts.map(([type, directory]) => `${type} ${directory}`),
  );

const MEMORY: readonly (readonly [printed: string, ours: string])[] = [
  ["MemTotal", "TOTAL MEM"],
  ["MemFree", "FREE"],
  ["Buffers", "BUFFERS"],
  ["Cached", "CACHED"],
  ["Slab", "SLAB"],
  ["SwapTotal", "TOTAL SWAP"],
  ["CommitLimit", "COMMIT LIMIT"],
  ["Committed_AS", "COMMITTED"],
];
/** The guest runs on for a second after it printed its tables: what changes may differ by 2 MB or 5 %. */
const near = (a: number, b: number, slack: number): boolean => Math.abs(a - b) <= Math.max(slack, b * 0.05);

function memoryCell(ours: readonly { name: string; bytes: number }[], printed: ReadonlyMap<string, number>): Cell {
  const differences = MEMORY.flatMap(([key, name]) => {
    const [kilobytes, bytes] = [printed.get(key) ?? -1, ours.find((row) => row.name === name)?.bytes ?? -1024];
    const isSame = key.endsWith("Total") ? kilobytes * 1024 === bytes : near(bytes / 1024, kilobytes, 2048);
    return isSame ? [] : [`${name}: kernel ${kilobytes} kB, ours ${bytes / 1024} kB`];
  });
  return limited(MEMORY.length, differences);
}

interface Slab {
  readonly name: string;
  readonly objectSize: number;
  readonly total: number;
  readonly slabBytes: number;
}

function slabsCell(ours: readonly Slab[], { slabs }: Reference): Cell {
  const mine = new Map(ours.map((slab) => [slab.name, slab]));
  const pageBytes = pageSize(slabs, mine);
  const differences = slabs.flatMap(({ name, size, total, pagesPerSlab }) => {
    const slab = mine.get(name);
    if (slab === undefined) return [`lacks ${name}`];
    const perSlab = Math.floor((pagesPerSlab * pageBytes) / size);
    const isSame =
      slab.objectSize <= size && slab.slabBytes === pagesPerSlab * pageBytes && near(slab.total, total, 8 * perSlab);
    return isSame ? [] : [`${name}: kernel ${size} bytes, ${total} objects, ${pagesPerSlab} pages; ours ${slab.objectSize}, ${slab.total}, ${slab.slabBytes / pageBytes}`]; // prettier-ignore
  });
  const printed = new Set(slabs.map((slab) => slab.name));
  const more = ours.filter((slab) => !printed.has(slab.name)).map((slab) => `has ${slab.name}`);
  return limited(slabs.length + more.length, [...differences, ...more]);
}

/** Bytes of a page, from the first cache that both have. */
function pageSize(slabs: Reference["slabs"], ours: ReadonlyMap<string, Slab>): number {
  const first = slabs.find((slab) => ours.has(slab.name));
  return first === undefined ? 4096 : ours.get(first.name)!.slabBytes / first.pagesPerSlab;
}
