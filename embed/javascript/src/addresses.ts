/** Which hosts a JWKS endpoint may have: the rule of the native host, held to the same table of cases. */

/**
 * `public`: on the public internet. `private`: in a private network, which an operator may allow elsewhere. `never`: this
 * machine, this link, metadata of the cloud, or nowhere.
 */
export type Reach = "public" | "private" | "never";

const PRIVATE_V4 = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"].map(network);
const NEVER_V4 = [
  "0.0.0.0/8",
  "100.100.100.200/32", // metadata of Alibaba Cloud
  "127.0.0.0/8",
  "168.63.129.16/32", // Azure's wire server
  "169.254.0.0/16", // metadata of most clouds among them
  "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
  "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
].map(network);
const GLOBAL_UNICAST = network("2000::/3");
const UNIQUE_LOCAL = network("fc00::/7");
// Of these two; what is outside of them (loopback, link local, multicast, discard) need not be named.
const NEVER_V6 = [
  "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20",
  "fd00:c1::/32", "fd00:ec2::/32", "fd20:ce::/32", // metadata of Oracle Cloud, AWS, Google Cloud
].map(network);
// IPv6 that leads to an IPv4 address, and the group at which that begins: mapped, compatible, NAT64 (RFC 6052), 6to4.
// Teredo, ::ffff:0:0:0/96 and 64:ff9b:1::/48 lead to one, too, and are never reached, whatever it is.
const EMBEDDING = ([["::ffff:0:0/96", 6], ["::/96", 6], ["64:ff9b::/96", 6], ["2002::/16", 1]] as const).map(
  ([text, group]) => ({ network: network(text), group }),
);
/** Names that no public DNS has (RFC 6761, RFC 6762, RFC 8375, ICANN), and those that /etc/hosts has for this machine. */
const LOCAL_NAME = /(^|\.)(localhost|localdomain|local|internal|home\.arpa)$/;

/** The bits of an address: its bytes, or its groups of 16. */
type Bits = { parts: number[]; width: 8 | 16 };

/** From where a host can be reached, as it stands in a URL that `URL` has made canonical. */
export function reach(host: string): Reach {
  const address = parse(host);
  // What a name leads to, `fetch` does not tell.
  if (!address) return LOCAL_NAME.test(bare(host)) ? "never" : "public";
  const embedding = address.width === 16 && EMBEDDING.find((each) => within(address, each.network));
  const judged = embedding ? embedded(address, embedding.group) : address;
  const among = (networks: Network[]): boolean => networks.some((each) => within(judged, each));
  if (judged.width === 8) return among(NEVER_V4) ? "never" : among(PRIVATE_V4) ? "private" : "public";
  if (among(NEVER_V6)) return "never";
  if (within(judged, UNIQUE_LOCAL)) return "private";
  return within(judged, GLOBAL_UNICAST) ? "public" : "never";
}

/** Whether a host is this machine by its spelling alone. */
export function isLoopback(host: string): boolean {
  const address = parse(host);
  if (!address) return bare(host) === "localhost";
  const judged = within(address, EMBEDDING[0]!.network) ? embedded(address, 6) : address;
  return within(judged, network("127.0.0.0/8")) || within(judged, network("::1/128"));
}

/** A name without the dots that may end it. */
const bare = (host: string): string => host.toLowerCase().replace(/\.+$/, "");

function embedded({ parts }: Bits, group: number): Bits {
  const [high, low] = [parts[group]!, parts[group + 1]!];
  return { parts: [high >> 8, high & 255, low >> 8, low & 255], width: 8 };
}

/** An address as `URL` writes it: four decimal numbers, or compressed groups in brackets. */
function parse(host: string): Bits | undefined {
  if (/^\d+(\.\d+){3}$/.test(host)) return { parts: host.split(".").map(Number), width: 8 };
  if (!host.startsWith("[")) return undefined;
  const [before, after] = host.slice(1, -1).split("::").map((side) => (side ? side.split(":") : []));
  const zeros = after ? Array<string>(8 - before!.length - after.length).fill("0") : [];
  return { parts: [...before!, ...zeros, ...(after ?? [])].map((group) => parseInt(group, 16)), width: 16 };
}

type Network = { address: Bits; length: number };

function network(text: string): Network {
  const [address, length] = text.split("/") as [string, string];
  return { address: parse(address.includes(":") ? `[${address}]` : address)!, length: Number(length) };
}

function within({ parts, width }: Bits, { address, length }: Network): boolean {
  return width === address.width && parts.every((part, index) => {
    const bits = Math.min(Math.max(length - index * width, 0), width);
    return (part ^ address.parts[index]!) >> (width - bits) === 0;
  });
}
