/** Explanations of errors that the hardware or the firmware reported. */
import type { ReportFacts } from "../facts.ts";
import { particular } from "./naming.ts";

/** Flags of MCi_STATUS that Intel and AMD share (Intel SDM vol. 3, chapter "Machine-check architecture"). */
const STATUS: readonly (readonly [bit: bigint, words: string])[] = [
  [61n, "uncorrected"],
  // Which of the two errors stays in the bank depends on how severe they are.
  [62n, "another error of the bank was lost"],
  [57n, "processor context corrupt"],
];

/** MCi_STATUS.Deferred of AMD and Hygon: not corrected yet; on Intel the bit is part of a count. */
const DEFERRED = 44n;

/** Whether the report is of a processor of AMD or Hygon: by the line of the decoder for these, or the vendor's number. */
const isAmd = (facts: ReportFacts): boolean =>
  /^[29]:/.test(particular(facts, "processor") ?? "") || facts.texts.some((text) => /\bMC\d{1,3}_STATUS\[/.test(text));

/** Returns words for the flags of a bank's status register. The first is "uncorrected", "deferred" or "corrected". */
function statusWords(status: bigint, hasDeferred: boolean): string[] {
  const has = (bit: bigint): boolean => ((status >> bit) & 1n) === 1n;
  const words = STATUS.filter(([bit]) => has(bit)).map(([, text]) => text);
  return has(61n) ? words : [hasDeferred && has(DEFERRED) ? "deferred" : "corrected", ...words];
}

export function explainHardware(facts: ReportFacts): string {
  switch (facts.kind) {
    case "machine-check":
      return explainMachineCheck(facts);
    case "edac":
      return explainEdac(facts);
    case "firmware-error":
      return `The firmware reported a hardware error${particular(facts, "severity") === undefined ? "" : ` (severity ${particular(facts, "severity")})`}. The cause is usually the hardware or the firmware, not the kernel.`;
    case "pcie-error": {
      const { severity, layer } = facts.report.headline.groups;
      const device = /^(?:\w[\w-]{0,30} )?([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]): /.exec(facts.headline)?.[1];
      return `A PCIe device or link${device === undefined ? "" : ` (reported by ${device})`} reported an error (${[layer, severity].filter((part) => part !== undefined).join(", ")}). The cause is usually the device, its slot, its cable or its power management.`;
    }
    case "nmi":
      return explainNmi(facts);
    default:
      return `Interrupt ${facts.report.headline.groups.irq ?? ""} came too often without a handler that accepts it. Usual causes: a device raises it without its driver's knowledge, or the interrupt line is routed wrongly.${facts.texts.some((text) => /^\s{0,8}Disabling IRQ #\d/.test(text)) ? " The kernel disabled the interrupt." : ""}`;
  }
}

/** Explains an error that an EDAC driver reported; only `MC` stands for a memory controller. */
function explainEdac(facts: ReportFacts): string {
  const { fault, controller = "" } = facts.report.headline.groups;
  const was = fault === "CE" ? "that was corrected" : "that was not corrected";
  return controller.startsWith("MC")
    ? `A driver for memory controllers (EDAC) reported a memory error ${was}${labelOf(facts)}. The cause is usually a memory module, its slot or its settings.`
    : `A driver for hardware errors (EDAC) reported an error ${was}${labelOf(facts)}. The cause is usually the hardware or the firmware.`;
}

function explainMachineCheck(facts: ReportFacts): string {
  const cpu = particular(facts, "cpu");
  const bank = particular(facts, "bank");
  const status = particular(facts, "status");
  const words = status === undefined ? [] : statusWords(BigInt(`0x${status}`), isAmd(facts));
  const what = words.length === 0 ? "a hardware error" : `a hardware error (${words.join(", ")})`;
  const where = cpu === undefined ? "A processor" : `CPU ${cpu}`;
  const says = bank === undefined ? "" : ` in bank ${bank}, status 0x${status}`;
  const isUncorrected = words.includes("uncorrected");
  if (status === undefined && /Machine check events logged/.test(facts.headline))
    return "The processor reported errors, which the kernel recorded for a tool such as mcelog or rasdaemon; this line does not say what they were. The cause is usually the hardware or the firmware.";
  const { error, severity, outcome } = facts.report.headline.groups;
  if (error !== undefined && outcome !== undefined) {
    const group = particular(facts, "class");
    const cause = group?.includes("oftware") === true ? "" : " The cause is usually the hardware or the firmware.";
    const named = group === undefined || group === "Unknown" ? "" : ` It is classed as: ${group}.`;
    return `${where} raised a machine check: ${error.replace(/ {2,}/g, " ")} (severity: ${severity?.toLowerCase() ?? "unknown"}, ${outcome.toLowerCase()}).${named}${cause}`;
  }
  const address = particular(facts, "address");
  const at = address === undefined ? "" : `, address 0x${address.replace(/^0x/, "").replace(/^0+(?=.)/, "")}`;
  return `${where} reported ${what}${says}${at}. The cause is usually the hardware or the firmware${isUncorrected ? "; a driver's access to a removed device can also cause it" : ""}.`;
}

/** Names the memory module as the EDAC driver does: ` on CPU_SrcID#0_MC#0_Chan#1_DIMM#0`. */
const labelOf = ({ headline }: ReportFacts): string => {
  const label = / on (\S{1,100}) \(/.exec(headline)?.[1];
  return label === undefined ? "" : ` on ${label}`;
};

/** Explains a non-maskable interrupt; two bits of the NMI reason port name a source (arch/x86/kernel/nmi.c). */
function explainNmi({ report }: ReportFacts): string {
  const { source, reason } = report.headline.groups;
  const why = reason === undefined ? "" : ` (reason ${reason})`;
  if (source?.startsWith("PCI") === true)
    return `A non-maskable interrupt reported a system error of the PCI bus${why}. The cause is usually a device, a bridge or a slot.`;
  if (source === "IOCK error")
    return `A non-maskable interrupt reported an I/O check error${why}. The cause is usually a card or its slot, or someone pressed an NMI button.`;
  if (source !== undefined) return "The kernel is configured to panic at a non-maskable interrupt.";
  return `A non-maskable interrupt of unknown source came${why}. It may come from the hardware, the firmware, an NMI button of a management controller, or the host of a virtual machine.`;
}
