// Does an address lie on the public internet?
import { BlockList, isIP } from "node:net";

/** IANA's special-purpose registry, as far as it is not globally reachable, and multicast. */
const notPublicV4 = listRanges(
  "ipv4",
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4",
);

/** Only 2000::/3 is handed out; mapped, translated, local and multicast addresses all lie outside of it. */
const publicV6 = listRanges("ipv6", "2000::/3");
/** Within it: tunnels that carry another address inside (Teredo, 6to4), and documentation. */
const notPublicV6 = listRanges("ipv6", "2001::/23 2001:db8::/32 2002::/16 3fff::/20");

/** What a closed network is made of: private ranges, loopback, and the test networks that some of them use inside. */
const privateV4 = listRanges(
  "ipv4",
  "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 " +
    "203.0.113.0/24",
);
const loopbackV4 = listRanges("ipv4", "127.0.0.0/8");
const privateV6 = listRanges("ipv6", "::1/128 fc00::/7");
/** Within it: where AWS answers with credentials and metadata. */
const metadataV6 = listRanges("ipv6", "fd00:ec2::/32");

export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !notPublicV4.check(address, "ipv4");
  if (family !== 6 || address.includes("%")) return false;
  return publicV6.check(address, "ipv6") && !notPublicV6.check(address, "ipv6");
}

/** This machine itself. */
export function isLoopbackAddress(address: string): boolean {
  const family = isIP(address);
  return family === 4 ? loopbackV4.check(address, "ipv4") : address === "::1";
}

/** Private or loopback. Never link-local (169.254.0.0/16), where cloud metadata and credentials live. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return privateV4.check(address, "ipv4");
  if (family !== 6 || address.includes("%")) return false;
  return privateV6.check(address, "ipv6") && !metadataV6.check(address, "ipv6");
}

/** Made when it is first asked: few processes judge an address. */
function listRanges(family: "ipv4" | "ipv6", ranges: string) {
  let list: BlockList | undefined;
  const make = () => {
    const made = new BlockList();
    for (const range of ranges.split(" ")) {
      const [network = "", bits] = range.split("/");
      made.addSubnet(network, Number(bits), family);
    }
    return made;
  };
  return {
    check(address: string, of: "ipv4" | "ipv6"): boolean {
      list ??= make();
      return list.check(address, of);
    },
  };
}
