/** Declares the evidence of a finding, and prints it. */
import { hex0x } from "../base/hex.ts";

/** What a finding was concluded from. Lines of the log count from 0. */
export type Evidence =
  | { readonly kind: "frame"; readonly task: bigint; readonly pc: bigint; readonly text: string }
  | {
      readonly kind: "register";
      readonly task: bigint;
      readonly pc: bigint;
      readonly name: string;
      readonly value: bigint;
    }
  | {
      readonly kind: "field";
      /** C type, for example "struct file". */
      readonly type: string;
      readonly address: bigint;
      readonly path: string;
      readonly value: string;
    }
  | { readonly kind: "memory"; readonly address: bigint; readonly value: bigint }
  | { readonly kind: "instruction"; readonly address: bigint; readonly text: string }
  | { readonly kind: "log"; readonly line: number; readonly text: string }
  | { readonly kind: "source"; readonly file: string; readonly line: number; readonly pc: bigint }
  | {
      readonly kind: "object";
      readonly cache: string;
      readonly address: bigint;
      readonly state: "allocated" | "free" | "unknown";
    }
  | { readonly kind: "cache"; readonly name: string; readonly address: bigint; readonly text: string }
  | { readonly kind: "lock"; readonly address: bigint; readonly type: string }
  | { readonly kind: "module"; readonly name: string }
  | { readonly kind: "cpu"; readonly cpu: number; readonly text: string }
  | { readonly kind: "task"; readonly address: bigint; readonly text: string }
  | { readonly kind: "sysctl"; readonly name: string; readonly value: string }
  | { readonly kind: "symbol"; readonly name: string; readonly address: bigint }
  | { readonly kind: "mapping"; readonly address: bigint; readonly text: string }
  | { readonly kind: "page"; readonly pfn: bigint }
  /** What a crash command prints. */
  | { readonly kind: "output"; readonly command: string; readonly text: string };

/** Returns the crash command that prints a piece of evidence. */
export function commandOf(evidence: Evidence): string {
  switch (evidence.kind) {
    case "frame":
    case "register":
      return `bt -l ${hex0x(evidence.task)}`;
    case "field":
      return `${evidence.type}.${rootOf(evidence.path)} ${hex0x(evidence.address)}`;
    case "memory":
      return `rd ${hex0x(evidence.address)}`;
    case "instruction":
      return `dis ${hex0x(evidence.address)}`;
    case "log":
      return `log${filterOf(evidence.text)}`;
    case "source":
      return `dis -s ${hex0x(evidence.pc)}`;
    case "object":
      return `kmem -s ${hex0x(evidence.address)}`;
    case "cache":
      return `kmem -s ${evidence.name}`;
    case "lock":
      return `${evidence.type} ${hex0x(evidence.address)}`;
    case "module":
      return "mod -t";
    case "cpu":
      return `bt -c ${evidence.cpu}`;
    case "task":
      return `ps ${hex0x(evidence.address)}`;
    case "sysctl":
      return `rd -32 ${evidence.name}`;
    case "symbol":
      return `sym ${hex0x(evidence.address)}`;
    case "mapping":
      return `vtop ${hex0x(evidence.address)}`;
    case "page":
      return `kmem -p ${hex0x(evidence.pfn << 12n)}`;
    case "output":
      return evidence.command;
  }
}

/** Returns the part of a path before the first `[`, because crash prints members but not elements of nested arrays. */
const rootOf = (path: string): string => /^[\w.]+/.exec(path)?.[0].replace(/\.$/, "") ?? path;

/** Runs of characters that have no special meaning in a shell or a regular expression. */
const PLAIN = /[\w ,:/=-]{6,60}/g;

/** Returns a filter that matches a line of the log by its longest run of plain characters. */
function filterOf(text: string): string {
  const runs = [...text.matchAll(PLAIN)].map(([run]) => run.trim());
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? "" : ` | grep -e "${longest}"`;
}

/** Describes a piece of evidence in a few words. */
export function evidenceText(evidence: Evidence): string {
  switch (evidence.kind) {
    case "frame":
      return `frame ${evidence.text}`;
    case "register":
      return `${evidence.name} = ${hex0x(evidence.value)}`;
    case "field":
      return `${evidence.type} ${hex0x(evidence.address)}: ${evidence.path} = ${evidence.value}`;
    case "memory":
      return `word at ${hex0x(evidence.address)} = ${hex0x(evidence.value)}`;
    case "instruction":
      return `instruction at ${hex0x(evidence.address)}: ${evidence.text}`;
    case "log":
      return `log: ${evidence.text}`;
    case "source":
      return `source ${evidence.file}:${evidence.line}`;
    case "object":
      return `object ${hex0x(evidence.address)} of ${evidence.cache}: ${evidence.state}`;
    case "cache":
      return `slab cache ${evidence.name}: ${evidence.text}`;
    case "lock":
      return `${evidence.type} at ${hex0x(evidence.address)}`;
    case "module":
      return `module ${evidence.name}`;
    case "cpu":
      return `CPU ${evidence.cpu}: ${evidence.text}`;
    case "task":
      return `task ${evidence.text}`;
    case "sysctl":
      return `${evidence.name} = ${evidence.value}`;
    case "symbol":
      return `symbol ${evidence.name} at ${hex0x(evidence.address)}`;
    case "mapping":
      return evidence.text;
    case "page":
      return `page frame ${evidence.pfn}`;
    case "output":
      return evidence.text;
  }
}
