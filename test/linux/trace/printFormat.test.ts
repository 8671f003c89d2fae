import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { entryFields, entryText } from "../../../src/linux/trace/entryText.ts";
import { formatText } from "../../../src/linux/trace/formatText.ts";
import { parsePrintFormat } from "../../../src/linux/trace/printFormat.ts";
import type { EventField } from "../../../src/linux/trace/traceEvent.ts";
import { toyKernel } from "../../builders/kernel.ts";

const kernel = toyKernel({
  types: "struct page { unsigned long flags[8]; }; enum zone { ZONE_DMA = 3 };",
  symbols: {
    vmemmap_base: 0xffffffff82000000n,
    schedule: { address: 0xffffffff81000000n, size: 0x40, type: "T" },
  },
  memory: [["unsigned long", 0xffffffff82000000n, 0xffffea0000000000n]],
});

const field = (name: string, type: string, offset: number, size: number, isSigned = false): EventField => ({
  ...{ name, type, offset, size, isSigned },
});
/** An entry whose fields begin after the common ones: a word, a signed word, a name and a dynamic text. */
const fields = [
  field("flags", "unsigned long", 8, 8),
  field("error", "int", 16, 4, true),
  field("comm", "char[8]", 20, 8),
  field("name", "__data_loc char[]", 28, 4),
];
const data = new Uint8Array(48);
const view = new DataView(data.buffer);
view.setBigUint64(8, 0x45n, true);
view.setInt32(16, -2, true);
data.set(new TextEncoder().encode("init"), 20);
view.setUint32(28, (6 << 16) | 40, true);
data.set(new TextEncoder().encode("/etc/x"), 40);

const said = (printFormat: string, system = "sched") =>
  entryText(kernel, {
    ...{ cpu: 0, time: 0n, pid: 1, comm: "init", context: ".....", data },
    event: { id: 1, name: "event", system, fields, printFormat },
  });

const cases: readonly (readonly [format: string, text: string])[] = [
  ['"comm=%s error=%d", REC->comm, REC->error', "comm=init error=-2"],
  ['"%s", __get_str(name)', "/etc/x"],
  ['"%s", __print_flags(REC->flags, "|", { 0x1, "A" }, { 1 << 2, "B" }, {0x2, "C"})', "A|B|0x40"],
  ['"%s%s", REC->flags & ((0x1 << 1) - 1) ? "R" : "S", REC->flags & 0x80 ? "+" : ""', "R"],
  ['"%s", __print_symbolic(REC->error, { 0, "none" }, { (-2), "two" })', "two"],
  ['"%s", __print_symbolic(REC->flags, { 0, "none" })', "0x45"],
  ['"%d,%d", ((unsigned int) ((REC->flags) >> 20)), ((unsigned int) ((REC->flags) & ((1U << 20) - 1)))', "0,69"],
  ['"%u", (u32)REC->error', "4294967294"],
  ['"%d", REC->flags == ZONE_DMA', "0"],
  [
    '"page=%p", REC->flags != -1UL ? (((struct page *)vmemmap_base) + (REC->flags)) : ((void *)0)',
    "page=ffffea0000001140",
  ],
  ['"%ps %pS", (void *)0xffffffff81000010, (void *)0xffffffff81000010', "schedule schedule+0x10/0x40"],
  ['"%lu" " and %c", sizeof(struct page), REC->comm[1]', "64 and n"],
  ['"%s\\n", __print_array(REC->comm, 2, 1)', "{0x69,0x6e}"],
];

for (const [format, text] of cases)
  test(`an entry is printed by ${format}`, () => {
    const { raw, text: found } = said(format);
    assert.equal(raw?.message, undefined);
    assert.equal(found, text);
  });

test("an entry that only the kernel can format shows its fields and the reason", () => {
  const { raw, text } = said('"%s", show_type(REC->flags)');
  assert.equal(raw?.message, "the print format calls show_type(), which is not supported");
  assert.equal(text, 'flags=0x45 error=-2 comm="init" name="/etc/x"');
});

test("a field whose number is not exact in JSON is text: decimal if it is signed, else hexadecimal", () => {
  const wide = new Uint8Array(16).fill(0xff);
  new DataView(wide.buffer).setBigInt64(0, -(2n ** 60n), true);
  const event = { id: 1, name: "event", system: "sched", printFormat: "" };
  const wideFields = [field("signed", "s64", 0, 8, true), field("unsigned", "u64", 8, 8)];
  const entry = { cpu: 0, time: 0n, pid: 1, comm: "init", context: ".....", data: wide };
  assert.deepEqual(entryFields(kernel, { ...entry, event: { ...event, fields: wideFields } }), {
    signed: "-1152921504606846976",
    unsigned: "0xffffffffffffffff",
  });
});

test("a damaged format or a deep one is a fault", () => {
  for (const text of [
    "",
    "REC->x",
    '"%d", ',
    '"%d", REC->',
    '"%d" 5',
    '"%d", 08',
    `"%d", ${"(".repeat(5000)}1`,
    '"%d", @',
  ])
    assert.ok(attempt(() => parsePrintFormat(text)) instanceof Fault, text.slice(0, 20));
});

const formatted: readonly (readonly [format: string, value: bigint, text: string])[] = [
  ["%5d|", -42n, "  -42|"],
  ["%-5u|", 42n, "42   |"],
  ["%08lx", 0xffn, "000000ff"],
  ["%#x", 0xffn, "0xff"],
  ["%hhd", 0xffn, "-1"],
  ["%03o", 0o644n, "644"],
  ["%+d", 1n, "+1"],
  ["100%% %lld", 7n, "100% 7"],
  ["%.4d", 7n, "0007"],
];
for (const [format, value, text] of formatted)
  test(`${format} of ${value} is ${text}`, () => assert.equal(formatText(kernel, format, [value]), text));
