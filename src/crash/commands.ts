import type { Command, Context } from "./command.ts";
import { alias } from "./commands/alias.ts";
import { ascii } from "./commands/ascii.ts";
import { bpf } from "./commands/bpf.ts";
import { bt } from "./commands/bt.ts";
import { btop } from "./commands/btop.ts";
import { dev } from "./commands/dev.ts";
import { dis } from "./commands/dis.ts";
import { evaluate } from "./commands/eval.ts";
import { exit, q } from "./commands/exit.ts";
import { extend } from "./commands/extend.ts";
import { files } from "./commands/files.ts";
import { foreach } from "./commands/foreach.ts";
import { fuser } from "./commands/fuser.ts";
import { gdb } from "./commands/gdb.ts";
import { help } from "./commands/help.ts";
import { ipcs } from "./commands/ipcs.ts";
import { irq } from "./commands/irq.ts";
import { kmem } from "./commands/kmem.ts";
import { list } from "./commands/list.ts";
import { log } from "./commands/log.ts";
import { mach } from "./commands/mach.ts";
import { map } from "./commands/map.ts";
import { mod } from "./commands/mod.ts";
import { mount } from "./commands/mount.ts";
import { net } from "./commands/net.ts";
import { p } from "./commands/p.ts";
import { ps } from "./commands/ps.ts";
import { ptob } from "./commands/ptob.ts";
import { pte } from "./commands/pte.ts";
import { ptov } from "./commands/ptov.ts";
import { rd } from "./commands/rd.ts";
import { repeat } from "./commands/repeat.ts";
import { runq } from "./commands/runq.ts";
import { rustfilt } from "./commands/rustfilt.ts";
import { sbitmapq } from "./commands/sbitmapq.ts";
import { search } from "./commands/search.ts";
import { set } from "./commands/set.ts";
import { sig } from "./commands/sig.ts";
import { star, struct, union } from "./commands/struct.ts";
import { swap } from "./commands/swap.ts";
import { sym } from "./commands/sym.ts";
import { sys } from "./commands/sys.ts";
import { task } from "./commands/task.ts";
import { timer } from "./commands/timer.ts";
import { tree } from "./commands/tree.ts";
import { vm } from "./commands/vm.ts";
import { vtop } from "./commands/vtop.ts";
import { waitq } from "./commands/waitq.ts";
import { whatis } from "./commands/whatis.ts";
import { wr } from "./commands/wr.ts";

/** Every command, alphabetically. A function, because `help` and `foreach` stand in it and ask for it. */
export const commands = (): readonly Command[] => [
  star,
  alias,
  ascii,
  bpf,
  bt,
  btop,
  dev,
  dis,
  evaluate,
  exit,
  extend,
  files,
  foreach,
  fuser,
  gdb,
  help,
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
  ps,
  pte,
  ptob,
  ptov,
  q,
  rd,
  repeat,
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
  timer,
  tree,
  union,
  vm,
  vtop,
  waitq,
  whatis,
  wr,
];

/** The same and those of the files that `extend` loaded, of which the latest of a name counts. */
export function commandsOf({ extensions }: Pick<Context, "extensions">): readonly Command[] {
  const all = new Map<string, Command>();
  for (const one of [...(extensions?.loaded.values() ?? [])].flat()) all.set(one.name, one);
  for (const one of commands()) all.set(one.name, one);
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
