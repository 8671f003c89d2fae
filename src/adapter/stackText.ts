/** Stacks as text for the clipboard. */
import { markdownBlock, markdownText } from "../base/markdown.ts";
import { printable } from "../base/printable.ts";
import { padHex } from "../base/hex.ts";
import { symbolPlace } from "../debuginfo/symbols/symbolText.ts";
import { utsname } from "../linux/utsname.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Job } from "../base/job.ts";
import type { FrameRow } from "./frames.ts";
import type { Target } from "./target.ts";
import { type Thread, threadName } from "./threads.ts";

/** Maximum number of rows. Deeper stacks are damaged. */
const MAX_ROWS = 2000;

/** Formats a stack for a mail or an issue. */
export function* stackText(target: Target, thread: Thread, format: "text" | "markdown"): Job<string> {
  const { rows } = target.frames.of(thread, 0, MAX_ROWS);
  const lines: string[] = [];
  let number = 0;
  for (const row of rows) {
    lines.push(printable(row.frame ? `#${number++} ${frameText(row)}` : `   -- ${row.label} --`));
    yield;
  }
  const uts = attempt(() => utsname(target.kernel));
  const isFirst = thread.id === target.threads.first().id;
  const heading = [
    ...(isFirst && target.title !== undefined ? [target.title] : []),
    `${threadName(thread)}${uts instanceof Fault ? "" : `, Linux ${uts.release} (${uts.machine})`}`,
  ];
  if (format === "text") return `${[...heading.map(printable), ...lines].join("\n")}\n`;
  return `${heading.map((line) => `**${markdownText(line)}**  `).join("\n")}\n\n${markdownBlock(lines)}\n`;
}

/**
 * Formats a frame as `ffffffff81aa8a06 sysrq_handle_crash (sysrq_handle_crash+0x16) at drivers/tty/sysrq.c:155`, which
 * joins the formats of crash and gdb; without line information as `ffffffff81aa8a06 sysrq_handle_crash+0x16`.
 */
function frameText({ frame, place }: FrameRow): string {
  if (!frame) return "";
  const { pc, symbol } = frame;
  const offset = symbol ? symbolPlace(symbol, pc, 16) : "(unknown)";
  const name = place ? (place.inlined ? `${place.function} [inlined]` : `${place.function} (${offset})`) : offset;
  const module = symbol?.module === undefined ? "" : ` [${symbol.module}]`;
  const source = place?.source ? ` at ${place.source.file}:${place.source.line}` : "";
  return `${padHex(pc, 16)} ${name}${module}${source}`;
}
