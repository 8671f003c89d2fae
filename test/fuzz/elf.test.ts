import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { bytesFile } from "../../src/base/file.ts";
import { once } from "../../src/base/once.ts";
import { bare, type CType } from "../../src/debuginfo/ctype.ts";
import { openDwarf } from "../../src/debuginfo/dwarf/dwarf.ts";
import { evaluateLocation, type Machine } from "../../src/debuginfo/dwarf/expressions/expression.ts";
import { openElf } from "../../src/elf/elf.ts";
import { elfSymbols } from "../../src/debuginfo/symbols/elfSymbols.ts";
import type { CodeSource, SymbolSource, TypeSource } from "../../src/debuginfo/source.ts";
import { debugInfoImage } from "../builders/debugInfo.ts";
import { CODE } from "../builders/dwarf.ts";
import { survives } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

const MEBIBYTE = 1 << 20;

/** Where the sections of a module may have been loaded. */
const LOADED = 0xffffffffc0441000n;

const machine: Machine = {
  bias: 0n,
  register: (number) => (number < 24 ? BigInt(number) << 32n : undefined),
  memory: (address, size) => new Uint8Array(size).fill(Number(address & 0xffn)),
  cfa: () => 0x7000n,
};

function askSymbols(symbols: SymbolSource, pcs: readonly bigint[]): void {
  let before = -1n;
  let count = 0;
  for (const { name, address, size } of symbols.all()) {
    assert.ok(address >= before, "symbols come in address order");
    assert.ok(name.length < MEBIBYTE && Number.isSafeInteger(size));
    before = address;
    if (++count > 200) break;
  }
  for (const pc of pcs) symbols.at(pc);
  symbols.named("outer");
}

/** Touches whatever a type has, some levels deep. */
function askType(type: CType, depth = 0): void {
  const at = bare(type);
  if (depth > 6) return;
  if (at.kind === "struct" || at.kind === "union")
    for (const { type: inner } of at.members.slice(0, 50)) askType(inner, depth + 1);
  else if (at.kind === "pointer") askType(at.target, depth + 2);
  else if (at.kind === "array") askType(at.element, depth + 1);
  else if (at.kind === "enum") assert.ok(at.values.length >= 0 && typeof at.signed === "boolean");
  else if (at.kind === "function")
    for (const { type: inner } of [{ type: at.returns }, ...at.parameters.slice(0, 20)]) askType(inner, depth + 2);
}

/** Each question on its own: one that ends in a fault must not spare the others. */
function askCode(code: CodeSource, pc: bigint): void {
  attempt(() => code.lines?.(pc));
  attempt(() => code.cfi(pc));
  attempt(() => code.callSite?.(pc)?.argument(5));
  const scopes = attempt(() => code.scopes(pc));
  if (scopes instanceof Fault) return;
  for (const scope of scopes) {
    attempt(() => assert.ok(scope.function.length < MEBIBYTE));
    attempt(() => scope.source);
    attempt(() => scope.entry);
    const variables = attempt(() => scope.variables());
    if (variables instanceof Fault) continue;
    for (const variable of variables.slice(0, 50)) {
      attempt(() => askType(variable.type));
      attempt(() => variable.declared);
      attempt(() => variable.location?.kind === "expression" && evaluateLocation(variable.location, machine));
    }
  }
}

function askTypes(types: TypeSource): void {
  attempt(() => {
    let count = 0;
    for (const { kind, name } of types.names()) {
      attempt(() => {
        const type = types.find(kind, name);
        if (type) askType(type);
      });
      if (++count > 300) break;
    }
  });
  for (const name of ["node", "nothing_of_that_name"]) attempt(() => types.find("struct", name));
  attempt(() => types.function("outer"));
  attempt(() => types.variable("jiffies"));
}

function interrogate(bytes: Uint8Array, below: (limit: number) => number): boolean {
  const elf = attempt(() => openElf(bytesFile("mutant", bytes)));
  if (elf instanceof Fault) return false;
  assert.ok(elf.buildId === undefined || elf.buildId.length <= 2 * MEBIBYTE);
  for (const section of elf.sections.slice(0, 100)) attempt(() => elf.contents(section).read(0, 4096));
  const base = elf.type === 1 ? LOADED : CODE;
  const pcs = Array.from({ length: 12 }, (_, i) => base + BigInt(i < 8 ? i * 8 : below(0x1000)));
  const placement = (name: string): bigint | undefined => (name.includes("text") ? LOADED : undefined);
  attempt(() => askSymbols(elfSymbols(elf, placement), pcs));
  const dwarf = attempt(() => openDwarf(elf, { placement }));
  if (dwarf instanceof Fault) return true;
  for (const pc of pcs) askCode(dwarf.code, pc);
  askTypes(dwarf.types);
  return true;
}

/** Opens mutations of a file and asks those that open. */
function opens(name: string, cases: number, bytes: () => Uint8Array): void {
  const whole = once(bytes);
  survives(name, { cases, make: (below) => mutated(whole(), below), read: interrogate, accepted: 0.25 });
}

test("the built images answer before they are broken", () => {
  for (const version of [2, 4, 5] as const) {
    const { code, types } = openDwarf(openElf(bytesFile("whole", debugInfoImage({ version }))));
    const [inner, outer] = code.scopes(CODE + 0x10n);
    assert.deepEqual([inner?.function, outer?.function], ["inner", "outer"]);
    const local = outer?.variables()[0]?.location;
    assert.ok(local?.kind === "expression");
    assert.deepEqual(evaluateLocation(local, machine)[0]?.location, {
      kind: "memory",
      address: (7n << 32n) + 8n - 16n,
    });
    assert.deepEqual([inner?.variables()[0]?.location?.kind, code.cfi(CODE)?.cfa.kind], ["constant", "register"]);
    assert.equal(code.scopes(CODE + 0x50n)[0]?.function, "second");
    assert.equal([...types.names()].length, 4);
  }
});

for (const shape of [
  { version: 2 },
  { version: 4, order: "big", addressSize: 4 },
  { version: 5 },
  { version: 5, order: "big", offsetSize: 8, siblings: false },
] as const) {
  opens(`images with DWARF ${JSON.stringify(shape)}`, 400, () => debugInfoImage(shape));
}

opens("the sample's module", 100, () => readFileSync("sample/lab_nullderef.ko"));
