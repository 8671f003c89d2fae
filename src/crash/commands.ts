/** The table of built-in commands: one line for each. */
import type { Command } from "./language/command.ts";
import { alias } from "./commands/console/alias.ts";
import { analyze } from "./commands/system/analyze/analyze.ts";
import { ascii } from "./commands/types/ascii.ts";
import { bpf } from "./commands/system/bpf/bpf.ts";
import { bt } from "./commands/tasks/bt/bt.ts";
import { btop } from "./commands/memory/btop.ts";
import { dev } from "./commands/devices/dev/dev.ts";
import { dis } from "./commands/types/dis/dis.ts";
import { echo } from "./commands/console/echo.ts";
import { evaluate } from "./commands/types/eval/eval.ts";
import { exit, q } from "./commands/console/exit.ts";
import { refresh } from "./commands/console/refresh.ts";
import { extend } from "./commands/console/extend.ts";
import { files } from "./commands/files/files/files.ts";
import { foreach } from "./commands/tasks/foreach.ts";
import { fuser } from "./commands/files/fuser/fuser.ts";
import { disassemble } from "./commands/gdb/disassemble.ts";
import { x } from "./commands/gdb/examine.ts";
import { down, frame, up } from "./commands/gdb/frame.ts";
import { gdb } from "./commands/gdb/gdb.ts";
import { info } from "./commands/gdb/info.ts";
import { print } from "./commands/gdb/print.ts";
import { printf } from "./commands/gdb/printf.ts";
import { ptype } from "./commands/gdb/ptype.ts";
import { health } from "./commands/system/health/health.ts";
import { help } from "./commands/console/help/help.ts";
import { ipcs } from "./commands/files/ipcs/ipcs.ts";
import { irq } from "./commands/devices/irq.ts";
import { kmem } from "./commands/memory/kmem/kmem.ts";
import { list } from "./commands/types/list/list.ts";
import { log } from "./commands/system/log.ts";
import { mach } from "./commands/system/mach/mach.ts";
import { map } from "./commands/console/map.ts";
import { mod } from "./commands/system/mod.ts";
import { mount } from "./commands/files/mount/mount.ts";
import { net } from "./commands/net/net.ts";
import { p } from "./commands/types/p.ts";
import { ps } from "./commands/tasks/ps/ps.ts";
import { ptob } from "./commands/memory/ptob.ts";
import { pte } from "./commands/memory/pte.ts";
import { ptov } from "./commands/memory/ptov.ts";
import { rd } from "./commands/memory/rd/rd.ts";
import { report } from "./commands/system/report.ts";
import { repeat } from "./commands/console/repeat.ts";
import { runq } from "./commands/tasks/runq/runq.ts";
import { rustfilt } from "./commands/types/rustfilt.ts";
import { sbitmapq } from "./commands/devices/sbitmapq.ts";
import { search } from "./commands/memory/search/search.ts";
import { set } from "./commands/console/set.ts";
import { sig } from "./commands/tasks/sig/sig.ts";
import { star, struct, union } from "./commands/types/struct.ts";
import { swap } from "./commands/memory/swap.ts";
import { sym } from "./commands/types/sym.ts";
import { sys } from "./commands/system/sys/sys.ts";
import { task } from "./commands/tasks/task.ts";
import { timeline } from "./commands/trace/timeline.ts";
import { timer } from "./commands/devices/timer/timer.ts";
import { trace } from "./commands/trace/trace.ts";
import { tree } from "./commands/types/tree/tree.ts";
import { vm } from "./commands/memory/vm/vm.ts";
import { vtop } from "./commands/memory/vtop.ts";
import { waitq } from "./commands/tasks/waitq.ts";
import { waits } from "./commands/tasks/waits/waits.ts";
import { whatis } from "./commands/types/whatis.ts";
import { wr } from "./commands/memory/wr.ts";

/**
 * Returns all commands in alphabetical order. It is a function because `help` and `foreach` are in the list and use it.
 */
export const commands = (): readonly Command[] => [
  star,
  alias,
  analyze,
  ascii,
  bpf,
  bt,
  btop,
  dev,
  dis,
  disassemble,
  down,
  echo,
  evaluate,
  exit,
  extend,
  files,
  foreach,
  frame,
  fuser,
  gdb,
  health,
  help,
  info,
  ipcs,
  irq,
  kmem,
  list,
  log,
  mach,
  map,
  mod,
  mount,
  net,
  p,
  print,
  printf,
  ps,
  pte,
  ptob,
  ptov,
  ptype,
  q,
  rd,
  refresh,
  repeat,
  report,
  runq,
  rustfilt,
  sbitmapq,
  search,
  set,
  sig,
  struct,
  swap,
  sym,
  sys,
  task,
  timeline,
  timer,
  trace,
  tree,
  union,
  up,
  vm,
  vtop,
  waitq,
  waits,
  whatis,
  wr,
  x,
];
