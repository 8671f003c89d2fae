import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";

/** Root buses, `struct pci_bus`. @throws Fault */
export const pciRootBuses = (kernel: Kernel): Generator<Obj<"struct pci_bus">> =>
  listEntries(kernel, kernel.variable("pci_root_buses"), "struct pci_bus", "node");

/** Buses behind the bridges of a bus. @throws Fault */
export const pciChildBuses = (bus: Obj<"struct pci_bus">): Generator<Obj<"struct pci_bus">> =>
  listEntries(bus.kernel, bus.at("children"), "struct pci_bus", "node");

/** Devices on a bus, `struct pci_dev`. @throws Fault */
export const pciDevices = (bus: Obj<"struct pci_bus">): Generator<Obj<"struct pci_dev">> =>
  listEntries(bus.kernel, bus.at("devices"), "struct pci_dev", "bus_list");

/** "0000:00" of a bus, "0000:00:1f.2" of a device. @throws Fault */
export const pciName = (object: Obj<"struct pci_bus" | "struct pci_dev">): string => object.at("dev.kobj.name").text();

/** Base class and sub-class, as "0106". @throws Fault */
export const pciClass = (device: Obj<"struct pci_dev">): number => device.at("class").number() >>> 8;

/** include/uapi/linux/pci_regs.h: PCI_HEADER_TYPE_BRIDGE and PCI_HEADER_TYPE_CARDBUS. @throws Fault */
export const isPciBridge = (device: Obj<"struct pci_dev">): boolean =>
  [1, 2].includes(device.at("hdr_type").number() & 0x7f);

/** PCI_EXP_TYPE_* by the number in bits 4-7 of the PCI Express capabilities register (include/uapi/linux/pci_regs.h). */
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
 * The kind of a PCI Express function; as in crash, "ENDPOINT" also for what has no such register, which reads as zero.
 * Empty for a kernel that does not keep the register. @throws Fault
 */
export const pciExpressType = (device: Obj<"struct pci_dev">): string =>
  device.has("pcie_flags_reg") ? (EXPRESS_TYPES[(device.at("pcie_flags_reg").number() >> 4) & 0xf] ?? "") : "";

/** Whether the function has PCI Express capabilities at all. @throws Fault */
export const isPciExpress = (device: Obj<"struct pci_dev">): boolean =>
  device.has("pcie_cap") && device.at("pcie_cap").number() !== 0;
