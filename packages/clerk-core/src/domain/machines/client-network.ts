import { isIPv4, isIPv6 } from 'node:net'

/**
 * What an address counts as in limits: an IPv4 address itself, of an IPv6 address its /64, of which one client has
 * every address (RFC 6177). `null` for anything that is no address: it is then not limited as one client.
 */
export function networkOf(address: string | undefined): string | null {
  if (address === undefined) return null
  if (isIPv4(address)) return address
  // A zone (`%eth0`) names an interface of this machine, not a client.
  const [plain = ''] = address.split('%', 1)
  if (!isIPv6(plain)) return null
  const groups = groupsOf(plain)
  const mapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
  // How a socket that listens on IPv6 shows an IPv4 client (RFC 4291 §2.5.5.2).
  return mapped ? groups.slice(6).flatMap(bytesOf).join('.') : `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups, without leading zeros. */
function groupsOf(ipv6: string): string[] {
  const [head = '', tail] = ipv6.toLowerCase().split('::', 2)
  const before = halfOf(head)
  const after = tail === undefined ? [] : halfOf(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after]
}

/** An address may end like an IPv4 one, which stands for two groups. */
function halfOf(text: string): string[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16).toString(16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
  })
}

function bytesOf(group: string): number[] {
  const value = Number.parseInt(group, 16)
  return [value >> 8, value & 255]
}
