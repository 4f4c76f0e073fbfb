/** A value that may be used, or what is wrong with it. */
export type Checked<T> = { readonly value: T } | { readonly message: string; readonly remedy: string }

const DASHBOARD = 'Copy it from the Clerk dashboard → API keys.'

/**
 * `sk_test_...`, `sk_live_replace_me`, `<your key>`, blanks: what examples and templates leave behind. The whole value is
 * compared, without the prefix of a key: `https://book-your-trip.com` is a domain.
 */
export function isPlaceholder(text: string): boolean {
  const rest = text.trim().replace(/^(?:(?:sk|pk)_(?:test|live)_|ak_|whsec_)/i, '')
  return PLACEHOLDER.test(rest)
}

const PLACEHOLDER = new RegExp(
  `^(?:${[
    '',
    String.raw`\.{2,}`,
    '…+',
    'x{2,}',
    String.raw`\*+`,
    '<[^<>]*>',
    String.raw`\$\{[^{}]*\}`,
    String.raw`\{\{[^{}]*\}\}`,
    // Words alone: a key has digits, a host has points, a URL has slashes.
    '(?:replace|change)[ _-]?(?:me|this)(?:[ _-][a-z]+)*',
    '(?:put|insert|paste|enter)[ _-](?:your|the)(?:[ _-][a-z]+)+',
    'your(?:[ _-][a-z]+)+',
    '(?:[a-z]+[ _-])*placeholder',
  ].join('|')})$`,
  'i',
)

/** Docker's `--env-file` and some shells keep the quotes around a value. */
export function unlessQuoted<T>(check: (text: string) => Checked<T>): (text: string) => Checked<T> {
  return (text) =>
    /^(["'`]).*\1$/s.test(text) || /^["'`]-----BEGIN/.test(text)
      ? {
          message: "is in quotes, which Docker's `--env-file` keeps.",
          remedy: 'Write the value without quotes, and newlines as `\\n`.',
        }
      : check(text)
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127(?:\.\d{1,3}){3}$|^\[::1\]$/.test(hostname)
  )
}

export function checkSecretKey(text: string): Checked<string> {
  if (/^sk_(?:test|live)_[\w-]+$/.test(text)) return { value: text }
  return { message: 'is not a secret key (`sk_test_…` or `sk_live_…`).', remedy: DASHBOARD }
}

export function checkMachineSecretKey(text: string): Checked<string> {
  if (/^ak_[\w-]+$/.test(text)) return { value: text }
  return {
    message: 'is not the secret key of a machine (`ak_…`).',
    remedy: 'Copy it from the Clerk dashboard → Machines.',
  }
}

export function checkMachineId(text: string): Checked<string> {
  if (/^mch_\w+$/.test(text)) return { value: text }
  return {
    message: 'is not the id of a machine (`mch_…`).',
    remedy: 'Copy it from the Clerk dashboard → Machines.',
  }
}

/** The frontend API's host and port, as a publishable key names it. */
export function checkPublishableKey(text: string): Checked<{ readonly key: string; readonly host: string }> {
  const encoded = /^pk_(?:test|live)_([A-Za-z0-9+/_-]+=*)$/.exec(text)?.[1]
  const decoded = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1')
  const host = decoded.endsWith('$') ? decoded.slice(0, -1) : ''
  const url = host === '' ? null : readUrl(`http://${host}`)
  // Nothing but a host: what follows is put together from it.
  if (url !== null && /^[a-z0-9.:[\]-]+$/.test(host) && url.hostname !== '' && url.pathname === '/') {
    return { value: { key: text, host } }
  }
  return { message: 'is not a publishable key (`pk_test_…` or `pk_live_…`, complete).', remedy: DASHBOARD }
}

/** A URL to fetch from or to compare with, without its trailing slash. `http:` only for loopback. */
export function checkUrl(text: string): Checked<string> {
  const url = readUrl(text)
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') {
    return { message: 'is not a URL.', remedy: 'Write it as `https://host/path`.' }
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) {
    return { value: url.href.replace(/\/+$/, '') }
  }
  return {
    message: 'is not an https: URL.',
    remedy: 'Keys and secrets must not cross a network in the clear; `http:` is for localhost only.',
  }
}

