/** The fields of a preempt count, in words. */

/**
 * Bits of a preempt count (include/linux/preempt.h). NMI has four bits since v5.8, and had one before. Bit 21 alone was
 * PREEMPT_ACTIVE on many architectures up to v4.3; since v5.8 it is two nested NMIs.
 */
interface PreemptCount {
  /** Nested preempt_disable(); spinlocks count too. */
  readonly preempt: number;
  /** A softirq is being served: SOFTIRQ_OFFSET. */
  readonly isSoftirq: boolean;
  /** Nested local_bh_disable(): SOFTIRQ_DISABLE_OFFSET. */
  readonly bottomHalves: number;
  readonly hardirq: number;
  readonly nmi: number;
}

/** Splits a preempt count into its fields. */
export const preemptFields = (count: number): PreemptCount => ({
  preempt: count & 0xff,
  isSoftirq: ((count >>> 8) & 1) === 1,
  bottomHalves: (count >>> 9) & 0x7f,
  hardirq: (count >>> 16) & 0xf,
  nmi: (count >>> 20) & 0xf,
});

/** Formats a preempt count: "preempt_disable() depth 2, hardirq depth 1"; "0" for a CPU that can be preempted. */
export function preemptCountText(count: number): string {
  const { preempt, isSoftirq, bottomHalves, hardirq, nmi } = preemptFields(count);
  const depths = [
    ["preempt_disable() depth", preempt],
    ["local_bh_disable() depth", bottomHalves],
    ["softirq depth", isSoftirq ? 1 : 0],
    ["hardirq depth", hardirq],
    ["NMI depth", nmi],
  ] as const;
  const parts = depths.flatMap(([name, depth]) => (depth === 0 ? [] : [`${name} ${depth}`]));
  return parts.length === 0 ? "0" : parts.join(", ");
}

/** The field of NMIs in a count of an old kernel with PREEMPT_ACTIVE, which is no reason not to sleep. */
const PREEMPT_ACTIVE = 2;

/**
 * Says why a task with a preempt count may not sleep: one phrase for each field that is not 0. @param holdsNoLock the
 * log says that the task holds no lock
 */
export function whyAtomic(count: number, holdsNoLock = false): string[] {
  const { preempt, isSoftirq, bottomHalves, hardirq, nmi } = preemptFields(count);
  const deep = (depth: number): string => (depth === 1 ? "" : ` (${depth} deep)`);
  return [
    ...(nmi > 0 && nmi !== PREEMPT_ACTIVE ? ["it is a non-maskable interrupt"] : []),
    ...(hardirq > 0 ? ["it is a hardware interrupt"] : []),
    ...(isSoftirq ? ["it is a softirq"] : []),
    ...(bottomHalves > 0
      ? [`softirqs are disabled (\`local_bh_disable\`${bottomHalves === 1 ? "" : `, ${bottomHalves} deep`})`]
      : []),
    ...(preempt > 0 ? [`${holdsNoLock ? "" : "a spinlock is held or "}preemption is disabled${deep(preempt)}`] : []),
  ];
}
