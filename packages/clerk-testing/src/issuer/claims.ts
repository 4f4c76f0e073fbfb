/** The organisation a session token is active in. */
export interface TokenOrganization {
  id: string
  slug?: string | undefined
  /** With or without the `org:` prefix; default `org:member`. */
  role?: string | undefined
  /** `org:<feature>:<permission>` each. */
  permissions?: readonly string[] | undefined
}

/**
 * What a session token says. Every claim of the token may be given and wins over the default; a claim given as
 * `undefined` is left out of the token, so that its absence can be tested.
 */
export interface SessionTokenClaims {
  /** User id. Default `user_test`. */
  sub?: unknown
  /** Session id. Default `sess_test`. */
  sid?: unknown
  /** Origin of the page that asked for the token. Default: the issuer's `azp` option, else absent. */
  azp?: unknown
  organization?: TokenOrganization | null | undefined
  /** `fea`: scope and id each, `o:dashboard`, `u:beta`, `uo:chat`. */
  features?: readonly string[] | undefined
  /** `pla`: scope and id each, `u:free`, `o:pro`. */
  plans?: readonly string[] | undefined
  /** Minutes since the first and second factor; −1 never. */
  fva?: unknown
  act?: unknown
  sts?: unknown
  iss?: unknown
  aud?: unknown
  /** Seconds. */
  iat?: unknown
  /** Seconds. */
  nbf?: unknown
  /** Seconds. */
  exp?: unknown
  jti?: unknown
  [claim: string]: unknown
}

export type TokenVersion = 1 | 2

/** Claims that say which organisation, features and plans are active, in the form of the token's version. */
export function organizationClaims(
  claims: Pick<SessionTokenClaims, 'organization' | 'features' | 'plans'>,
  version: TokenVersion,
): Record<string, unknown> {
  return version === 1 ? flatClaims(claims) : compactClaims(claims)
}

function flatClaims({ organization }: Pick<SessionTokenClaims, 'organization'>): Record<string, unknown> {
  if (!organization) return {}
  return {
    org_id: organization.id,
    org_role: withPrefix(organization.role ?? 'org:member'),
    ...(organization.slug === undefined ? {} : { org_slug: organization.slug }),
    org_permissions: [...(organization.permissions ?? [])],
  }
}

function compactClaims({
  organization,
  features = [],
  plans,
}: Pick<SessionTokenClaims, 'organization' | 'features' | 'plans'>): Record<string, unknown> {
  const granted = (organization?.permissions ?? []).map(splitPermission)
  const implied = granted
    .map(([feature]) => feature)
    .filter((feature) => !features.some((entry) => isOrganizationScoped(entry) && idOf(entry) === feature))
  const fea = [...features, ...new Set(implied.map((feature) => `o:${feature}`))]
  const scoped = fea.filter(isOrganizationScoped).map(idOf)
  const per = [...new Set(granted.map(([, permission]) => permission))]
  const fpm = scoped.map((feature) =>
    granted
      .filter(([of]) => of === feature)
      .reduce((mask, [, permission]) => mask | (1n << BigInt(per.indexOf(permission))), 0n)
      .toString(),
  )
  return {
    ...(fea.length > 0 ? { fea: fea.join(',') } : {}),
    ...(plans && plans.length > 0 ? { pla: plans.join(',') } : {}),
    ...(organization
      ? {
          o: {
            id: organization.id,
            ...(organization.slug === undefined ? {} : { slg: organization.slug }),
            rol: withoutPrefix(organization.role ?? 'org:member'),
            ...(per.length > 0 ? { per: per.join(','), fpm: fpm.join(',') } : {}),
          },
        }
      : {}),
  }
}

const isOrganizationScoped = (entry: string) => entry.slice(0, entry.indexOf(':')).includes('o')
const idOf = (entry: string) => entry.slice(entry.indexOf(':') + 1)
const withPrefix = (role: string) => (role.startsWith('org:') ? role : `org:${role}`)
const withoutPrefix = (role: string) => (role.startsWith('org:') ? role.slice(4) : role)

function splitPermission(permission: string): readonly [feature: string, permission: string] {
  const [prefix, feature, name, ...rest] = permission.split(':')
  if (prefix !== 'org' || !feature || !name || rest.length > 0) {
    throw new TypeError(`A permission is written org:<feature>:<permission>, not "${permission}".`)
  }
  return [feature, name]
}
