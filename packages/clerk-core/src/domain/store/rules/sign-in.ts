import type { UserRecord } from '../user.js'

/** What of a row says whether its user may sign in. */
export type SignInColumns = Pick<UserRecord, 'isActive' | 'banned' | 'deprovisioned' | 'deletedAt'>

/**
 * Whether the user of a row may sign in: switched on by the application, and neither banned, withdrawn by a directory nor
 * deleted at Clerk. The only place where this is decided; each column has one owner, so that what one sets the other does
 * not undo.
 */
export function maySignIn({ isActive, banned, deprovisioned, deletedAt }: SignInColumns): boolean {
  return isActive && !banned && !deprovisioned && deletedAt === null
}

/** Whether a snapshot takes the right to sign in away, or confirms that it is gone. */
export function narrowsUser(snapshot: {
  readonly banned?: boolean
  readonly deprovisioned?: boolean
}): boolean {
  return snapshot.banned === true || snapshot.deprovisioned === true
}
