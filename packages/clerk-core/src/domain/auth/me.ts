/** The body of `/me`, and no other field: an application's row may hold a password hash. */
export interface Me {
  readonly [field: string]: unknown
  readonly id: string | number | null
  readonly clerkId: string | null
  readonly email: string | null
  readonly username: string | null
  readonly firstName: string | null
  readonly lastName: string | null
  readonly imageUrl: string | null
  readonly organization: { readonly id: string; readonly role: string | null } | null
}

/** Any `Auth`, as far as `/me` looks at it. */
export interface Asking {
  readonly kind: 'user' | 'machine' | 'local' | 'anonymous' | 'unavailable'
  readonly user?: unknown
  readonly userId?: string | null
  readonly orgId?: string | null
  readonly orgRole?: string | null
}

/** For users and local users. The caller has authorised the request. */
export function meOf({ kind, user, userId = null, orgId = null, orgRole = null }: Asking): Me {
  const row = (kind === 'user' || kind === 'local' ? (user ?? {}) : {}) as Record<string, unknown>
  return {
    id: idOf(row.id),
    clerkId: kind === 'user' ? userId : null,
    email: text(row.email),
    username: text(row.username),
    firstName: text(row.firstName),
    lastName: text(row.lastName),
    imageUrl: text(row.imageUrl),
    organization: kind === 'user' && orgId !== null ? { id: orgId, role: orgRole } : null,
  }
}

/** Local ids are the store's own: numbers, strings, `bigint` (which JSON cannot write) or objects such as ObjectId. */
export function idOf(id: unknown): string | number | null {
  if (id === undefined || id === null) return null
  if (typeof id === 'number') return id
  try {
    return String(id)
  } catch {
    // An object that has no text, of the application's own login: such an id says nothing.
    return null
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
