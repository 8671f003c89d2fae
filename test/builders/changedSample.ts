import { Fault } from "../../src/base/fault.ts";
import { toEnd } from "../../src/base/job.ts";
import type { Finding } from "../../src/insight/finding.ts";
import { health, type Health } from "../../src/insight/health.ts";
import type { DumpState, HealthCheck } from "../../src/insight/healthCheck.ts";
import type { Kernel } from "../../src/model/kernel.ts";
import { type Obj, valueBytes } from "../../src/model/object.ts";
import { openSession, type Session } from "../../src/session/open/open.ts";
import { alteredSample, type Change } from "./alteredDump.ts";

/** Writes values into a dump's memory. */
export interface Writer {
  readonly kernel: Kernel;
  /** Writes a number, an enum or a pointer. */
  readonly put: (object: Obj, value: bigint | number) => void;
  /** Writes a word at an address. */
  readonly word: (address: bigint, value: bigint | number) => void;
}

/** The embedded example with other values in its memory, by virtual address. */
export function changedSample(change: (writer: Writer) => void): Session {
  const pristine = openSession({ vmcore: ["sample/vmcore"] });
  const { kernel } = pristine.context;
  const changes: Change[] = [];
  const write = (address: bigint, bytes: Uint8Array): void => {
    const place = kernel.memory.translate(address);
    if (place instanceof Fault) throw place;
    changes.push([Number(place.physical), Buffer.from(bytes).toString("hex")]);
  };
  const long = kernel.types.named("unsigned long");
  change({
    kernel,
    put: (object, value) => {
      write(object.address, valueBytes(object.type, BigInt(value), "little"));
    },
    word: (address, value) => {
      write(address, valueBytes(long, BigInt(value), "little"));
    },
  });
  pristine.close();
  return alteredSample(...changes);
}

/** What the checks say of a kernel. */
export interface Checked extends Health {
  of(check: HealthCheck): readonly Finding[];
  /** The sentence of a check that found nothing, or why it could not be done. */
  said(check: HealthCheck): string | undefined;
}

/** Runs one check. @returns its findings, and the sentence for when it has none */
export function checkedOne(
  kernel: Kernel,
  check: HealthCheck,
  dump: DumpState = {},
): { readonly findings: readonly Finding[]; readonly said: string } {
  const findings: Finding[] = [];
  const run = check.run(kernel, dump);
  for (;;) {
    const step = run.next();
    if (step.done) return { findings, said: step.value };
    if ("id" in step.value) findings.push(step.value);
  }
}

/** Runs the checks. */
export function checked({ context: { kernel } }: Session, dump: DumpState = {}): Checked {
  const result = toEnd(health(kernel, dump));
  return {
    ...result,
    of: ({ id }) => result.findings.filter((one) => one.id === `health.${id}`),
    said: (check) =>
      result.passed.find((one) => one.check === check)?.sentence ??
      result.unchecked.find(({ check: id }) => id === check.id)?.because,
  };
}
