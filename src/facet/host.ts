/** Hosts as every resolver reads them, and the network that one stands in (spec/facet.md T-10, T-42). */

/** Append-only. */
export const NETWORKS = ['public', 'private', 'loopback', 'metadata'] as const;
export type Network = (typeof NETWORKS)[number];

const QUAD = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const METADATA = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
  'metadata.platformequinix.com',
]);
/** Names that lead wherever the address in them says. */
const ADDRESS_NAMES = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})\.(?:nip\.io|sslip\.io|xip\.io|[a-z0-9.-]*traefik\.me)$/;
const PRIVATE_NAMES = /\.(?:local|internal|lan|home|corp|intranet|home\.arpa|svc|cluster\.local)$/;
const LOOPBACK_NAMES =
  /^(?:localhost|ip6-localhost|ip6-loopback|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com)$|\.(?:localhost|localtest\.me|lvh\.me|vcap\.me)$/;

/** T-42: the names, as the vectors publish them. */
export const HOST_TABLES = {
  metadata: [...METADATA],
  address_names: ADDRESS_NAMES.source,
  loopback_names: LOOPBACK_NAMES.source,
  private_names: PRIVATE_NAMES.source,
};

function quadNetwork(a: number, b: number, c: number, d: number): Network {
  if ((a === 169 && b === 254) || (a === 100 && b === 100 && c === 100 && d === 200) || (a === 192 && b === 0 && c === 0 && d === 192)) return 'metadata';
  if (a === 127 || a === 0) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 100 && b >= 64 && b < 128) || (a === 198 && (b === 18 || b === 19)))
    return 'private';
  return a >= 224 ? 'private' : 'public';
}

/** The eight groups of an IPv6 address, or undefined. */
function groupsOf(text: string): readonly number[] | undefined {
  const quad = /^(.*:)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.exec(text);
  let address = text;
  if (quad !== null) {
    const bytes = quad[2].split('.').map(Number);
    if (bytes.some((byte) => byte > 255)) return undefined;
    address = `${quad[1]}${(bytes[0] * 256 + bytes[1]).toString(16)}:${(bytes[2] * 256 + bytes[3]).toString(16)}`;
  }
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const read = (half: string): number[] =>
    half === '' ? [] : half.split(':').map((group) => (/^[0-9a-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : Number.NaN));
  const [head, tail] = [read(halves[0]), read(halves[1] ?? '')];
  const fill = 8 - head.length - tail.length;
  if (halves.length === 2 ? fill < 1 : fill !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: halves.length === 2 ? fill : 0 }, () => 0), ...tail];
  return groups.some(Number.isNaN) ? undefined : groups;
}

/** The network of a host as `webAddress` gives it: a name, four decimal bytes, or an IPv6 address in brackets. */
export function networkOf(host: string): Network {
  const quad = QUAD.exec(host);
  if (quad !== null) return quadNetwork(Number(quad[1]), Number(quad[2]), Number(quad[3]), Number(quad[4]));
  if (host.startsWith('[')) {
    const groups = groupsOf(host.slice(1, -1));
    // What cannot be read is nowhere that an agent should go.
    if (groups === undefined) return 'private';
    const zeros = groups.slice(0, 5).every((group) => group === 0);
    const [high, low] = [groups[6], groups[7]];
    if ((zeros && (groups[5] === 0xffff || groups[5] === 0)) || (groups[0] === 0x64 && groups[1] === 0xff9b)) {
      if (zeros && groups[5] === 0 && high === 0) return 'loopback';
      return quadNetwork(high >> 8, high & 255, low >> 8, low & 255);
    }
    if (groups[0] === 0xfd00 && groups[1] === 0xec2) return 'metadata';
    return groups[0] >= 0x2000 && groups[0] < 0x4000 ? 'public' : 'private';
  }
  if (METADATA.has(host)) return 'metadata';
  const inside = ADDRESS_NAMES.exec(host);
  if (inside !== null) return quadNetwork(Number(inside[1]), Number(inside[2]), Number(inside[3]), Number(inside[4]));
  if (LOOPBACK_NAMES.test(host)) return 'loopback';
  return PRIVATE_NAMES.test(host) ? 'private' : 'public';
}
