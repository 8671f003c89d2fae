/** All sources of types as one. */
import type { Arch } from "../arch/arch.ts";
import { Fault } from "../base/fault.ts";
import { UsageError } from "../base/usageError.ts";
import type { CType, EnumType } from "../debuginfo/ctype.ts";
import type { TypeSource } from "../debuginfo/source.ts";
import { baseType, debuginfoName } from "./baseTypes.ts";
import type { Types } from "./kernel.ts";
import { parseTypeName, type TypeLookup } from "./parseType.ts";

/**
 * Combines sources of types: the first with a complete type wins, the kernel's own before modules'. C's arithmetic
 * types need no source.
 * @param declarations types of well-known globals: spellings by name, newest first. They are taken before the sources,
 * because BTF declares no variables, and finding one in DWARF is slow
 * @param sources the kernel's own; read again for each new type, because sources can be added during a session
 * @param modules used only for types that the kernel lacks, because finding modules needs types
 */
export function typeIndex(
  arch: Pick<Arch, "signedChar" | "wordSize">,
  declarations: ReadonlyMap<string, readonly string[]>,
  sources: Iterable<TypeSource>,
  modules: () => Iterable<TypeSource> = () => [],
): Types {
  const parsed = new Map<string, CType>();
  const constants = new Map<string, NonNullable<ReturnType<Types["enumerator"]>>>();
  const moduleSources = withoutRecursion(modules);
  const all = function* (): Generator<TypeSource> {
    yield* sources;
    yield* moduleSources();
  };
  const lookup = typeLookup(arch, sources, all);

  const named = (text: string): CType => {
    let type = parsed.get(text);
    if (!type) parsed.set(text, (type = parse(text, lookup)));
    return type;
  };

  return {
    named,
    find: (kind, name) =>
      lookup.find(kind, name) ?? (kind === "int" ? lookup.find(kind, debuginfoName(name)) : undefined),
    variable(name) {
      // Finding a global in DWARF can take half a second; the table has those that every command needs.
      const known = declared(declarations.get(name) ?? [], named);
      // A module's static variable can have the name of a well-known one.
      return (
        known ??
        first(sources, ownVariable(name)) ??
        (declarations.has(name) ? undefined : first(moduleSources(), ownVariable(name)))
      );
    },
    exactVariable(name) {
      const exact = first(sources, (source) =>
        source.perCpuOnly && declarations.has(name) ? undefined : source.variable(name),
      );
      return exact ?? this.variable(name);
    },
    declaredAt: (name, kind) => first(all(), (source) => source.declaredAt?.(name, kind)),
    function: (name) => first(all(), (source) => source.function(name)),
    enumerator(name) {
      let constant = constants.get(name);
      if (!constant) {
        constant = first(all(), (source) => valueIn(source.enumerator?.(name), name));
        if (constant) constants.set(name, constant);
      }
      return constant;
    },
    *names() {
      for (const source of all()) yield* source.names();
    },
    lookup,
    get sources() {
      return [...new Set(Array.from(sources, (source) => source.name))];
    },
  };
}

/**
 * Guards a generator of the modules' sources of types against recursion. Finding modules needs types; the search for one
 * that the kernel lacks would look for it in the modules again. Then it yields nothing.
 */
function withoutRecursion(modules: () => Iterable<TypeSource>): () => Generator<TypeSource> {
  let isFinding = false;
  return function* () {
    if (isFinding) return;
    const rest = modules()[Symbol.iterator]();
    for (;;) {
      if (isFinding) return;
      isFinding = true;
      let step: IteratorResult<TypeSource>;
      try {
        step = rest.next();
      } finally {
        isFinding = false;
      }
      if (step.done) return;
      yield step.value;
    }
  };
}

/**
 * Finds types by kind and name in all sources: the first complete one, else the first declaration. `char` has the
 * signedness that the kernel's own sources give it.
 */
function typeLookup(
  { wordSize, signedChar }: Pick<Arch, "signedChar" | "wordSize">,
  sources: Iterable<TypeSource>,
  all: () => Iterable<TypeSource>,
): TypeLookup {
  return {
    wordSize,
    find(kind, name) {
      let declared: CType | undefined;
      for (const source of all()) {
        const type = source.find(kind, name);
        if (type && !isIncomplete(type)) return type;
        declared ??= type;
      }
      return declared;
    },
    base: (name) =>
      (name === "char" ? first(sources, (source) => source.find("int", "char")) : undefined) ??
      baseType(name, wordSize, signedChar),
  };
}

const ownVariable =
  (name: string) =>
  (source: TypeSource): CType | undefined =>
    source.variable(name);

function parse(text: string, lookup: TypeLookup): CType {
  try {
    return parseTypeName(text, lookup);
  } catch (error) {
    // For a helper, a misspelled type is a type that this kernel does not have.
    if (error instanceof UsageError) throw Fault.of("unknown", `${text}: ${error.message}`);
    throw error;
  }
}

function first<T>(sources: Iterable<TypeSource>, find: (source: TypeSource) => T | undefined): T | undefined {
  for (const source of sources) {
    const answer = find(source);
    if (answer !== undefined) return answer;
  }
  return undefined;
}

const valueIn = (type: EnumType | undefined, name: string): ReturnType<Types["enumerator"]> => {
  const value = type?.values.find((one) => one.name === name)?.value;
  return type && value !== undefined ? { type, value } : undefined;
};

const isIncomplete = (type: CType): boolean =>
  (type.kind === "struct" || type.kind === "union" || type.kind === "enum") && type.incomplete;

/** Returns the type by the first spelling whose types this kernel has; undefined if it has none of them. */
function declared(spellings: readonly string[], named: (text: string) => CType): CType | undefined {
  for (const text of spellings) {
    try {
      return named(text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return undefined;
}
