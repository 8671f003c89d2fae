/** Addresses, devices, neighbours and sockets, in the shapes that kernels give them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault, faultLast } from "../../../src/base/fault.ts";
import { ipv4Text, ipv6Groups, ipv6Text, portNumber } from "../../../src/linux/net/inet.ts";
import { hardwareAddress, hardwareType, neighbours, neighbourState } from "../../../src/linux/net/neighbour.ts";
import { deviceAddresses, netDevices } from "../../../src/linux/net/netDevice.ts";
import { extendedSock, socketEndpoints, socketFamily, socketType } from "../../../src/linux/net/socket.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

const told = <T>(walk: Iterable<T>, show: (one: T) => string): string[] =>
  Array.from(faultLast(walk), (one) => (one instanceof Fault ? `${one.kind}: ${one.message}` : show(one)));

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");

test("addresses are written as RFC 5952 has them, and with all their groups", () => {
  const kernel = toyKernel({ types: "struct in6_addr { unsigned char b[16]; };" });
  const cases: readonly (readonly [bytes: string, short: string, groups: string])[] = [
    ["00000000000000000000000000000001", "::1", "0:0:0:0:0:0:0:1"],
    ["00000000000000000000000000000000", "::", "0:0:0:0:0:0:0:0"],
    ["fe80000000000000505400fffe123456", "fe80::5054:ff:fe12:3456", "fe80:0:0:0:5054:ff:fe12:3456"],
    ["20010db8000000010000000000000001", "2001:db8:0:1::1", "2001:db8:0:1:0:0:0:1"],
    ["20010db8000000000001000000000000", "2001:db8:0:0:1::", "2001:db8:0:0:1:0:0:0"],
    ["20010db8000100010001000100000001", "2001:db8:1:1:1:1:0:1", "2001:db8:1:1:1:1:0:1"],
    ["00010000000000020000000000030004", "1::2:0:0:3:4", "1:0:0:2:0:0:3:4"],
  ];
  for (const [raw, short, groups] of cases) {
    kernel.put("struct in6_addr", at(1), bytes(raw));
    const address = kernel.object("struct in6_addr", at(1));
    assert.equal(ipv6Text(address), short);
    assert.equal(ipv6Groups(address).join(":"), groups);
  }
});

test("IPv4 addresses and ports are read in network order on either kind of machine", () => {
  for (const byteOrder of ["little", "big"] as const) {
    const kernel = toyKernel({
      types: "typedef unsigned int __be32; typedef unsigned short __be16;",
      arch: { name: "toy", wordSize: 8, byteOrder },
    });
    kernel.memory.poke(at(1), bytes("c0a84d01 1e61"));
    assert.equal(ipv4Text(kernel.object("__be32", at(1))), "192.168.77.1");
    assert.equal(portNumber(kernel.object("__be16", at(1) + 4n)), 7777);
  }
});

const listTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };`;

const deviceTypes = `${listTypes}
  struct in6_addr { unsigned char b[16]; };
  struct in_ifaddr { struct in_ifaddr *ifa_next; unsigned int ifa_address; };
  struct in_device { struct in_ifaddr *ifa_list; };
  struct inet6_ifaddr { struct in6_addr addr; struct list_head if_list; };
  struct inet6_dev { struct list_head addr_list; };
  struct net_device { char name[16]; struct list_head dev_list; struct in_device *ip_ptr; struct inet6_dev *ip6_ptr; };
  struct net { struct list_head dev_base_head; };`;

test("devices of a namespace are listed with IPv4 addresses, then IPv6 addresses", () => {
  const kernel = toyKernel({
    types: deviceTypes,
    memory: [
      ["struct net", at(1), { dev_base_head: { next: at(2) + 16n } }],
      ["struct net_device", at(2), { name: "lo", dev_list: { next: at(3) + 16n }, ip_ptr: at(4), ip6_ptr: at(7) }],
      ["struct net_device", at(3), { name: "dummy0", dev_list: { next: at(1) } }],
      ["struct in_device", at(4), { ifa_list: at(5) }],
      ["struct in_ifaddr", at(5), { ifa_next: at(6), ifa_address: 0x0100007f }],
      ["struct in_ifaddr", at(6), { ifa_address: 0x0200000a }],
      ["struct inet6_dev", at(7), { addr_list: { next: at(8) + 16n } }],
      ["struct inet6_ifaddr", at(8), { addr: bytes("00000000000000000000000000000001"), if_list: { next: at(7) } }],
    ],
  });
  const net = kernel.object("struct net", at(1));
  assert.deepEqual(
    told(netDevices(net), (device) => `${device.at("name").text()} ${[...deviceAddresses(device)].join(" ")}`),
    ["lo 127.0.0.1 10.0.0.2 ::1", "dummy0 "],
  );
});

test("a loop in the addresses of an interface is reported after the first", () => {
  const kernel = toyKernel({
    types: deviceTypes,
    memory: [
      ["struct net_device", at(2), { ip_ptr: at(4) }],
      ["struct in_device", at(4), { ifa_list: at(5) }],
      ["struct in_ifaddr", at(5), { ifa_next: at(5), ifa_address: 0x0100007f }],
    ],
  });
  assert.deepEqual(told(deviceAddresses(kernel.object("struct net_device", at(2))), String), [
    "127.0.0.1",
    "corrupt: the chain contains this object twice",
  ]);
});

const neighbourMembers =
  "unsigned char nud_state; unsigned char ha[32]; struct net_device *dev; unsigned char primary_key[4];";
const neighbourDevice = "struct net_device { unsigned short type; unsigned char addr_len; };";

test("neighbours hang in chains, and since v6.13 in lists", () => {
  const chains = toyKernel({
    types: `${neighbourDevice}
      struct neighbour { struct neighbour *next; ${neighbourMembers} };
      struct neigh_hash_table { struct neighbour **hash_buckets; unsigned int hash_shift; };
      struct neigh_table { struct neigh_hash_table *nht; };`,
    memory: [
      ["struct neigh_table", at(1), { nht: at(2) }],
      ["struct neigh_hash_table", at(2), { hash_buckets: at(3), hash_shift: 2 }],
      ["struct neighbour *[4]", at(3), [0n, at(4), 0n, at(6)]],
      ["struct neighbour", at(4), { next: at(5), nud_state: 0x42, dev: at(7), ha: [1, 2, 3, 4, 5, 6, 7] }],
      ["struct neighbour", at(5), {}],
      ["struct neighbour", at(6), {}],
      ["struct net_device", at(7), { type: 1, addr_len: 6 }],
    ],
  });
  const page = ({ address }: { address: bigint }): string => String((address - BASE) / 0x1000n);
  assert.deepEqual(told(neighbours(chains.object("struct neigh_table", at(1))), page), ["4", "5", "6"]);
  const neighbour = chains.object("struct neighbour", at(4));
  assert.deepEqual(neighbourState(neighbour), ["REACHABLE", "NOARP"]);
  assert.equal(hardwareType(neighbour.at("dev").deref()), "ETHER");
  assert.equal(Buffer.from(hardwareAddress(neighbour)).toString("hex"), "010203040506");

  const lists = toyKernel({
    types: `${listTypes}${neighbourDevice}
      struct neighbour { struct hlist_node hash; ${neighbourMembers} };
      struct neigh_hash_table { struct hlist_head *hash_heads; unsigned int hash_shift; };
      struct neigh_table { struct neigh_hash_table *nht; };`,
    memory: [
      ["struct neigh_table", at(1), { nht: at(2) }],
      ["struct neigh_hash_table", at(2), { hash_heads: at(3), hash_shift: 1 }],
      ["struct hlist_head [2]", at(3), [{ first: 0n }, { first: at(4) }]],
      ["struct neighbour", at(4), { hash: { next: at(5) } }],
      ["struct neighbour", at(5), {}],
    ],
  });
  assert.deepEqual(told(neighbours(lists.object("struct neigh_table", at(1))), page), ["4", "5"]);
});

test("a hash of more buckets than memory is not walked", () => {
  const kernel = toyKernel({
    types: `struct neighbour { struct neighbour *next; };
      struct neigh_hash_table { struct neighbour **hash_buckets; unsigned int hash_shift; };
      struct neigh_table { struct neigh_hash_table *nht; };`,
    memory: [
      ["struct neigh_table", at(1), { nht: at(2) }],
      ["struct neigh_hash_table", at(2), { hash_buckets: at(3), hash_shift: 60 }],
    ],
  });
  assert.deepEqual(told(neighbours(kernel.object("struct neigh_table", at(1))), String), [
    "corrupt: neighbour table of 2^60 buckets exceeds the limit of 2^24; hash_shift is probably damaged",
  ]);
});

const common =
  "unsigned short skc_family; unsigned int skc_rcv_saddr; unsigned int skc_daddr; unsigned short skc_dport;";

test("both ends of internet sockets are read", () => {
  const loopback = "00000000000000000000000000000001";
  for (const isOld of [false, true]) {
    const v6 = "struct in6_addr { unsigned char b[16]; };";
    const kernel = toyKernel({
      types: `${v6}
        struct sock_common { ${common} ${isOld ? "" : "struct in6_addr skc_v6_daddr; struct in6_addr skc_v6_rcv_saddr;"} };
        struct sock { struct sock_common __sk_common; };
        struct ipv6_pinfo { struct in6_addr rcv_saddr; struct in6_addr daddr; };
        struct inet_sock { struct sock sk; struct ipv6_pinfo *pinet6; unsigned short inet_sport; };
        struct unix_sock { struct sock sk; int peer; };
        struct socket { short type; struct sock *sk; };`,
    });
    const sockOf = (family: number) => {
      kernel.put("struct inet_sock", at(2), { inet_sport: 0x611e, pinet6: at(3) });
      kernel.put("struct sock_common", at(2), { skc_family: family, skc_rcv_saddr: 0x0100007f, skc_dport: 0x5000 });
      kernel.put("struct ipv6_pinfo", at(3), {});
      const v6at = isOld
        ? kernel.object("struct ipv6_pinfo", at(3)).at("rcv_saddr").address
        : kernel.object("struct sock_common", at(2)).at("skc_v6_rcv_saddr").address;
      kernel.memory.poke(v6at, bytes(loopback));
      kernel.put("struct socket", at(1), { type: 1, sk: at(2) });
      return kernel.object("struct socket", at(1)).at("sk");
    };
    assert.deepEqual(socketEndpoints(sockOf(2).deref()), {
      source: { address: "127.0.0.1", port: 7777 },
      destination: { address: "0.0.0.0", port: 80 },
    });
    assert.equal(socketEndpoints(sockOf(10).deref())?.source.address, "0:0:0:0:0:0:0:1");
    assert.equal(socketEndpoints(sockOf(1).deref()), undefined);
    assert.equal(extendedSock(sockOf(1)).has("peer"), true);
    assert.equal(extendedSock(sockOf(2)).has("inet_sport"), true);
    // Without the family's own type the common part is shown.
    assert.equal(extendedSock(sockOf(16)).has("__sk_common"), true);
    assert.deepEqual(
      [1, 2, 10, 16, 17, 40, 200].map((family) => socketFamily(sockOf(family))),
      ["UNIX", "INET", "INET6", "NETLINK/ROUTE", "PACKET", "VSOCK", "200"],
    );
    assert.equal(socketType(kernel.object("struct socket", at(1))), "STREAM");
  }
});
