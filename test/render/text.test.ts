import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { type Json, faultPiece, lazyRecord, progress, record, text } from "../../src/say/piece.ts";
import { JsonDocument } from "../../src/render/json.ts";
import { ansi } from "../../src/render/style.ts";
import { pieceText } from "../../src/render/text.ts";

const source = { as: "source", text: "kernel/panic.c: 12", file: "kernel/panic.c", line: 12 } as const;

test("plain text has nothing but the words", () => {
  assert.equal(pieceText(record(null, ["at ", source], "next")), "at kernel/panic.c: 12\nnext\n");
  assert.equal(pieceText(text("")), "\n");
  assert.equal(pieceText(progress("searching", 1, 2)), "");
  assert.equal(
    pieceText(faultPiece(Fault.at("excluded", 0x10n, "page excluded from dump"), "ps: ")),
    "ps: 10: page excluded from dump\n",
  );
});

test("a style colours spans and links source lines whose file is known", () => {
  const style = ansi((file, line) => (file === "kernel/panic.c" ? `file:///linux/${file}#${line}` : undefined));
  assert.equal(
    pieceText(record(null, [source]), style),
    "\u001b]8;;file:///linux/kernel/panic.c#12\u001b\\\u001b[32mkernel/panic.c: 12\u001b[0m\u001b]8;;\u001b\\\n",
  );
  assert.equal(pieceText(record(null, [source]), ansi()), "\u001b[32mkernel/panic.c: 12\u001b[0m\n");
});

test("control characters out of a dump do not reach the terminal", () => {
  const hostile = record(null, ["\u001b]0;title\u0007", { as: "task", text: "a\nb\u009b", address: 1n }]);
  assert.equal(pieceText(hostile), "^[]0;title^Ga^Jb\\x9b\n");
  assert.equal(pieceText(hostile, ansi()), "^[]0;title^G\u001b[34ma^Jb\\x9b\u001b[0m\n");
  assert.equal(pieceText(text("a\tb")), "a\tb\n");
});

test("records are one JSON document with its version, whatever text is between them", () => {
  const document = new JsonDocument();
  const pieces = [text("PID COMM"), record({ pid: 1, comm: undefined }, "1"), progress("x", 1, 2), record("two", "2")];
  const written = pieces.map((piece) => document.add(piece)).join("") + document.end();
  assert.deepEqual(JSON.parse(written), { schema: 1, records: [{ pid: 1 }, "two"] });
  assert.deepEqual(JSON.parse(new JsonDocument().end()), { schema: 1, records: [] });
});

test("a fault that is met while a record is written is its value; whatever fails, the document is whole", () => {
  const fails = (): never => {
    throw Fault.at("excluded", 0xffff888000001000n, "page excluded from dump");
  };
  const lazy = lazyRecord(fails, fails);
  const document = new JsonDocument();
  const written = document.add(lazy) + document.add(record(1, "1")) + document.end();
  const fault = { fault: "excluded", address: "0xffff888000001000", message: "page excluded from dump" };
  assert.deepEqual(JSON.parse(written), { schema: 1, records: [fault, 1] });
  assert.equal(pieceText(lazy), "<ffff888000001000: page excluded from dump>\n");
  assert.ok(lazy.kind === "record" && lazy.unread);
  const broken = new JsonDocument();
  const circular: Record<string, Json> = {};
  circular["itself"] = circular;
  assert.throws(() => broken.add(record(circular, "")));
  assert.deepEqual(JSON.parse(broken.end()), { schema: 1, records: [] });
});
