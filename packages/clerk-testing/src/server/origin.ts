/** `localhost`, `*.localhost` (RFC 6761 §6.3), `127.0.0.0/8` and `[::1]`, with or without a port. */
export function isLoopbackHost(host: string | undefined): boolean {
  const url = `http://${host ?? ''}`
  if (host === undefined || host === '' || !URL.canParse(url)) return false
  const { hostname, pathname, username } = new URL(url)
  if (pathname !== '/' || username !== '') return false
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  )
}

/** An absolute http(s) URL on a loopback host, or on a listed origin; else `undefined`. */
export function allowedUrl(
  value: string | null | undefined,
  allowedOrigins: readonly string[],
): URL | undefined {
  if (!value || !URL.canParse(value)) return undefined
  const url = new URL(value)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  if (url.username !== '' || url.password !== '') return undefined
  return isLoopbackHost(url.host) || allowedOrigins.includes(url.origin) ? url : undefined
}
