/** What of gdb is understood, on the dump that ships: each command says what crash's own of the same meaning says. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { disassembler } from "../../../../src/arch/disassembler/disassembler.ts";
import { drive } from "../../../../src/base/job.ts";
import { isCommandLine } from "../../../../src/crash/language/language.ts";
import { openSession } from "../../../../src/session/open/open.ts";
import { pieceText } from "../../../../src/render/text.ts";
import { pieces, transcript } from "../../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());
// Loaded before it is asked for: a test does not pause where a face does.
await drive(disassembler(session.kernel.arch), new AbortController().signal);
const said = (line: string): string => transcript(session.context, line);
/** The address that a line of `x` begins with. */
const address = (text: string): bigint => BigInt(/^0x[0-9a-f]+/.exec(text)?.[0] ?? 0);
const valueOf = (text: string): string => text.replace(/^.*\$\d+ = /, "");

test("print is p, with gdb's formats", () => {
  assert.match(said("gdb print"), /^gdb: an expression is missing/);
  assert.equal(valueOf(said("gdb print jiffies")), valueOf(said("p jiffies")));
  assert.equal(valueOf(said("gdb p/x 255")), "0xff");
  assert.equal(said("gdb print 1 << 40").split("\n")[0], "warning: left shift count >= width of type");
  assert.equal(valueOf(said("gdb print")), valueOf(said("gdb print 1 << 40").split("\n")[1] ?? ""));
});

test("a convenience variable that was never set is void alone, and an error in an operation", () => {
  for (const line of ["print $unset", "p $unset"]) assert.equal(valueOf(said(line)), "void");
  assert.equal(said("output $unset"), "void");
  assert.equal(said("gdb whatis $unset"), "type = void");
  assert.match(said("print $unset + 1"), /^print: no symbol \$unset at column 1$/);
  assert.match(said("print $eflags"), /^print: no symbol \$eflags|= /);
});

test("info symbol takes the value of its expression as the address", () => {
  assert.match(said("info symbol schedule"), /^schedule in section \.text$/);
  assert.match(said("info symbol &init_task.comm"), /^init_task \+ \d+ in section \.data$/);
  assert.equal(said("info symbol &init_task"), said("info symbol init_task.group_leader"));
  assert.equal(said("info symbol init_task.pid"), "No symbol matches init_task.pid.");
  assert.equal(said("info symbol init_task"), "info: a struct is not an address: give &(init_task) for where it is");
});

test("ptype and whatis show types of names and of values", () => {
  assert.equal(
    said("gdb ptype struct list_head"),
    "type = struct list_head {\n    struct list_head *next;\n    struct list_head *prev;\n}",
  );
  assert.equal(said("gdb whatis init_task.comm"), "type = char [16]");
  assert.equal(said("gdb ptype struct nosuch"), "gdb: No struct type named nosuch.");
});

