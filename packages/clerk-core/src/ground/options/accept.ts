import { ownFields } from '../json/own-fields.js'
import type { Problems } from './problems.js'
import { flag, toRecord } from './read.js'
import type { MachineForms, ResolvedOptions } from './resolved.js'
import { checkNumber, checkResource } from './values.js'

type Accept = ResolvedOptions['accept']

const NEITHER: MachineForms = { opaque: false, jwt: false }
const FORMS: ReadonlyMap<unknown, MachineForms> = new Map<unknown, MachineForms>([
  [undefined, NEITHER],
  [false, NEITHER],
  [true, { opaque: true, jwt: true }],
  ['opaque', { opaque: true, jwt: false }],
  ['jwt', { opaque: false, jwt: true }],
])
const LONGEST_AGE_SECONDS = 10 * 365 * 86_400
const OAUTH_NAMES: readonly string[] = ['form', 'resource', 'scopes']

/** Reads `accept`, in which a mistake must never let in more than was meant. */
export function resolveAccept(
  value: unknown,
  keys: Pick<ResolvedOptions, 'secretKey' | 'machineSecretKey' | 'machineId'>,
  problems: Problems,
): Accept {
  const given = toRecord(value)
  const apiKeys = flag(given, 'apiKeys', problems, 'accept.apiKeys')
  const apiKeyHeader = flag(given, 'apiKeyHeader', problems, 'accept.apiKeyHeader')
  if (apiKeyHeader && !apiKeys)
    problems.add('accept.apiKeyHeader', 'needs `accept.apiKeys`.', 'Set it, or leave this out.')
  const m2m = forms(given.m2m, 'accept.m2m', problems)
  const { resource, scopes, ...oauth } = resolveOAuth(given.oauth, problems)
  if (keys.secretKey === null) {
    for (const name of [...(apiKeys ? ['apiKeys'] : []), ...(oauth.opaque ? ['oauth'] : [])]) {
      problems.add(`accept.${name}`, 'needs `secretKey`: Clerk verifies these.', 'Set CLERK_SECRET_KEY.')
    }
  }
  if (resource !== null && oauth.opaque && !oauth.jwt) {
    problems.add(
      'accept.oauth.resource',
      'cannot be met by opaque tokens: Clerk does not tell what they are for.',
      "Let Clerk issue JWTs and leave `form` out, or say `form: 'jwt'`.",
    )
  }
  if (m2m.opaque && keys.machineSecretKey === null) {
    problems.add(
      'accept.m2m',
      "needs `machineSecretKey`: with the instance's secret key every machine's token would pass.",
      'Set CLERK_MACHINE_SECRET_KEY to the secret key of this machine (`ak_…`).',
    )
  }
  if (m2m.jwt && !m2m.opaque && keys.machineId === null) {
    problems.add(
      'accept.m2m',
      "needs `machineId` for JWTs: without it every machine's token would pass.",
      'Set CLERK_MACHINE_ID to the id of this machine (`mch_…`).',
    )
  }
  const age = given.maxAgeSeconds
  const range = { least: 1, most: LONGEST_AGE_SECONDS }
  return {
    apiKeys,
    apiKeyHeader,
    m2m: { ...m2m, jwt: m2m.jwt && keys.machineId !== null },
    oauth,
    resource,
    scopes,
    maxAgeSeconds: age === undefined ? null : problems.take('accept.maxAgeSeconds', checkNumber(age, range)),
  }
}

function forms(value: unknown, option: string, problems: Problems): MachineForms {
  const found = FORMS.get(value)
  if (found !== undefined) return found
  problems.add(option, 'has a value it cannot have.', "Give `true`, `false`, `'opaque'` or `'jwt'`.")
  return NEITHER
}

function resolveOAuth(
  value: unknown,
  problems: Problems,
): MachineForms & Pick<Accept, 'resource' | 'scopes'> {
  const nothingMore = { resource: null, scopes: [] }
  if (typeof value !== 'object') return { ...forms(value, 'accept.oauth', problems), ...nothingMore }
  const { fields, what } = ownFields(value)
  if (fields === null) {
    problems.add('accept.oauth', `is ${what}.`, 'Give `true`, or `{ resource, scopes, form }`.')
    return { ...NEITHER, ...nothingMore }
  }
  for (const name of fields.keys()) {
    if (OAUTH_NAMES.includes(name)) continue
    problems.add(`accept.oauth.${name}`, 'is no option.', `It has ${OAUTH_NAMES.join(', ')}.`)
  }
  const form = fields.get('form') ?? true
  const resource = fields.get('resource')
  return {
    ...forms(form, 'accept.oauth.form', problems),
    // A name that came out as `undefined` would ask for nothing.
    resource: fields.has('resource') ? problems.take('accept.oauth.resource', checkResource(resource)) : null,
    scopes: fields.has('scopes') ? scopesOf(fields.get('scopes'), problems) : [],
  }
}

/** RFC 6749 §3.3: printable ASCII without space, `"` and `\`. They are quoted in headers. */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)

function scopesOf(value: unknown, problems: Problems): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.every(isScope)) return Object.freeze([...value])
  problems.add('accept.oauth.scopes', 'is not a list of scopes.', "Write `['read']`, or leave it out.")
  return []
}
