import type { DriftCounts, ReconcileOptions, SyncCounts, SyncOptions } from '../backend-api/bulk.js'

/** Which of Clerk's organisations: all of them by default, oldest first. */
export interface SyncOrganizationsOptions extends SyncOptions {
  /** Clerk ids. One that Clerk does not have has the outcome `missing`, and its row is left: see `refresh`, `reconcile`. */
  readonly id?: string | readonly string[]
  readonly limit?: number
  /** So many are left out at the beginning. */
  readonly offset?: number
  /** Memberships as well, and the roles of the instance. */
  readonly members?: boolean
  readonly invitations?: boolean
}

export interface OrganizationSync {
  readonly organizations: SyncCounts
  readonly memberships: SyncCounts
  readonly invitations: SyncCounts
  readonly roles: SyncCounts
  /** `false`: `signal` stopped it. */
  readonly complete: boolean
}

export interface ReconcileOrganizationsOptions extends ReconcileOptions {
  /** Memberships of each organisation as well, and the roles of the instance. */
  readonly memberships?: boolean
}

export interface OrganizationReconciliation {
  readonly organizations: DriftCounts
  readonly memberships: DriftCounts
  readonly roles: DriftCounts
  /** `false`: `signal` stopped it. */
  readonly complete: boolean
}
