/** Why a long-lived connection has to be closed. */
export type WatchEnd =
  | 'session-revoked'
  | 'user-inactive'
  | 'organization-lost'
  | 'revalidation-failed'
  | 'unavailable'
