/** PCI buses and devices. */
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";

/** Yields the root buses, `struct pci_bus`. @throws Fault */
export const pciRootBuses = (kernel: Kernel): Generator<Obj<"struct pci_bus">> =>
  listEntries(kernel, kernel.variable("pci_root_buses"), "struct pci_bus", "node");

/** Yields the buses below the bridges of a bus. @throws Fault */
export const pciChildBuses = (bus: Obj<"struct pci_bus">): Generator<Obj<"struct pci_bus">> =>
  listEntries(bus.kernel, bus.at("children"), "struct pci_bus", "node");

/** Yields the devices on a bus, `struct pci_dev`. @throws Fault */
export const pciDevices = (bus: Obj<"struct pci_bus">): Generator<Obj<"struct pci_dev">> =>
  listEntries(bus.kernel, bus.at("devices"), "struct pci_dev", "bus_list");

/** Returns the name of a bus or device: "0000:00", "0000:00:1f.2". @throws Fault */
export const pciName = (object: Obj<"struct pci_bus" | "struct pci_dev">): string => object.at("dev.kobj.name").text();

/** Returns base class and subclass in one number, such as 0x0106. @throws Fault */
export const pciClass = (device: Obj<"struct pci_dev">): number => device.at("class").number() >>> 8;

/**
 * Whether a function is a bridge: PCI_HEADER_TYPE_BRIDGE or PCI_HEADER_TYPE_CARDBUS
 * (include/uapi/linux/pci_regs.h). @throws Fault
 */
export const isPciBridge = (device: Obj<"struct pci_dev">): boolean =>
  [1, 2].includes(device.at("hdr_type").number() & 0x7f);

/**
 * PCI_EXP_TYPE_* by the number in bits 4-7 of the PCI Express capabilities register (include/uapi/linux/pci_regs.h).
 */
const EXPRESS_TYPES: Readonly<Record<number, string>> = {
  0x0: "ENDPOINT",
  0x1: "LEG_END",
  0x4: "ROOT_PORT",
  0x5: "UPSTREAM",
  0x6: "DOWNSTREAM",
  0x7: "PCI_BRIDGE",
  0x8: "PCIE_BRIDGE",
  0x9: "RC_END",
  0xa: "RC_EC",
};

/**
 * Returns the type of a PCI Express function. Like crash it is "ENDPOINT" also for functions without that register,
 * which reads as zero. Empty if the kernel does not store the register, or the number is not known. @throws Fault
 */
export const pciExpressType = (device: Obj<"struct pci_dev">): string =>
  device.has("pcie_flags_reg") ? (EXPRESS_TYPES[(device.at("pcie_flags_reg").number() >> 4) & 0xf] ?? "") : "";

/** Whether a function has PCI Express capabilities. @throws Fault */
export const isPciExpress = (device: Obj<"struct pci_dev">): boolean =>
  device.has("pcie_cap") && device.at("pcie_cap").number() !== 0;
