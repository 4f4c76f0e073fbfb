/** What of a role counts for the memberships that have it. */
export interface RoleState {
  readonly clerkId: string
  readonly permissions: readonly string[]
  readonly version: number
  readonly deletedAt: Date | null
}

/** When a role last changed, as far as it is known; milliseconds. */
export function roleVersion({ version, deletedAt }: Pick<RoleState, 'version' | 'deletedAt'>): number {
  return Math.max(version, deletedAt?.getTime() ?? 0)
}

/**
 * The role that counts of several that have had one key: a live one before a deleted one, since a key is made anew only
 * after its role was deleted; of these the newest. The ids decide between roles of the same millisecond.
 */
export function newestRole<R extends RoleState>(roles: readonly R[]): R | null {
  const [first, ...others] = roles
  if (first === undefined) return null
  return others.reduce((newest, one) => (byChange(newest, one) < 0 ? one : newest), first)
}

function byChange(one: RoleState, other: RoleState): number {
  if ((one.deletedAt === null) !== (other.deletedAt === null)) return one.deletedAt === null ? 1 : -1
  const difference = roleVersion(one) - roleVersion(other)
  if (difference !== 0) return difference
  return one.clerkId < other.clerkId ? -1 : one.clerkId > other.clerkId ? 1 : 0
}

/**
 * A membership with the permissions that count: those of the newer of itself and its role, and of equal versions the
 * role's. A deleted role grants nothing; a membership that is newer than the deletion has a new role of the same key.
 *
 * @param role the one that counts of those with the membership's key; `null`: none is known
 */
export function withRole<M extends { readonly version: number; readonly permissions: readonly string[] }>(
  membership: M,
  role: RoleState | null,
): M {
  if (role === null || roleVersion(role) < membership.version) return membership
  const permissions = role.deletedAt === null ? [...role.permissions] : []
  return { ...membership, permissions, permissionsVersion: roleVersion(role) }
}
