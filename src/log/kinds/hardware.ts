/** Headlines of errors of the hardware. */
import type { KindRow } from "./kind.ts";

/** Errors that the hardware or the firmware reported. */
export const hardware: readonly KindRow[] = [
  {
    pattern:
      /^(?:mce: )?(?:\[Hardware Error\]: )?CPU (?<cpu>\d+): Machine Check(?:: Exception| Exception| Event)?: *(?<mcg>[0-9a-f]{1,16}) Bank (?<bank>\d+): (?<status>[0-9a-f]{16})/,
    kind: "machine-check",
    severity: "error",
    printedBy: "print_mce",
    title: "machine check",
    guilty: "none",
    after: ["machine-check"],
  },
  {
    pattern:
      /^(?:mce: )?\[Hardware Error\]: (?:Machine check events logged|CPU \d+: Machine Check)|^mce: CPU\d+: .*(?:[Mm]achine check|error)/,
    kind: "machine-check",
    severity: "error",
    printedBy: "mce_log, print_mce",
    title: "machine check",
    guilty: "none",
    after: ["machine-check"],
  },
  {
    // amd_decode_mce: for AMD's processors the details are in the lines after this one.
    pattern:
      /^(?:mce: )?\[Hardware Error\]: (?:(?:Corrected|Deferred|Uncorrected|System Fatal).{0,20} error.{0,60}|CPU:(?<cpu>\d+) \(\w+:\w+:\w+\) MC(?<bank>\d+)_STATUS.{0,100}: 0x(?<status>[0-9a-f]{16}))/,
    kind: "machine-check",
    severity: "error",
    printedBy: "amd_decode_mce",
    title: "machine check",
    guilty: "none",
    after: ["machine-check"],
  },
  {
    // i386, and x86_64 up to 2.6.30.
    pattern: /^CPU (?<cpu>\d+): Machine Check Exception: +(?<mcg>[0-9a-f]{8,16})$/,
    kind: "machine-check",
    severity: "error",
    printedBy: "intel_machine_check, do_machine_check",
    title: "machine check",
    guilty: "none",
  },
  {
    pattern:
      /^MCE: CPU(?<cpu>\d+): machine check \((?<severity>[A-Z][A-Za-z ]{1,20})\) +(?<error>.{1,160}?) *\[(?<outcome>Recovered|Not recovered)\]/,
    kind: "machine-check",
    severity: "error",
    printedBy: "machine_check_print_event_info (powerpc)",
    title: "machine check",
    guilty: "none",
    after: ["machine-check"],
  },
  {
    pattern:
      /^(?:Disabling lock debugging due to machine check|Machine check in kernel mode|(?:Severe|Recovered|Fatal|Warning) Machine check interrupt)/,
    kind: "machine-check",
    severity: "error",
    printedBy: "machine_check_early, machine_check_print_event_info (powerpc)",
    title: "machine check",
    guilty: "none",
  },
  {
    pattern: /^EDAC (?<controller>MC\d+|PCI\d*|DEVICE\d*): (?<count>\d+ )?(?<fault>[CU]E)\b/,
    kind: "edac",
    severity: "warning",
    printedBy: "edac_mc_printk",
    title: "EDAC {controller}: {fault}",
    guilty: "none",
    isLine: true,
  },
  {
    pattern: /^(?:\{\d+\})?\[Hardware Error\]: Hardware error from APEI Generic Hardware Error Source/,
    kind: "firmware-error",
    severity: "error",
    printedBy: "__ghes_print_estatus",
    title: "hardware error from APEI",
    guilty: "none",
  },
  {
    pattern:
      /^(?:pcieport |pci |\w[\w-]{0,30} )?[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]: (?:AER: )?PCIe Bus Error: severity=(?<severity>[^,]{1,40}), type=(?<layer>[^,]{1,40})/,
    kind: "pcie-error",
    severity: "warning",
    printedBy: "aer_print_error",
    title: "PCIe bus error: {layer}, {severity}",
    guilty: "none",
    after: ["pcie-error"],
  },
  {
    pattern:
      /^(?:pcieport |pci )?[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]: AER: (?:Multiple )?(?<severity>Correct(?:ed|able)|Uncorrect(?:ed|able) \((?:Non-)?Fatal\)) error (?:message )?received/,
    kind: "pcie-error",
    severity: "warning",
    printedBy: "aer_print_port_info",
    title: "PCIe bus error: {severity}",
    guilty: "none",
  },
  {
    pattern: /^Uhhuh\. NMI received for unknown reason (?<reason>[0-9a-f]{2})(?: on CPU (?<cpu>\d+))?/,
    kind: "nmi",
    severity: "error",
    printedBy: "unknown_nmi_error",
    title: "unknown NMI",
    guilty: "none",
  },
  {
    pattern:
      /^NMI: (?<source>PCI system error \(SERR\)|IOCK error|Not continuing)(?:.{0,40} reason (?<reason>[0-9a-f]{2})(?: on CPU (?<cpu>\d+))?)?/,
    kind: "nmi",
    severity: "error",
    printedBy: "pci_serr_error, io_check_error",
    title: "NMI",
    guilty: "none",
  },
];
