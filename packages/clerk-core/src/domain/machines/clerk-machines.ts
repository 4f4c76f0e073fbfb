import type { Metadata } from '../../ground/json/json.js'

/** What an M2M token is made with; the names are those of Clerk's SDK. */
export interface MachineTokenOptions {
  /**
   * `'opaque'`: its receiver asks Clerk about it, and a revocation counts within a minute. `'jwt'`: verified by the keys of the
   * instance, and works until it expires. Default `'opaque'`, as at Clerk.
   */
  readonly tokenFormat?: 'opaque' | 'jwt' | undefined
  /** Above 0. Default: what the machine has at Clerk. */
  readonly secondsUntilExpiration?: number | undefined
  /** What its receiver finds in `auth.claims`. JSON; at most 4,096 characters. */
  readonly claims?: Metadata | undefined
}

/** An M2M token of this machine. Frozen; shared by all callers that ask for the same. */
export interface MachineToken {
  /** The credential itself: do not log this object. */
  readonly token: string
  /** `mt_…` */
  readonly id: string
  /** This machine: `mch_…`. */
  readonly subject: string
  /** The machines that may receive it: `mch_…`. */
  readonly audience: readonly string[]
  /** Seconds since 1970, by the clock of this host; `null`: never. */
  readonly expiresAt: number | null
}

/** This process as a machine that calls other services. Needs `machineSecretKey`. */
export interface ClerkMachines {
  /**
   * An M2M token of this machine. It is remembered per set of options (the last 100 sets) and made anew before it expires; callers
   * that ask at the same time share one call of Clerk. While Clerk does not answer, the old one is handed out until it expires.
   *
   * @throws {ConfigurationError} without `machineSecretKey`, and for an unknown option or value
   * @throws {ClerkApiError} when Clerk refuses, or does not answer (`status` 0) and there is no token to hand out; for some
   *   seconds after that Clerk is not asked again
   */
  createToken(options?: MachineTokenOptions): Promise<MachineToken>
  /**
   * Says that a receiver has refused this token: the next caller gets a new one. Without effect in the first minute of a token, so
   * that a service that refuses every token does not cause a call of Clerk for each request.
   */
  forget(token: string): void
}
