/** docs/formats.md, generated from the table of dump formats. */
import type { FormatRow } from "../../dump/format.ts";
import { formats } from "../../dump/formats.ts";
import { rawRow } from "../../dump/formats/rawMemory.ts";
import { signatures } from "../../dump/recognize.ts";

/** Returns docs/formats.md. */
export function formatsPage(): string {
  const row = (name: string, { writers, reads, tested, source }: FormatRow): string =>
    `| ${[name, writers, reads, tested, source].map(cell).join(" | ")} |`;
  const refused = signatures.filter(({ isDump }) => isDump);
  return `# Dump formats

Printed by \`vmcore-debug docs formats\` from the table of formats: do not edit.

A format is recognized by the first bytes of the file, never by its name. Each file may be flattened (\`makedumpfile -F\`). A file that was cut off opens with what it holds.

| format | written by | what is read | tested on | source |
| --- | --- | --- | --- | --- |
${[...formats.map(({ name, row: fields }) => row(name, fields)), row("raw memory", rawRow)].join("\n")}

Formats without VMCOREINFO in a note are searched for it: the kernel keeps the text in its memory. Formats without the registers of CPUs (LiME, AVML, raw memory) show all tasks; the stack of a task that was running is found by a scan of its stack. The VMCOREINFO of ARM kernels without LPAE and of i386 kernels without PAE does not tell the machine: their memory opens in a format that names it (ELF, kdump), not as LiME, AVML or raw memory.

The running kernel is read through \`/proc/kcore\`; where that is missing, or if they are named, through \`/dev/crash\` (the module of the crash utility, kernels of Red Hat) or \`/dev/mem\`, through which kernels with CONFIG_STRICT_DEVMEM do not give their memory.

A dump of Mini Kernel Dump (mkdump, 2004 to 2006) is refused as data of unknown kind, because no description of its header is known; its sources were published at mkdump.sourceforge.net. mkdump's own \`mkd_conv\` converts it to LKCD, which is read.

## Recognized, but not read

| file | what to do |
| --- | --- |
${[...new Set(refused.map(({ what, instead = "" }) => `| ${cell(what)} | ${cell(instead)} |`))].join("\n")}
`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
