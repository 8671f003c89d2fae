/** Network devices and namespaces. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { chain } from "../../kernel/chain.ts";
import { ipv4Text, ipv6Text } from "./inet.ts";
import { listEntries } from "../../kernel/list.ts";

/** Returns the initial network namespace. @throws Fault */
export const initNet = (kernel: Kernel): Obj<"struct net"> => kernel.variable("init_net");

/**
 * Returns the `struct net` of a task. @throws Fault also for an exiting task that has already released its namespaces
 */
export function netNamespace(task: Obj<"struct task_struct">): Obj<"struct net"> {
  const proxy = task.at("nsproxy");
  if (proxy.value() === 0n)
    throw Fault.at("unmapped", task.address, "the task has no network namespace, because it is exiting");
  return proxy.at("net_ns").deref();
}

/** Yields the devices of a `struct net`, `struct net_device`. @throws Fault where the list breaks */
export const netDevices = (net: Obj<"struct net">): Generator<Obj<"struct net_device">> =>
  listEntries(net.kernel, net.at("dev_base_head"), "struct net_device", "dev_list");

/** Returns the name of a device, such as "eth0". @throws Fault */
export const netDeviceName = (device: Obj<"struct net_device">): string => device.at("name").text();

/** Yields all network namespaces, `struct net`; only the first one without CONFIG_NET_NS. @throws Fault */
export function* networks(kernel: Kernel): Generator<Obj<"struct net">> {
  if (kernel.hasVariable("net_namespace_list"))
    yield* listEntries(kernel, kernel.variable("net_namespace_list"), "struct net", "list");
  else yield initNet(kernel);
}

/** Yields a device's IPv4 addresses and then its IPv6 addresses, in the kernel's order. @throws Fault */
export function* deviceAddresses(device: Obj<"struct net_device">): Generator<string> {
  yield* ipv4Addresses(device);
  yield* ipv6Addresses(device);
}

/** Yields the addresses of `struct in_device` (include/linux/inetdevice.h). */
function* ipv4Addresses(device: Obj<"struct net_device">): Generator<string> {
  const { kernel } = device;
  const inet = device.has("ip_ptr") ? device.at("ip_ptr").value() : 0n;
  if (inet === 0n) return;
  for (const address of chain(kernel.object("struct in_device", inet).at("ifa_list"), "ifa_next"))
    yield ipv4Text(address.at("ifa_address"));
}

/** Yields the addresses of `struct inet6_dev` (include/net/if_inet6.h); a list since v2.6.35 (commit 502a2ffd7376). */
function* ipv6Addresses(device: Obj<"struct net_device">): Generator<string> {
  const { kernel } = device;
  const inet = device.has("ip6_ptr") ? device.at("ip6_ptr").value() : 0n;
  if (inet === 0n) return;
  const list = kernel.object("struct inet6_dev", inet).at("addr_list");
  for (const address of listEntries(kernel, list, "struct inet6_ifaddr", "if_list")) yield ipv6Text(address.at("addr"));
}
