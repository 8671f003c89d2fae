/** An expression and, behind its last colon, the CPUs whose copies are meant: `runqueues:0,2`, `runqueues:a`. */
export interface CpuSpec {
  readonly expression: string;
  /** "", "a", "all", or a list such as "0-3,7"; undefined without a colon of its own. */
  readonly cpus: string | undefined;
}

/** Takes the CPUs off an expression; a colon that belongs to `?:` stays with it. */
export function splitCpuSpec(text: string): CpuSpec {
  const match = /^(.*\S)\s*:\s*(a|all|[\d,-]*)\s*$/.exec(text);
  const [, expression = "", cpus = ""] = match ?? [];
  const colons = (of: string): number => of.split(":").length - of.split("?").length;
  return match && colons(text) > 0 ? { expression, cpus } : { expression: text.trim(), cpus: undefined };
}
