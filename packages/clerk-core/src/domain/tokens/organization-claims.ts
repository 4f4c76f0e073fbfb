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

/**
 * The organisation a token is about. A version 2 token says so in `o` and nowhere else: its flat `org_*` claims may be
 * custom ones, and custom claims must not be able to forge an organisation. The same holds for versions not known yet.
 */
export function decodeOrganizationClaims(claims: SessionClaims): OrganizationClaims | null {
  const { v, o } = claims
  if (v === undefined || v === 1) {
    const { org_id: id, org_slug: slug, org_role: role, org_permissions: permissions } = claims
    return organization(id, slug, role, Array.isArray(permissions) ? permissions.filter(isText) : [])
  }
  if (typeof o !== 'object' || o === null) return null
  const { id, slg, rol, per, fpm } = o as Record<string, unknown>
  return organization(id, slg, rol, decodePermissions({ fea: claims.fea, per, fpm }))
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
  permissions: readonly string[],
): OrganizationClaims | null {
  if (!isText(id)) return null
  return Object.freeze({
    id,
    slug: isText(slug) ? slug : null,
    role: isText(role) ? withOrgPrefix(role) : null,
    permissions: Object.freeze(permissions),
  })
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
