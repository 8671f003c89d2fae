import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arch } from "../../src/arch/arch.ts";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import { s390x } from "../../src/arch/s390x/s390x.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { Fault } from "../../src/base/fault.ts";
import type { CType } from "../../src/debuginfo/ctype.ts";
import type { TypeSource } from "../../src/debuginfo/source.ts";
import { declarations } from "../../src/linux/declarations.ts";
import { typeIndex } from "../../src/model/typeIndex.ts";
import { typeName } from "../../src/model/typeName.ts";
import { declaredTypes } from "../builders/declarations.ts";

const x86 = { name: "x86_64", signedChar: true, wordSize: 8, byteOrder: "little" } as const;
const source = (text: string): TypeSource => declaredTypes(text, x86);

test("the first source with a complete type is used", () => {
  const types = typeIndex(x86, declarations, [
    source("struct a; struct b { int x; }; struct a *p;"),
    source("struct a { long y; }; struct b { long x, y; };"),
  ]);
  assert.equal(types.find("struct", "a")?.kind, "struct");
  assert.deepEqual(
    ["a", "b"].map((name) => (types.find("struct", name) as { size: number }).size),
    [8, 4],
  );
});

test("sources that are added later are used", () => {
  const sources: TypeSource[] = [source("struct a { int x; };")];
  const types = typeIndex(x86, declarations, sources);
  assert.throws(() => types.named("struct late *"), Fault);
  sources.push(source("struct late { int x; };"));
  assert.equal(typeName(types.named("struct late *")), "struct late *");
});

test("C's arithmetic types need no source, and have the width of the machine", () => {
  const size = (wordSize: 4 | 8, name: string): number =>
    (typeIndex({ signedChar: false, wordSize }, declarations, []).named(name) as { size: number }).size;
  assert.deepEqual(
    ["char", "short", "int", "long", "long long", "unsigned long", "void *", "__int128"].map((name) => size(8, name)),
    [1, 2, 4, 8, 8, 8, 8, 16],
  );
  assert.deepEqual(
    ["int", "long", "long long", "unsigned long", "void *"].map((name) => size(4, name)),
    [4, 4, 8, 4, 4],
  );
});

test("plain char has the signedness of the machine if no debuginfo gives it", () => {
  const signed = (arch: Arch): unknown =>
    (typeIndex(arch, declarations, []).named("char") as { signed: boolean }).signed;
  assert.deepEqual([x86_64, arm64, s390x].map(signed), [true, false, false]);
});

test("a well-known global has the first of its declared types that this kernel has", () => {
  const typed = (text: string): string | undefined => {
    const type = typeIndex(x86, declarations, [source(text)]).variable("irq_desc_tree");
    return type && typeName(type);
  };
  assert.equal(typed("struct xarray { int x; }; struct radix_tree_root { int x; };"), "struct xarray");
  assert.equal(typed("struct radix_tree_root { int x; };"), "struct radix_tree_root");
  assert.equal(typed(""), undefined);
});

test("the table of declarations has priority; debuginfo is used if the exact declaration is requested", () => {
  const types = typeIndex(x86, declarations, [source("int panic_timeout[2];")]);
  const name = (type: CType | undefined): string | undefined => type && typeName(type);
  assert.equal(name(types.variable("panic_timeout")), "int");
  assert.equal(name(types.exactVariable("panic_timeout")), "int [2]");
});

test("constants are found in the enum that declares them", () => {
  const types = typeIndex(x86, declarations, [source("enum a { ONE = 1 }; struct s { enum { INNER = 9 } x; };")]);
  assert.deepEqual(
    ["ONE", "INNER", "NONE"].map((name) => types.enumerator(name)?.value),
    [1n, 9n, undefined],
  );
});

test("every spelling in the table is a type name", () => {
  // Any tag and typedef is known here, so only the grammar can fail.
  const anything: TypeSource = {
    ...source(""),
    find: (kind, name) => (kind === "int" ? undefined : { kind: "typedef", name, target: { kind: "void" } }),
  };
  const types = typeIndex(x86, declarations, [anything]);
  for (const [name, spellings] of declarations)
    for (const text of spellings) assert.doesNotThrow(() => types.named(text), `${name}: ${text}`);
});

test("modules are searched last, and never for a well-known global", () => {
  let asked = 0;
  const modules = (): TypeSource[] => {
    asked++;
    return [source("struct a { int x; }; struct own { long y; }; int log_buf; int module_debug;")];
  };
  const types = typeIndex(x86, declarations, [source("struct a { long x; };")], modules);
  assert.equal((types.find("struct", "a") as { size: number }).size, 8);
  assert.equal(typeName(types.variable("log_buf") ?? { kind: "void" }), "char *");
  assert.equal(asked, 0);
  assert.equal((types.find("struct", "own") as { size: number }).size, 8);
  assert.equal(typeName(types.variable("module_debug") ?? { kind: "void" }), "int");
});

test("a source with per-CPU variables only is not searched for well-known globals", () => {
  const btf: TypeSource = {
    ...source("int some_cpu_variable;"),
    perCpuOnly: true,
    variable: (name) => (name === "some_cpu_variable" ? { kind: "void" } : assert.fail(`asked for ${name}`)),
  };
  const types = typeIndex(x86, declarations, [btf]);
  assert.equal(typeName(types.variable("panic_timeout") ?? { kind: "void" }), "int");
  assert.equal(types.variable("some_cpu_variable")?.kind, "void");
});

test("types that are needed to find modules are taken from the kernel alone", () => {
  const asked: string[] = [];
  const modules = function* (): Generator<TypeSource> {
    asked.push("modules");
    // A module's types take one that this kernel does not have.
    assert.equal(types.find("struct", "btf_module"), undefined);
    yield source("struct own { int x; };");
  };
  const types = typeIndex(x86, declarations, [source("struct item { int id; };")], modules);
  assert.equal(types.find("struct", "own")?.kind, "struct");
  assert.equal(types.find("struct", "nosuch"), undefined);
  assert.deepEqual(asked, ["modules", "modules"]);
});
