/** The condition that led to an instruction, and the names of its values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { conditionOf, nameOf, UNCONDITIONAL } from "../../../src/insight/values/condition.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import type { Site } from "../../../src/insight/values/site.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

type Told = Partial<Omit<Effect, "writes">> & { readonly writes?: Readonly<Record<string, Value | undefined>> };

const kernel = toyKernel({
  arch: x86_64,
  types: "struct gauge { unsigned limit; unsigned level; }; struct gauge gauge;",
  symbols: { gauge: { address: 0x9000n, size: 8, type: "D" } },
  memory: [["struct gauge", 0x9000n, { limit: 7, level: 3 }]],
});
const at = (index: number): bigint => 0x1000n + BigInt(4 * index);

function site(effects: readonly Told[], index: number, registers: Record<string, bigint>, calledFrom?: Site): Site {
  const all = effects.map(({ writes = {}, ...rest }, i): Effect => ({
    address: at(i),
    length: 4,
    access: undefined,
    flow: "next",
    target: undefined,
    ...rest,
    writes: new Map(Object.entries(writes)),
  }));
  return {
    kernel,
    graph: new FunctionGraph(kernel, { name: "f", address: at(0), size: 64, type: "T" }, all, []),
    index,
    registers: new Map(Object.entries(registers)),
    frame: { pc: at(index), exact: true, registers: new Map() } as unknown as Frame,
    cpu: 0,
    ...(calledFrom ? { calledFrom } : {}),
  };
}

const register = (name: string, bits = 64): Value => ({ kind: "register", name, bits, signed: false });
const compares = { left: register("rsi", 32), right: { kind: "constant", value: 10n }, by: "difference" } as const;
const above = [{ compares }, { flow: "branch", target: at(3), relation: ">" }, { flow: "return" }, {}] as const;
const known = (one: Site): Exclude<ReturnType<typeof conditionOf>, typeof UNCONDITIONAL> => {
  const found = conditionOf(one);
  return found === UNCONDITIONAL ? undefined : found;
};

test("a condition is that of the branch, or its opposite where the branch was not taken", () => {
  const taken = known(site(above, 3, { rsi: 12n }));
  assert.deepEqual([taken?.expression, taken?.values], ["rsi > 10", "12 > 10"]);
  assert.deepEqual(taken?.compared, { left: 12n, relation: ">", right: 10n });
  const passed = [{ compares }, { flow: "branch", target: at(9), relation: ">" }, {}] as const;
  assert.equal(known(site(passed, 2, { rsi: 3n }))?.expression, "rsi <= 10");
});

test("values of the dump that do not fulfil a signed condition are not its values", () => {
  const zero = { left: register("rsi", 32), right: { kind: "constant", value: 0n }, by: "difference" } as const;
  const code = (isSigned: boolean) =>
    [{ compares: zero }, { flow: "branch", target: at(3), relation: ">=", isSigned }, { flow: "return" }, {}] as const;
  const minusFive = BigInt.asUintN(32, -5n);
  assert.equal(known(site(code(true), 3, { rsi: minusFive }))?.values, undefined);
  assert.equal(known(site(code(true), 3, { rsi: 5n }))?.values, "5 >= 0");
  assert.equal(known(site(code(false), 3, { rsi: minusFive }))?.values, "4294967291 >= 0");
});

test("numbers of an unsigned comparison are written without a sign", () => {
  const code = [
    { compares },
    { flow: "branch", target: at(3), relation: ">", isSigned: false },
    { flow: "return" },
    {},
  ];
  const found = known(site(code as Told[], 3, { rsi: 0xffff_ffffn }));
  assert.deepEqual([found?.expression, found?.values], ["rsi > 10", "4294967295 > 10"]);
});

test("a check that is reached on several paths has no condition", () => {
  const code = [{ flow: "branch", target: at(2), relation: "==" }, {}, {}] as const;
  assert.equal(conditionOf(site(code, 2, {})), undefined);
});

test("of a check of two parts, the part is told that the values fulfil, if they show that the other was not met", () => {
  const zero = { left: register("rdi", 32), right: { kind: "constant", value: 0n }, by: "difference" } as const;
  const code = [
    { compares: zero },
    { flow: "branch", target: at(5), relation: "==" },
    { compares },
    { flow: "branch", target: at(5), relation: ">" },
    { flow: "return" },
    {},
  ] as const;
  const told = (rdi: bigint, rsi?: bigint) => known(site(code, 5, { rdi, ...(rsi === undefined ? {} : { rsi }) }));
  assert.equal(told(0n, 3n)?.expression, "rdi == 0");
  assert.equal(told(1n, 12n)?.expression, "rsi > 10");
  assert.equal(told(0n, 12n), undefined);
  assert.equal(told(0n), undefined);
  assert.equal(told(1n, 3n), undefined);
});

test("a function without a branch before the site reaches it whenever it is called", () => {
  assert.equal(conditionOf(site([{}, { flow: "call", target: 0x2000n }, {}], 2, {})), UNCONDITIONAL);
});

test("without a name and without values of the dump a condition says nothing", () => {
  assert.equal(known(site(above, 3, {}))?.isKnown, false);
  assert.equal(known(site(above, 3, { rsi: 12n }))?.isKnown, true);
});

/** The operand that is the member `level` of the variable `gauge`. */
const level = { base: undefined, index: undefined, scale: 1, displacement: 0x9004n } as const;

test("a value without a name of its own has the name of what the caller loaded for it", () => {
  const load = { kind: "load", place: level, size: 4, signed: false } as const;
  const caller = site([{ writes: { rsi: load } }, { flow: "call", target: at(0) }], 1, {});
  const found = known(site(above, 3, { rsi: 12n }, caller));
  assert.equal(found?.expression, "gauge.level > 10");
  assert.match(found?.passed.join() ?? "", /^rsi, which \S+ passed$|^rsi, which the caller passed$/);
});

test("a value that the caller computed has the name of the memory that it stored it to", () => {
  const caller = site(
    [
      { writes: { rsi: undefined } },
      { access: { place: level, size: 4, reads: false, writes: true }, stores: register("rsi", 32) },
      { flow: "call", target: at(0) },
    ],
    2,
    {},
  );
  assert.equal(nameOf(site(above, 3, { rsi: 12n }, caller), register("rsi", 32), 0).text, "gauge.level");
});

test("a value of which the caller stored only a part has not the name of that memory", () => {
  const caller = site(
    [
      { writes: { rsi: undefined } },
      { access: { place: level, size: 1, reads: false, writes: true }, stores: register("rsi", 8) },
      { flow: "call", target: at(0) },
    ],
    2,
    {},
  );
  assert.equal(nameOf(site(above, 3, { rsi: 12n }, caller), register("rsi", 32), 0).text, "rsi");
});
