/** Follows HTTP redirects, but not into private networks. */
import { lookup } from "node:dns/promises";
import * as http from "node:http";
import { BlockList, isIP } from "node:net";
import { once } from "../../base/once.ts";

/** Maximum number of redirects. */
const MAX_REDIRECTS = 5;

/**
 * Networks that are private or reserved: a remote server must not direct requests to hosts that only this machine can
 * reach. Source: IANA's special-purpose address registries (RFC 6890), and multicast.
 */
const inside = once((): BlockList => {
  const networks = new BlockList();
  for (const network of "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3".split(" ")) add(networks, network, "ipv4"); // prettier-ignore
  for (const network of "::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8".split(" ")) add(networks, network, "ipv6"); // prettier-ignore
  return networks;
});

function add(networks: BlockList, network: string, family: "ipv4" | "ipv6"): void {
  const [address = "", bits] = network.split("/");
  networks.addSubnet(address, Number(bits), family);
}

/** Whether an IPv4 or IPv6 address is public. `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2) is public if the IPv4 address is. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !inside().check(address, family === 4 ? "ipv4" : "ipv6");
}

/**
 * Makes `fetch` use the proxies of http_proxy, https_proxy and no_proxy, as curl does in all other clients. Node uses
 * them only if this is set, and old versions cannot.
 */
const useProxies = once(() => {
  const { setGlobalProxyFromEnv: use } = http as { readonly setGlobalProxyFromEnv?: () => unknown };
  if (["http_proxy", "https_proxy"].some((name) => process.env[name] ?? process.env[name.toUpperCase()])) use?.();
});

/**
 * Fetches like `fetch`, through the proxies of the environment, but follows a redirect only with the same scheme, and only to a configured host or a host with
 * only public addresses.
 * @param configured addresses of the servers that the user named
 * @throws Error that names the target of a refused redirect; the errors of `fetch`
 */
export async function fetchWithin(
  address: string,
  init: RequestInit,
  configured: readonly string[],
): Promise<Response> {
  useProxies();
  let url = new URL(address);
  const headers = new Headers(init.headers);
  for (let hops = 0; ; hops++) {
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    if (hops === MAX_REDIRECTS) throw new Error(`redirects more than ${MAX_REDIRECTS} times`);
    const next = new URL(location, url);
    if (next.protocol !== url.protocol)
      throw new Error(
        `redirects to ${next.protocol}//${next.host}: another scheme than ${url.protocol}// is not followed`,
      );
    if (!configured.some((one) => hostOf(one) === next.host) && !(await hasPublicAddresses(next.hostname)))
      throw new Error(`redirects to ${next.host}, which is not a public host: name it as a server to allow it`);
    // A password is for the host that the user named.
    if (next.host !== url.host) headers.delete("authorization");
    url = next;
  }
}

const hostOf = (address: string): string | undefined => (URL.canParse(address) ? new URL(address).host : undefined);

async function hasPublicAddresses(hostname: string): Promise<boolean> {
  const literal = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(literal) !== 0) return isPublic(literal);
  const addresses = await lookup(hostname, { all: true });
  return addresses.length > 0 && addresses.every(({ address }) => isPublic(address));
}
