import type { OrganizationClaims, SessionClaims } from './session-claims.js'

/** The compact permission claims of version 2 tokens, as they stand in a token or in a session record. */
export interface CompactPermissions {
  /** Features, `o:dashboard,u:x,uo:y`. */
  readonly fea: unknown
  /** Permission names, `read,manage`. */
  readonly per: unknown
  /** One decimal bit mask per organisation-scoped feature, `3,1`. */
  readonly fpm: unknown
}

/** An organisation as claims state it and session records remember it: version 2 permissions are still compact. */
export interface CompactOrganization {
  readonly id: string
  readonly role: string | null
  readonly slug: string | null
  /** Version 2 tokens: compact permission claims, expanded together with `fea`. */
  readonly per: string | null
  readonly fpm: string | null
  /** Version 1 tokens: the permissions as listed. */
  readonly permissions: readonly string[] | null
}

/**
 * Where each version of the claims says the organisation. A version 2 token says it in `o` and nowhere else: its flat
 * `org_*` claims may be custom ones, and custom claims must not be able to forge an organisation. A version that is not
 * listed here may say it anywhere: such a token has no organisation.
 */
const READERS: ReadonlyMap<unknown, (claims: SessionClaims) => CompactOrganization | null> = new Map([
  [undefined, readVersion1],
  [1, readVersion1],
  [2, readVersion2],
])

/** The organisation that a token is about, for the token and for the record that is made of it. */
export function readOrganization(claims: SessionClaims): CompactOrganization | null {
  return READERS.get(claims.v)?.(claims) ?? null
}

/** `decodePermissions`, or the same with a memory. */
export type PermissionDecoder = (claims: {
  readonly fea: string | null
  readonly per: string | null
  readonly fpm: string | null
}) => readonly string[]

export function expandOrganization(
  { id, slug, role, per, fpm, permissions }: CompactOrganization,
  fea: string | null,
  decode: PermissionDecoder,
): OrganizationClaims {
  return Object.freeze({ id, slug, role, permissions: permissions ?? decode({ fea, per, fpm }) })
}

export function decodeOrganizationClaims(
  claims: SessionClaims,
  decode: PermissionDecoder = decodePermissions,
): OrganizationClaims | null {
  const compact = readOrganization(claims)
  return compact && expandOrganization(compact, textOf(claims['fea']), decode)
}

function readVersion1(claims: SessionClaims): CompactOrganization | null {
  const { org_id: id, org_slug: slug, org_role: role, org_permissions: listed } = claims
  const permissions = Object.freeze(Array.isArray(listed) ? listed.filter(isText) : [])
  return organization(id, slug, role, { per: null, fpm: null, permissions })
}

function readVersion2({ o }: SessionClaims): CompactOrganization | null {
  if (typeof o !== 'object' || o === null) return null
  const { id, slg, rol, per, fpm } = o as Record<string, unknown>
  return organization(id, slg, rol, { per: textOf(per), fpm: textOf(fpm), permissions: null })
}

/**
 * Expands `fea`, `per` and `fpm` to `org:<feature>:<permission>`. What is malformed grants nothing; a mask that is not
 * all digits keeps its place, so that the masks after it still belong to their features.
 */
export function decodePermissions({ fea, per, fpm }: CompactPermissions): readonly string[] {
  if (!isText(fea) || !isText(per) || !isText(fpm)) return NONE
  const names = per.split(',')
  const masks = fpm.split(',')
  const permissions: string[] = []
  let place = 0
  for (const { scope, id } of scopedEntries(fea)) {
    if (!isOrganizationScope(scope)) continue
    // BigInt: with more than 53 permissions a Number would round, and grant what was not.
    let mask = readMask(masks[place++])
    for (let j = 0; j < names.length && mask > 0n; j++, mask >>= 1n) {
      if (mask & 1n) permissions.push(`org:${id}:${names[j]?.trim()}`)
    }
  }
  return Object.freeze(permissions)
}

/**
 * The entries of a `fea` or `pla` claim. One without a colon is malformed and left out: it grants nothing.
 * Clerk's SDK throws on it, or fails the whole claim; on well-formed claims both agree.
 */
export function scopedEntries(claim: string): { readonly scope: string; readonly id: string }[] {
  const entries: { scope: string; id: string }[] = []
  for (const part of claim.split(',')) {
    const entry = part.trim()
    const colon = entry.indexOf(':')
    if (colon >= 0) entries.push({ scope: entry.slice(0, colon), id: entry.slice(colon + 1) })
  }
  return entries
}

export function isOrganizationScope(scope: string): boolean {
  return scope === 'o' || scope === 'ou' || scope === 'uo'
}

export function isUserScope(scope: string): boolean {
  return scope === 'u' || scope === 'ou' || scope === 'uo'
}

/** Exactly one `org:` in front, as Clerk compares roles and permissions. */
export function withOrgPrefix(name: string): string {
  return name.replace(/^(?:org:)*/, 'org:')
}

const NONE: readonly string[] = Object.freeze([])
/** More permissions than any instance can have; bounds the arithmetic. */
const LONGEST_MASK = 1000

function readMask(text: string | undefined): bigint {
  const digits = text?.trim() ?? ''
  return digits.length <= LONGEST_MASK && /^\d+$/.test(digits) ? BigInt(digits) : 0n
}

function organization(
  id: unknown,
  slug: unknown,
  role: unknown,
  permissions: Pick<CompactOrganization, 'per' | 'fpm' | 'permissions'>,
): CompactOrganization | null {
  if (!isText(id)) return null
  return { id, role: isText(role) ? withOrgPrefix(role) : null, slug: textOf(slug), ...permissions }
}

/** A claim that has to be text and not empty. */
export function textOf(claim: unknown): string | null {
  return isText(claim) ? claim : null
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