/**
 * What a client asks a token for (RFC 8707 §2): an absolute URL without fragment. It is compared as it is written, so that
 * nothing of it is changed here.
 */
export function checkResource(value: unknown): Checked<string> {
  const url = typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value) ? readUrl(value) : null
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url !== null && isSafe && url.username === '' && url.password === '' && !String(value).includes('#'))
    return { value: value as string }
  return {
    message: 'is not the URL of a resource.',
    remedy: 'Write `https://host/path` as clients name this service; `http:` is for localhost only.',
  }
}

/** A page: an absolute `http(s)` URL, or a path of this server. */
export function checkPage(text: string): Checked<string> {
  if (/^\/(?![\\/])/.test(text)) return { value: text }
  const url = readUrl(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return { value: text }
  return {
    message: 'is not a URL.',
    remedy: 'Give an absolute http(s) URL or a path that starts with one slash.',
  }
}

/**
 * An origin as browsers write it (RFC 6454 §6.2), which is what `azp` and the `Origin` header hold: lower-case host, no
 * default port, no path.
 */
export function checkOrigin(text: unknown): Checked<string> {
  const shown = JSON.stringify(text) ?? String(text)
  const remedy = 'Write origins as `https://app.example.com`, with scheme, without path.'
  if (typeof text !== 'string') return { message: `${shown} is not an origin.`, remedy }
  if (text === 'any') {
    return {
      message: "'any' inside a list is not an origin.",
      remedy: "To accept every origin write `authorizedParties: 'any'` in code.",
    }
  }
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && !/[*\s]/.test(text) ? readUrl(text) : null
  const bare = url !== null && url.host !== '' && /^\/?$/.test(url.pathname)
  if (url === null || !bare || `${url.search}${url.hash}${url.username}${url.password}` !== '') {
    return { message: `${shown} is not an origin.`, remedy }
  }
  // Not `url.origin`, which is "null" for the schemes of native shells (`chrome-extension:`, `capacitor:`).
  return { value: `${url.protocol}//${url.host.toLowerCase()}` }
}

/** An origin that a credential may be sent to, exactly: no pattern, and `http:` only for loopback. */
export function checkServiceOrigin(text: unknown): Checked<string> {
  const checked = checkOrigin(text)
  const { protocol, hostname } = 'value' in checked ? new URL(checked.value) : { protocol: '', hostname: '' }
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return checked
  return {
    message: `${JSON.stringify(text) ?? String(text)} is not an https: origin.`,
    remedy:
      'Write `https://billing.example.com`, without path and without `*`. A token must not cross a network in the clear; `http:` is for localhost only.',
  }
}

/** Base64, with `whsec_` in front or not, as Svix's library takes it (Standard Webhooks). */
export function checkWebhookSecret(text: string): Checked<string> {
  const encoded = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1]
  const remedy = 'Copy the signing secret from the Clerk dashboard → Webhooks.'
  if (encoded === undefined) return { message: 'is not a webhook signing secret (`whsec_…`).', remedy }
  if (Buffer.from(encoded, 'base64').length < 16)
    return { message: 'is a signing secret of fewer than 16 bytes.', remedy }
  return { value: text }
}

export interface Range {
  readonly least: number
  readonly most: number
  readonly whole?: boolean
}

export function checkNumber(value: unknown, { least, most, whole = false }: Range): Checked<number> {
  const valid =
    typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))
  if (valid) return { value }
  const kind = whole ? 'a whole number' : 'a number'
  return { message: `is not ${kind} from ${least} to ${most}.`, remedy: `Give ${kind} in that range.` }
}

function readUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
