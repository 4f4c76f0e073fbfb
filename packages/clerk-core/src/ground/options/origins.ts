import { isSharedSuffix } from './shared-suffixes.js'
import { type Checked, checkOrigin, isLoopback } from './values.js'

/** Origins that an application has listed. */
export interface OriginList {
  /** Those listed by name. Only these may stand for a missing `azp`. */
  readonly exact: ReadonlySet<string>
  /** Every entry as it was written, patterns included. */
  readonly listed: readonly string[]
  /** How many entries there are, patterns included. */
  readonly size: number
  /** Whether an origin is listed, by name or by a pattern. */
  has(origin: string): boolean
}

/** One entry of a list: an origin, or a pattern with one `*`. */
export interface ListedOrigin {
  /** As browsers write it. */
  readonly origin: string
  /** Which origins a pattern stands for; `null` for an origin. */
  readonly pattern: RegExp | null
  /** A pattern over the ports of this machine, where any program may listen. */
  readonly loopbackPorts: boolean
}

const WHERE =
  'A `*` may stand for one whole label at the front of a host (`https://*.preview.example.com`), for the port of a loopback host (`http://localhost:*`), or for the host of `moz-extension:` and `safari-web-extension:`.'

/** Browsers give an extension another host on every machine. */
const EXTENSIONS = new Set(['moz-extension', 'safari-web-extension'])
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'

/** Reads an entry of `authorizedParties` or `returnTo`: an origin, or a pattern with one `*`. */
export function checkListedOrigin(text: unknown): Checked<ListedOrigin> {
  if (typeof text === 'string' && text.includes('*')) return checkPattern(text)
  const checked = checkOrigin(text)
  return 'value' in checked
    ? { value: { origin: checked.value, pattern: null, loopbackPorts: false } }
    : checked
}

function checkPattern(text: string): Checked<ListedOrigin> {
  const refuse = (why: string, remedy = WHERE) => ({ message: `${JSON.stringify(text)} ${why}`, remedy })
  const [, scheme = '', authority = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\\\s]+)\/?$/i.exec(text.toLowerCase()) ?? []
  if (authority === '') return refuse('is not an origin with a `*` in it.')
  if (text.split('*').length > 2) return refuse('has more than one `*`.')
  if (EXTENSIONS.has(scheme)) {
    if (authority !== '*') return refuse('has a `*` for a part of the host of an extension.')
    return listed(`${scheme}://*`, `${scheme}://[a-z0-9-]+`)
  }
  if (scheme !== 'http' && scheme !== 'https')
    return refuse('has a `*` and a scheme for which there is no pattern.')
  if (authority.endsWith(':*')) return checkPorts(scheme, authority.slice(0, -2), refuse)
  if (!authority.startsWith('*')) return refuse('has a `*` in another place than the front of the host.')
  if (!authority.startsWith('*.')) return refuse('has a `*` for a host or a part of a label.')
  return checkHosts(scheme, authority.slice(2), refuse)
}

type Refuse = (why: string, remedy?: string) => { message: string; remedy: string }

function checkPorts(scheme: string, host: string, refuse: Refuse): Checked<ListedOrigin> {
  const checked = checkOrigin(`${scheme}://${host}`)
  if (!('value' in checked)) return refuse('is not an origin with a `*` in it.')
  if (!isLoopback(new URL(checked.value).hostname)) {
    return refuse('has a `*` for the port of a host that is not this machine: others may listen there.')
  }
  return listed(`${checked.value}:*`, `${escaped(checked.value)}(?::\\d{1,5})?`, true)
}

function checkHosts(scheme: string, rest: string, refuse: Refuse): Checked<ListedOrigin> {
  // With a label in place of the `*`, what is left is an origin, and is normalised like one.
  const checked = checkOrigin(`${scheme}://x.${rest}`)
  const { hostname, port } = new URL('value' in checked ? checked.value : 'https://x.')
  const suffix = hostname.slice('x.'.length)
  const labels = suffix.split('.')
  if (!labels.every((label) => new RegExp(`^${LABEL}$`).test(label)) || /^\d+$/.test(labels.at(-1) ?? '')) {
    return refuse('is not an origin with a `*` in it.')
  }
  if (labels.length < 2) {
    return refuse('has a `*` above fewer than two fixed labels: every site there would be listed.')
  }
  if (isSharedSuffix(suffix)) {
    return refuse(
      `has a \`*\` directly below ${suffix}, where strangers get names too: their pages would be listed.`,
      'List each origin, or give your previews a domain of your own.',
    )
  }
  const end = `${suffix}${port === '' ? '' : `:${port}`}`
  return listed(`${scheme}://*.${end}`, `${scheme}://${LABEL}\\.${escaped(end)}`)
}

/** Origins are compared as browsers send them; only the host of an extension may come in capitals. */
function listed(origin: string, source: string, loopbackPorts = false): Checked<ListedOrigin> {
  const flags = origin.startsWith('http') ? '' : 'i'
  return { value: { origin, pattern: new RegExp(`^${source}$`, flags), loopbackPorts } }
}

/** The matcher of entries that were checked. */
export function originList(entries: readonly ListedOrigin[]): OriginList {
  const exact = new Set(entries.filter(({ pattern }) => pattern === null).map(({ origin }) => origin))
  const patterns = entries.flatMap(({ pattern }) => pattern ?? [])
  return Object.freeze({
    exact,
    listed: entries.map(({ origin }) => origin),
    size: entries.length,
    has:
      patterns.length === 0
        ? (origin: string) => exact.has(origin)
        : (origin: string) => exact.has(origin) || patterns.some((pattern) => pattern.test(origin)),
  })
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
