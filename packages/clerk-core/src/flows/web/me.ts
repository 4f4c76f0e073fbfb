import type { AnyAuth } from './any-clerk.js'

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

/** For users and local users. The caller has authorised the request. */
export function meOf(auth: AnyAuth): Me {
  const row = (auth.kind === 'user' || auth.kind === 'local' ? (auth.user ?? {}) : {}) as Record<
    string,
    unknown
  >
  return {
    id: idOf(row.id),
    clerkId: auth.kind === 'user' ? auth.userId : null,
    email: text(row.email),
    username: text(row.username),
    firstName: text(row.firstName),
    lastName: text(row.lastName),
    imageUrl: text(row.imageUrl),
    organization: auth.kind === 'user' && auth.orgId !== null ? { id: auth.orgId, role: auth.orgRole } : null,
  }
}

/** Local ids are the store's own: numbers, strings, `bigint` (which JSON cannot write) or objects such as ObjectId. */
export function idOf(id: unknown): string | number | null {
  if (id === undefined || id === null) return null
  return typeof id === 'number' ? id : String(id)
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
