import type { Auth } from '../auth/auth.js'
import type { Requirement } from './requirement.js'

/**
 * What `authOf`, `userOf` and `currentAuth` narrow by: the part of a {@link Requirement} that says who may be asking. What
 * such a caller must be allowed to do is for `requireAuth` to say.
 */
export type Narrowing = Pick<Requirement, 'org' | 'machine' | 'local' | 'pending'>

type Of<A, K extends Auth['kind']> = Extract<A, { readonly kind: K }>
type Person<A, R> = R extends { readonly org: true }
  ? Of<A, 'user'> & { readonly orgId: string }
  : Of<A, 'user'>
type Machine<A, R> = R extends { readonly org: true }
  ? Of<A, 'machine'> & { readonly orgId: string }
  : Of<A, 'machine'>

/** The kinds of `Auth` that can meet a requirement. */
export type Authorized<A, R> = R extends { readonly machine: 'only' }
  ? Machine<A, R>
  : R extends { readonly machine: readonly (infer T)[] }
    ? Machine<A, R> & { readonly tokenType: T }
    :
        | Person<A, R>
        | (R extends { readonly machine: 'allow' } ? Machine<A, R> : never)
        | (R extends { readonly local: 'allow' } ? Of<A, 'local'> : never)