test("x/i disassembles, in the syntax that is set", () => {
  const code = (line: string): string => said(line).replace(/^.*:\t/gm, "");
  assert.equal(code("gdb x/2i schedule+5"), code("dis schedule+5 2"));
  assert.match(said("x/i schedule+5"), /^ {3}0x[0-9a-f]{16} <schedule\+5>:\tpush {3}%rbp$/);
  said("set disassembly-flavor intel");
  assert.equal(said("gdb show disassembly-flavor"), 'The disassembly flavor is "intel".');
  assert.match(said("x/i schedule+5"), /:\tpush {3}rbp$/);
  assert.match(said("dis schedule+5"), /:\tpush {3}rbp$/);
  said("gdb set disassembly-flavor att");
  assert.match(said("dis schedule+5"), /:\tpush {3}%rbp$/);
  assert.doesNotMatch(said("set -v"), /disassembly/);
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

test("x has gdb's letters and sizes, and keeps them", () => {
  assert.match(said("x/2dw &init_task.prio"), /^0x[0-9a-f]+ <init_task\+\d+>:\t120\t120$/);
  assert.match(said("x/ow &init_task.prio"), /:\t0170$/);
  assert.match(said("x/tb &init_task.prio"), /:\t01111000$/);
  assert.match(said("x/zg &init_task.prio"), /:\t0x0000007800000078$/);
  assert.match(said("x/2c init_task.comm"), /:\t115 's'\t119 'w'$/);
  assert.match(said("x/fw &init_task.prio"), /:\t1\.68155816e-43$/);
  assert.match(said("x/a &init_task.thread_pid"), /<init_struct_pid>$/);
  // The format, the size and the place are kept.
  const first = said("x/2uh &init_task.prio");
  const second = said("x");
  assert.equal(address(second), address(first) + 4n);
  assert.match(second, /:\t120\t0$/);
  assert.equal(address(said("x/-2uh &init_task.prio")), address(first) - 4n);
  assert.match(said("x/4q &init_task"), /^x: not a format: \/4q/);
});

test("print and p take gdb's letters; output and printf end no line unless they are told to", () => {
  assert.equal(valueOf(said("print /t init_task.prio")), "1111000");
  assert.equal(valueOf(said("p /o init_task.prio")), "0170");
  assert.equal(valueOf(said("print /d init_task.comm[0]")), "115");
  assert.match(valueOf(said("print /c init_task.comm")), /^\{115 's', 119 'w'/);
  assert.match(valueOf(said("print /a init_task.thread_pid")), /^0x[0-9a-f]+ <init_struct_pid>$/);
  assert.match(said("print /q 1"), /^print: not a format: \/q/);
  said("print 5");
  assert.equal(valueOf(said("print $ + 1")), "6");
  assert.equal(valueOf(said("print $$")), "5");
  const raw = (line: string): string =>
    pieces(session.context, line)
      .map((piece) => pieceText(piece))
      .join("");
  assert.equal(raw("output /x 255"), "0xff");
  assert.equal(raw("echo -n text"), "text");
  assert.equal(raw("gdb echo a\\n"), "a\n");
  assert.equal(raw('printf "%d|%-5d|%05d|%#lx\\n", 1, 2, -3, 255'), "1|2    |-0003|0xff\n");
  assert.equal(raw('printf "%#06x|%#06X|%+05d", 255, 255, 1'), "0x00ff|0X00FF|+0001");
  assert.equal(raw('printf "%s %c%%", init_task.comm, 65'), "swapper/0 A%");
  assert.match(said('printf "%d %d", 1'), /^printf: the format has more conversions than values: 1$/);
  assert.match(said('printf "%q", 1'), /^printf: %q: there is no such conversion$/);
});

test("ptype /o shows offsets, sizes, holes and totals", () => {
  assert.deepEqual(said("ptype /o struct list_head").split("\n"), [
    "/* offset      |    size */  type = struct list_head {",
    "/*      0      |       8 */    struct list_head *next;",
    "/*      8      |       8 */    struct list_head *prev;",
    "",
    "                               /* total size (bytes):   16 */",
    "                             }",
  ]);
  assert.match(said("ptype /o struct hrtimer"), /^\/\* XXX {2}4-byte padding {3}\*\/$/m);
  assert.match(said("ptype struct pid *"), /^type = struct pid \{[^}]*\} \*$/);
});

test("a frame is selected by number, function and steps, and its registers are in expressions", () => {
  const name = (text: string): string => / in (\S+) \(/.exec(text)?.[1] ?? text;
  const all = said("gdb bt").split("\n").map(name);
  assert.equal(name(said("frame 1")), all[1]);
  const register = valueOf(said("print $pc"));
  assert.match(register, new RegExp(`^\\(void \\(\\*\\)\\(\\)\\) 0x[0-9a-f]+ <${all[1]}`));
  assert.equal(valueOf(said("p $rip")), register);
  assert.equal(name(said("up")), all[2]);
  assert.equal(name(said("down 2")), all[0]);
  assert.match(said("down"), /^down: Bottom/);
  assert.equal(name(said(`frame ${all[3]}`)), all[3]);
  assert.match(said("frame 99"), /^frame: No frame at level 99: the stack has the frames 0 to \d+\.$/);
  assert.match(said("info registers rsp"), /^rsp {12}0x[0-9a-f]{16} {2}0x[0-9a-f]{16}$/);
  assert.match(said("info frame"), /^Stack level 3, frame at 0x/);
  assert.match(said("info locals"), /^info: No locals are known of /);
  said("set 1");
  assert.notEqual(valueOf(said("print $rip")), register);
  assert.match(said("frame"), /^#0 /);
  said("set -p");
});

test("the functions of the kernel's scripts for gdb give the values of a CPU", () => {
  for (const cpu of [0, 1]) {
    const own = (line: string): string => valueOf(said(line));
    assert.equal(own(`p $lx_current(${cpu}).pid`), own(`p current_task:${cpu}->pid`));
    assert.equal(own(`p &$lx_per_cpu(runqueues, ${cpu}).cpu`), own(`p &runqueues:${cpu}.cpu`));
    assert.equal(own(`p $lx_per_cpu("runqueues", ${cpu}).cpu`), String(cpu));
    assert.equal(own(`p $lx_per_cpu_ptr(&runqueues, ${cpu})->cpu`), String(cpu));
    // The macros of the kernel's source.
    assert.equal(own(`p &per_cpu(runqueues, ${cpu}).cpu`), own(`p &runqueues:${cpu}.cpu`));
    assert.equal(own(`p per_cpu_ptr(&runqueues, ${cpu})->cpu`), String(cpu));
  }
  assert.equal(valueOf(said("p $lx_task_by_pid(1)->comm")).slice(0, 6), '"init\\');
  assert.match(valueOf(said('p $lx_module("virtio_blk")->name')), /^"virtio_blk/);
  assert.match(said("p $lx_current(9)"), /invalid cpu number 9: this system has 0,1$/);
  assert.match(said("p per_cpu(runqueues)"), /per_cpu needs a CPU: per_cpu\(runqueues, 0\)$/);
  assert.match(said("p $lx_nothing()"), /no function \$lx_nothing at column 1$/);
});

test("gdb's words are commands of their own, with their abbreviations, and a variable has precedence", () => {
  assert.equal(said("i sym schedule"), "schedule in section .text");
  assert.equal(said("disas yield,+1").split("\n")[0]?.slice(0, 30), "Dump of assembler code from 0x");
  assert.match(said("info types ^list_head$"), /^All types matching regular expression "\^list_head\$":$/m);
  assert.match(said("info types"), /^More than 5000 names match; the first 5000 of them are listed\.$/m);
  assert.doesNotMatch(said("info types ^list_head$"), /names match;/);
  assert.match(said("info types ["), /^info: not a regular expression: \[$/);
  assert.match(said("jiffies"), /^jiffies = /);
});

test("list *ADDRESS is gdb's list, and other lists are crash's", () => {
  assert.match(said("list *(schedule+16)"), /^list: No symbol table is loaded for 0x/);
  assert.match(said("list task_struct.tasks -h init_task"), /^[0-9a-f]{16}$/m);
});

test("info shows symbols, disassemble a function, and for other gdb commands the equivalent is printed", () => {
  assert.match(said("gdb info symbol schedule"), /^schedule in section \.text$/);
  assert.match(said("gdb info address init_task"), /init_task/);
  const code = said("gdb disassemble schedule_idle").split("\n");
  assert.equal(code[0], "Dump of assembler code for function schedule_idle:");
  assert.match(code[1] ?? "", /^ {3}0x[0-9a-f]{16} <\+0>:\tnopl/);
  assert.match(said("disassemble /r schedule_idle,+1"), /<schedule_idle\+0>:\t0f 1f 44 00 00 +\tnopl/);
  assert.match(said("disassemble /q schedule_idle"), /^disassemble: disassemble has no modifier \/q/);
  assert.match(said("gdb break schedule"), /is not supported: a dump does not run$/);
  assert.match(said("gdb thread 3"), /is not supported: "ps" lists tasks, "set PID" chooses one$/);
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

test("a local variable has precedence over a command of gdb that has its name, but not over one of crash", () => {
  const locals = (name: string) => (/^(info|x|task)$/.test(name) ? session.kernel.value("int", 1n) : undefined);
  const isCommand = (line: string): boolean => isCommandLine(session.context, line, locals);
  assert.deepEqual(["info", "x", "up", "info frame", "x/4x &jiffies", "task"].map(isCommand), [false, false, true, true, true, true]); // prettier-ignore
});

test("info scope lists where a variable is in all of its function's code, at whatever address it is asked", () => {
  const withModules = openSession({ vmcore: ["sample/vmcore"], modules: ["sample"] });
  const own = (line: string): string => transcript(withModules.context, line);
  const start = BigInt(`0x${/^[0-9a-f]+/.exec(own("sym lab_apply"))?.[0] ?? "0"}`);
  const range = (from: bigint, to: bigint): string => `  Range 0x${(start + from).toString(16)}-0x${(start + to).toString(16)}`; // prettier-ignore
  const scope = own("info scope lab_apply");
  assert.deepEqual(scope.split("\n").slice(0, 5), [
    "Scope for lab_apply:",
    "Symbol cfg is multi-location:",
    `${range(0n, 0x11n)}: a variable in $rdi`,
    `${range(0x11n, 0x3bn)}: a variable in $rbx`,
    ", length 8.",
  ]);
  // At its last instruction cfg has no register, which does not mean that it was optimized out.
  assert.deepEqual(own("info scope *lab_apply+0x3c").split("\n").slice(1), scope.split("\n").slice(1));
  withModules.close();
});

test("x refuses a count that is over its limit, because it would show less", () => {
  assert.match(said("x/2000000xw &init_task"), /^x: \/2000000xw: the count exceeds the limit of 1048576$/);
  assert.match(said("x/70000i schedule"), /the count exceeds the limit of 65536$/);
});
