/** What of gdb is understood, on the dump that ships: each command says what crash's own of the same meaning says. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { disassembler } from "../../../../../src/arch/disassembler/disassembler.ts";
import { drive } from "../../../../../src/base/job.ts";
import { openSession } from "../../../../../src/session/open/open.ts";
import { transcript } from "../../../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());
// Loaded before it is asked for: a test does not pause where a face does.
await drive(disassembler(session.kernel.arch), new AbortController().signal);
const said = (line: string): string => transcript(session.context, line);
const valueOf = (text: string): string => text.replace(/^.*\$\d+ = /, "");

test("print is p, with gdb's formats", () => {
  assert.equal(valueOf(said("gdb print jiffies")), valueOf(said("p jiffies")));
  assert.equal(valueOf(said("gdb p/x 255")), "0xff");
  assert.equal(said("gdb print 1 << 40").split("\n")[0], "warning: left shift count >= width of type");
  assert.match(said("gdb print"), /^gdb: an expression is missing/);
});

test("ptype and whatis show types of names and of values", () => {
  assert.equal(
    said("gdb ptype struct list_head"),
    "type = struct list_head {\n    struct list_head *next;\n    struct list_head *prev;\n}",
  );
  assert.equal(said("gdb whatis init_task.comm"), "type = char [16]");
  assert.equal(said("gdb ptype struct nosuch"), "gdb: No struct type named nosuch.");
});

test("x/i is dis", () => {
  assert.equal(said("gdb x/2i schedule"), said("dis schedule 2"));
  assert.equal(said("gdb x/i schedule+4"), said("dis schedule+4"));
});

test("x shows memory that rd shows", () => {
  const words = said("rd -x init_task 4").match(/(?<= {1,2})[0-9a-f]{16}/g) ?? [];
  const shown = said("gdb x/4xg &init_task").match(/0x[0-9a-f]{16}(?!\s*<|:)/g) ?? [];
  assert.deepEqual(
    shown.slice(-4).map((word) => word.slice(2)),
    words,
  );
  assert.match(said("gdb x/s linux_banner"), /"Linux version 6\.1\./);
});

test("info shows symbols, disassemble runs dis, and for other gdb commands the equivalent is printed", () => {
  assert.match(said("gdb info symbol schedule"), /^schedule in section \.text$/);
  assert.match(said("gdb info address init_task"), /init_task/);
  assert.equal(said("gdb disassemble schedule"), said("dis schedule"));
  assert.match(said("gdb info registers"), /is not supported: "bt" shows the registers/);
  assert.match(said("gdb break schedule"), /is not supported: a dump does not run$/);
  assert.match(said("gdb nonsense"), /is not supported: "help" lists the commands$/);
  assert.match(said("gdb"), /^gdb: a command is missing/);
});

test("after set gdb on, all lines except those that begin with crash are gdb commands", () => {
  assert.match(said("set gdb on"), /^gdb: on$/m);
  assert.equal(said("whatis init_task.comm"), "type = char [16]");
  assert.equal(said("crash btop 1000"), "1000: 1");
  assert.match(said("btop 1000"), /is not supported/);
  said("set gdb off");
  assert.equal(said("btop 1000"), "1000: 1");
});
