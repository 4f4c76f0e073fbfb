/** Sessions and users that Clerk (or a sign-out) has ended. Kept in memory, refilled from the inbox at start. */
export interface Revocations {
  isRevoked(sub: string, sid: string): boolean
}
