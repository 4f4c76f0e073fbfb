import { inspect } from 'node:util'

/** Replaces in a text what no log may hold: the values given, and whatever has the form of a secret, token or address. */
export type Redact = (text: string, values?: readonly string[]) => string

/** Shorter values are words of any sentence. */
const SHORTEST_VALUE = 4
/** Texts beyond are left out as a whole: what is cut could be the half of a secret that nothing recognises. */
const LONGEST_TEXT = 200_000

const DEEPEST_DATA = 100
const MOST_OBJECTS = 10_000

/** Fields of Clerk's JSON, of snapshots and of rows, of which every value is personal or private. */
const PRIVATE_FIELDS = new Set([
  'private_metadata',
  'privateMetadata',
  'email',
  'email_address',
  'emailAddress',
  'to_email_address',
  'phone',
  'phone_number',
  'phoneNumber',
  'to_phone_number',
  'identifier',
  'client_ip',
  'user_agent',
  // Messages that Clerk sends: they hold one-time codes and links.
  'otp_code',
  'token',
  'ticket',
  'url',
  'body',
  'body_plain',
  'message',
])

/** The values in the data of an event, a snapshot or a row that may not be told. Data may have any shape and depth. */
export function privateValues(...data: readonly unknown[]): readonly string[] {
  const values = new Set<string>()
  // A row may be a document of a database library, with a way back to its connection.
  const walked = new Set<unknown>()
  const walk = (value: unknown, isPrivate: boolean, depth: number): void => {
    if (typeof value === 'object' && value !== null) {
      if (depth > DEEPEST_DATA || walked.has(value) || walked.size >= MOST_OBJECTS) return
      walked.add(value)
      for (const [name, field] of Object.entries(value)) {
        walk(field, isPrivate || PRIVATE_FIELDS.has(name), depth + 1)
      }
    } else if (isPrivate && (typeof value === 'string' || typeof value === 'number'))
      values.add(String(value))
  }
  for (const one of data) walk(one, false, 0)
  return [...values]
}

/** The tokens that headers hold: the bearer, the API key, and the value of every cookie. */
export function headerValues(headers: {
  readonly authorization?: string | undefined
  readonly cookie?: string | undefined
  readonly apiKey?: string | readonly string[] | undefined
}): readonly string[] {
  const bearer = (headers.authorization ?? '').trim().split(/\s+/).slice(-1)
  const cookies = (headers.cookie ?? '').split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim())
  // A short value is a setting (`theme=dark`), not a key to anything.
  const keys = [headers.apiKey ?? []].flat().filter((key) => key !== '')
  return [...bearer, ...keys, ...cookies.filter(({ length }) => length >= 16)]
}

/** @param secrets of the configuration */
export function createRedact(secrets: readonly string[]): Redact {
  return (text, values = []) => {
    if (text.length > LONGEST_TEXT) return `[${text.length} characters]`
    const withSecrets = replaceValues(text, secrets, '[secret]')
    return replaceForms(replaceValues(withSecrets, values, '[private]'))
  }
}

/** The longest first: one value may be a part of another one. */
function replaceValues(text: string, values: readonly string[], by: string): string {
  const forms = values
    .filter(({ length }) => length >= SHORTEST_VALUE)
    .flatMap(formsOf)
    .sort((a, b) => b.length - a.length)
  return forms.reduce((rest, form) => rest.replaceAll(form, by), text)
}

/** As a value may stand in a message: itself, in another case, in JSON, as Node prints it, in a URL. */
function formsOf(value: string): string[] {
  const cased = [value, value.toLowerCase(), value.toUpperCase()]
  const forms = cased.flatMap((one) => [
    one,
    JSON.stringify(one).slice(1, -1),
    JSON.stringify(JSON.stringify(one).slice(1, -1)).slice(1, -1),
    inspect(one, { maxStringLength: null }).slice(1, -1),
    inUrl(one),
    new URLSearchParams([['', one]]).toString().slice(1),
  ])
  return [...new Set(forms)].filter(({ length }) => length >= SHORTEST_VALUE)
}

function inUrl(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    // Half a surrogate pair cannot stand in a URL.
    return ''
  }
}

/** In this order. Every expression begins with something fixed or takes all it can, so that none takes quadratic time. */
function replaceForms(text: string): string {
  return text
    .replace(/\b(Bearer|Basic)\s+[^\s"',;]+/gi, '$1 [token]')
    .replace(/(__(?:session|client|clerk)[\w-]*=)[^\s;"',]+/g, '$1[token]')
    .replace(/[\w.-]{20,}/g, (chunk) => (holdsJwt(chunk) ? '[token]' : chunk))
    .replace(/[sr]k_(?:test|live)_[\w-]+/g, '[secret]')
    .replace(/whsec_[\w+/=-]+/g, '[secret]')
    .replace(/(?<![A-Za-z0-9])(?:ak|mt|oat)_[\w.~+/=-]{8,}/g, '[token]')
    .replace(/\bv1a?,[\w+/=-]{20,}/g, '[signature]')
    .replace(/(:\/\/)[^\s/@]{1,500}@/g, '$1[secret]@')
    .replace(ADDRESS, '[address]')
}

/** `eyJ` is how base64url of `{"` begins. */
function holdsJwt(chunk: string): boolean {
  // In any case: an application may write its messages so.
  const start = chunk.toLowerCase().indexOf('eyj')
  return start >= 0 && chunk.indexOf('.', start) > start + 8
}

const ADDRESS =
  /[^\s@/\\"'`<>()[\]{}|,;:=&?]{1,254}(?:@|%40)[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,252})\.(?:xn--[\w-]{1,60}|\p{L}{2,63})/giu

/**
 * What a client sent, as a log may quote it: JSON in ASCII without control characters, at most 100 characters, and without
 * whatever has the form of a credential, secret, token or address.
 */
export function quote(value: unknown, redact: Redact = forms): string {
  if (value === undefined || value === null) return 'missing'
  if (Array.isArray(value)) {
    const shown = value.slice(0, 5).map((one) => (typeof one === 'object' ? 'an object' : quote(one, redact)))
    return shorten(`[${shown.join(', ')}${value.length > 5 ? ', …' : ''}]`)
  }
  if (typeof value === 'object') return 'an object'
  if (typeof value !== 'string') return shorten(String(value))
  const clean = redact(value)
  const text = JSON.stringify(clean).replace(/[^\x20-\x7e]/g, escaped)
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE - 2)}…"`
}

const LONGEST_QUOTE = 100
const forms: Redact = createRedact([])
const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
const shorten = (text: string) =>
  text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE - 1)}…`
