/** Explanations of errors that the hardware or the firmware reported. */
import type { ReportFacts } from "../facts.ts";

const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

/** Flags of MCi_STATUS (Intel SDM vol. 3, chapter "Machine-check architecture"; AMD's are the same where they are named here). */
const STATUS: readonly (readonly [bit: bigint, words: string])[] = [
  [61n, "uncorrected"],
  [62n, "an earlier error was overwritten"],
  [57n, "processor context corrupt"],
];

/** Explains the status register of a bank. */
export function statusWords(status: bigint): string[] {
  const words = STATUS.filter(([bit]) => ((status >> bit) & 1n) === 1n).map(([, text]) => text);
  return (status >> 61n) & 1n ? words : ["corrected", ...words];
}

export function explainHardware(facts: ReportFacts): string {
  switch (facts.kind) {
    case "machine-check":
      return explainMachineCheck(facts);
    case "edac":
      return `The memory controller reported ${facts.report.headline.groups.fault === "CE" ? "an error that it corrected" : "an error that it could not correct"}${labelOf(facts)}: usually a memory module, its slot or its settings.`;
    case "firmware-error":
      return `The firmware reported a hardware error${particular(facts, "severity") === undefined ? "" : ` (severity ${particular(facts, "severity")})`}: usually hardware or firmware, not the kernel.`;
    case "pcie-error": {
      const { severity, layer } = facts.report.headline.groups;
      const device = /^(?:\w[\w-]{0,30} )?([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]): /.exec(facts.headline)?.[1];
      return `A PCIe device or link${device === undefined ? "" : ` (seen by ${device})`} reported an error (${[layer, severity].filter((part) => part !== undefined).join(", ")}): usually the device, its slot, cable or power management.`;
    }
    case "nmi":
      return explainNmi(facts);
    default:
      return `No handler claimed interrupt ${facts.report.headline.groups.irq ?? ""}, too often: a device raises it whose driver does not know, or the line is wired or routed wrongly. The kernel turned it off.`;
  }
}

function explainMachineCheck(facts: ReportFacts): string {
  const cpu = particular(facts, "cpu");
  const bank = particular(facts, "bank");
  const status = particular(facts, "status");
  const words = status === undefined ? [] : statusWords(BigInt(`0x${status}`));
  const what = words.length === 0 ? "a hardware error" : `a hardware error (${words.join(", ")})`;
  const where = cpu === undefined ? "A processor" : `CPU ${cpu}`;
  const says = bank === undefined ? "" : ` in bank ${bank}, status 0x${status}`;
  const isUncorrected = words.includes("uncorrected");
  if (status === undefined && /Machine check events logged/.test(facts.headline))
    return "The processor reported errors, which the kernel recorded for a tool such as mcelog or rasdaemon; this line does not say what they were. Usually hardware or firmware.";
  const address = particular(facts, "address");
  const at = address === undefined ? "" : `, address 0x${address.replace(/^0x/, "").replace(/^0+(?=.)/, "")}`;
  return `${where} reported ${what}${says}${at}: usually hardware or firmware${isUncorrected ? ", though a driver's access to a device that is gone can raise one too" : ""}.`;
}

/** Names the memory module as the EDAC driver does: ` on CPU_SrcID#0_MC#0_Chan#1_DIMM#0`. */
const labelOf = ({ headline }: ReportFacts): string => {
  const label = / on (\S{1,100}) \(/.exec(headline)?.[1];
  return label === undefined ? "" : ` on ${label}`;
};

/** arch/x86/kernel/nmi.c: two bits of the port of reasons name a source. */
function explainNmi({ report }: ReportFacts): string {
  const { source, reason } = report.headline.groups;
  const why = reason === undefined ? "" : ` (reason ${reason})`;
  if (source?.startsWith("PCI") === true)
    return `A non-maskable interrupt reported a system error of the PCI bus${why}: usually a device, a bridge or its slot.`;
  if (source === "IOCK error")
    return `A non-maskable interrupt reported an I/O check error${why}: a card or its slot, or a button for debugging.`;
  if (source !== undefined) return "The kernel is set to stop at a non-maskable interrupt.";
  return `A non-maskable interrupt came for which the kernel knows no source${why}: hardware, firmware, a management controller's button, or a virtual machine's host sent it.`;
}
