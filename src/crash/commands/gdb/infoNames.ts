/** gdb's `info types` and `info functions`: names that match a regular expression, by the file that declares them. */
import { regularExpression } from "../../../base/regularExpression.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare, type TypeKind } from "../../../debuginfo/ctype.ts";
import type { SourceLine } from "../../../debuginfo/source.ts";
import { declare } from "../../../model/typeName.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { addressJson, progress, record, text } from "../../../say/piece.ts";
import { hex0x } from "../../../base/hex.ts";
import type { Context, Running } from "../../language/command.ts";

/** Maximum number of names that are listed. */
const MAX_NAMES = 5000;
/** Maximum length in characters of a regular expression, and of a name that it is tried on. */
const MAX_PATTERN = 200;
const MAX_NAME = 256;

/** A name with its declaration, and where it is declared if DWARF says so. */
interface Found {
  readonly name: string;
  readonly text: string;
  readonly declared: SourceLine | undefined;
}

/** `info types`. */
export function* infoTypes({ kernel }: Context, words: string): Running {
  const pattern = patternOf(words);
  const found = new Map<string, Found>();
  let isCut = false;
  for (const { kind, name: own } of kernel.types.names()) {
    const name = `${kind} ${own}`;
    if (own.length > MAX_NAME || !pattern.test(own) || found.has(name)) continue;
    if ((isCut = found.size >= MAX_NAMES)) break;
    yield progress("types", found.size, found.size + 1);
    found.set(name, { name, text: typeText(kernel, kind, own), declared: kernel.types.declaredAt(own, kind) });
  }
  yield* listed(`All ${words === "" ? "defined types" : `types matching regular expression "${words}"`}:`, [
    ...found.values(),
  ]);
  if (isCut) yield* cut();
}

function typeText({ types }: Kernel, kind: TypeKind, name: string): string {
  if (kind === "int") return name;
  if (kind !== "typedef") return `${kind} ${name};`;
  const type = types.find("typedef", name);
  return type?.kind === "typedef" ? `typedef ${declare(bare(type.target), name)};` : `typedef ${name};`;
}

/** `info functions`. */
export function* infoFunctions({ kernel }: Context, words: string): Running {
  const pattern = patternOf(words);
  const found = new Map<string, Found>();
  let isCut = false;
  const others: { readonly name: string; readonly address: bigint }[] = [];
  for (const { name, type, address } of kernel.symbols.all()) {
    if (!/^[tw]$/i.test(type) || name.length > MAX_NAME || !pattern.test(name) || found.has(name)) continue;
    if ((isCut = found.size + others.length >= MAX_NAMES)) break;
    yield progress("functions", found.size, found.size + 1);
    const declared = kernel.types.declaredAt(name, "function");
    const signature = kernel.types.function(name);
    const isOwn = kernel.code.scopes(address).at(-1)?.function === name;
    if (!declared || !signature || !isOwn) {
      others.push({ name, address });
      continue;
    }
    const isStatic = type === "t";
    found.set(name, { name, text: `${isStatic ? "static " : ""}${declare(signature, name)};`, declared });
  }
  yield* listed(`All ${words === "" ? "defined functions" : `functions matching regular expression "${words}"`}:`, [
    ...found.values(),
  ]);
  if (others.length > 0) yield text("", "Non-debugging symbols:");
  for (const { name, address } of others)
    yield record({ name, address: addressJson(address) }, [
      { as: "address", text: hex0x(address), address },
      `  ${name}`,
    ]);
  if (isCut) yield* cut();
}

/** Says that names are left out. */
function* cut(): Running {
  yield text("", `More than ${MAX_NAMES} names match; the first ${MAX_NAMES} of them are listed.`);
}

/** Lists the names by file, those without a file last. */
function* listed(title: string, found: readonly Found[]): Running {
  yield text(title);
  const files = new Map<string, Found[]>();
  for (const one of found) {
    const file = one.declared?.file ?? "";
    const same = files.get(file);
    if (same) same.push(one);
    else files.set(file, [one]);
  }
  const order = [...files].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  for (const [file, names] of order) {
    yield text("", file === "" ? "Without a line:" : `File ${file}:`);
    for (const { name, text: shown, declared } of names.sort((a, b) => (a.name < b.name ? -1 : 1)))
      yield record(
        { name, file: declared?.file ?? null, line: declared?.line ?? null },
        `${declared ? `${declared.line}:` : ""}\t${shown}`,
      );
  }
}

/** Reads the regular expression. @throws UsageError */
function patternOf(words: string): RegExp {
  if (words.length > MAX_PATTERN)
    throw new UsageError(`the regular expression is longer than ${MAX_PATTERN} characters`);
  const pattern = regularExpression(words);
  if (!pattern) throw new UsageError(`not a regular expression: ${words}`);
  return pattern;
}
