import type { BulkOptions, DriftCounts, SyncCounts, SyncOptions } from '../backend-api/bulk.js'

/** Which of Clerk's users: all of them by default, oldest first. */
export interface SyncUsersOptions extends SyncOptions {
  /** Clerk ids. One that Clerk does not have has the outcome `missing`, and its row is left: see `refresh`, `reconcile`. */
  readonly id?: string | readonly string[]
  /** Any address of a user, not only the primary one. */
  readonly email?: string | readonly string[]
  /** Milliseconds, or a date. */
  readonly createdAfter?: number | Date
  readonly limit?: number
  /** So many are left out at the beginning. */
  readonly offset?: number
}

export interface UserSync extends SyncCounts {
  /** `false`: `signal` stopped it. */
  readonly complete: boolean
}

export interface UserReconciliation extends DriftCounts {
  /** `false`: `signal` stopped it; nothing was ended then, since the listing was not complete. */
  readonly complete: boolean
}

/** Hashers whose digests Clerk takes (https://clerk.com/docs/reference/backend/user/create-user). */
export const PASSWORD_HASHERS = [
  'argon2i',
  'argon2id',
  'bcrypt',
  'bcrypt_sha256_django',
  'ldap_ssha',
  'md5',
  'md5_phpass',
  'pbkdf2_sha1',
  'pbkdf2_sha256',
  'pbkdf2_sha256_django',
  'pbkdf2_sha512',
  'pbkdf2_sha512_hex',
  'phpass',
  'scrypt_firebase',
  'scrypt_werkzeug',
  'sha256',
  'sha512_symfony',
] as const

export type PasswordHasher = (typeof PASSWORD_HASHERS)[number]

/**
 * A user to be created at Clerk, with the names of the Backend API (`POST /v1/users`). Every value may also be the text
 * that a CSV has: an empty one is absent, lists and objects are JSON (`["a@example.com","b@example.com"]`), one address may
 * stand alone, `true` and `false` are flags. Another name makes a row invalid.
 *
 * A row needs an `external_id`, an e-mail address, a phone number or a username: by these a user is found again.
 */
export interface MigrationRow {
  /** Where the row stands in its file, for `MigrationOutcome.line`. Default: its place, from 1. Clerk does not get it. */
  readonly line?: number
  readonly external_id?: string | number | null
  /** The first one becomes the primary one. */
  readonly email_address?: string | readonly string[] | null
  /** `verified` (Clerk's default) or `reserved`, one for each address. */
  readonly email_address_identification_status?: string | readonly string[] | null
  /** E.164. The first one becomes the primary one. */
  readonly phone_number?: string | readonly string[] | null
  readonly phone_number_identification_status?: string | readonly string[] | null
  readonly web3_wallet?: string | readonly string[] | null
  readonly username?: string | null
  readonly first_name?: string | null
  readonly last_name?: string | null
  readonly locale?: string | null
  readonly password?: string | null
  /** Together with `password_hasher`, and not with `password`. */
  readonly password_digest?: string | null
  readonly password_hasher?: PasswordHasher | (string & {}) | null
  readonly skip_password_checks?: boolean | string | null
  readonly skip_password_requirement?: boolean | string | null
  readonly totp_secret?: string | null
  readonly backup_codes?: string | readonly string[] | null
  readonly public_metadata?: object | string | null
  readonly private_metadata?: object | string | null
  readonly unsafe_metadata?: object | string | null
  readonly delete_self_enabled?: boolean | string | null
  /** RFC 3339, or a date. */
  readonly legal_accepted_at?: string | Date | null
  readonly skip_legal_checks?: boolean | string | null
  readonly skip_user_requirement?: boolean | string | null
  readonly create_organization_enabled?: boolean | string | null
  readonly create_organizations_limit?: number | string | null
  /** RFC 3339, or a date. */
  readonly created_at?: string | Date | null
  readonly bypass_client_trust?: boolean | string | null
  readonly banned?: boolean | string | null
  readonly locked?: boolean | string | null
}

type Rows<T> = Iterable<T> | AsyncIterable<T>
/** A row whose columns were not looked at yet. */
type UnreadRow = Readonly<Record<string, unknown>>

/**
 * Rows are validated first, all of them, and created then. A function is called once for each, and memory does not grow with
 * the rows; an iterable can be read once, and is held in memory.
 */
export type MigrationSource =
  | Rows<MigrationRow | UnreadRow>
  | (() => Rows<MigrationRow | UnreadRow> | Promise<Rows<MigrationRow | UnreadRow>>)

/**
 * What became of a row. Holds no address and no secret, so that it may be written to a file, one JSON text a line, which is
 * what {@link MigrateUsersOptions.resume} reads.
 */
export interface MigrationOutcome {
  readonly line: number
  /** Names the row in a later run: made of its identifiers and of the secret key, from which no one reads them. */
  readonly key: string
  /**
   * - `valid`: would be created (`dryRun` alone)
   * - `created`: by this call
   * - `exists`: Clerk has the user: see `matchedBy`. Only with `skipExisting` or `resume`; else it is `failed`
   * - `resumed`: done in the run before, by its log
   * - `invalid`: not sent: see `problems`
   * - `failed`: not created: see `codes`
   */
  readonly outcome: 'valid' | 'created' | 'exists' | 'resumed' | 'invalid' | 'failed'
  /** Clerk's id; `null`: there is none. */
  readonly userId: string | null
  /** What the row was found by at Clerk. */
  readonly matchedBy: 'external_id' | 'email_address' | 'phone_number' | 'username' | null
  /** Of an invalid row. Messages say what is wrong and quote no value. */
  readonly problems: readonly { readonly field: string; readonly message: string }[]
  /**
   * Of a failed row: the codes of Clerk's answer (`form_password_pwned`, …), or `already-exists`, `identifier-taken` (by
   * a user with another external id), `clerk-unavailable` (not known whether it was created: the next run asks).
   */
  readonly codes: readonly string[]
  /** HTTP status of Clerk's answer to a failed row; `null`: there was none. */
  readonly status: number | null
}

export interface MigrateUsersOptions extends BulkOptions {
  /** Validates, asks which users exist, and creates none. */
  readonly dryRun?: boolean
  /** A user whom Clerk has already is no failure. */
  readonly skipExisting?: boolean
  /**
   * Outcomes of earlier runs. Their rows that are done are not sent again. What was under way when a run ended is in no log:
   * a row that Clerk has counts as done, as with `skipExisting`.
   */
  readonly resume?: Rows<Pick<MigrationOutcome, 'key' | 'outcome' | 'userId'>>
  /** Users created at a time. Default: 4. Never more than the limits of the key allow (`api` in the options). */
  readonly concurrency?: number
}
