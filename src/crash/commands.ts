import type { Command } from "./command.ts";
import { alias } from "./commands/alias.ts";
import { ascii } from "./commands/ascii.ts";
import { btop } from "./commands/btop.ts";
import { evaluate } from "./commands/eval.ts";
import { exit, q } from "./commands/exit.ts";
import { help } from "./commands/help.ts";
import { log } from "./commands/log.ts";
import { mod } from "./commands/mod.ts";
import { ps } from "./commands/ps.ts";
import { ptob } from "./commands/ptob.ts";
import { rd } from "./commands/rd.ts";
import { repeat } from "./commands/repeat.ts";
import { set } from "./commands/set.ts";
import { sym } from "./commands/sym.ts";
import { sys } from "./commands/sys.ts";
import { task } from "./commands/task.ts";

/** Every command, alphabetically. A function, because `help` and `foreach` stand in it and ask for it. */
export const commands = (): readonly Command[] => [
  alias,
  ascii,
  btop,
  evaluate,
  exit,
  help,
  log,
  mod,
  ps,
  ptob,
  q,
  rd,
  repeat,
  set,
  sym,
  sys,
  task,
];
