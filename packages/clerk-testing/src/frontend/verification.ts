import { testCode } from '../resources/contacts.js'
import type { Instance } from '../resources/instance.js'
import { BackendError } from '../server/errors.js'

/** The state of one proof: of a password, a ticket, or a code that was sent. */
export interface Verification {
  status: 'unverified' | 'verified' | 'failed' | 'expired'
  strategy: string
  attempts: number | null
  /** Milliseconds. */
  expire_at: number | null
}

const livesMs = 600_000
const abandonedMs = 86_400_000

/** When a sign-in or sign-up that nobody has ended is none any more. Milliseconds. */
export const abandonAt = (createdAt: number): number => createdAt + abandonedMs
export const isAbandoned = ({ now }: Instance, { created_at }: { readonly created_at: number }): boolean =>
  now() >= abandonAt(created_at)

const mostAttempts = 10

/** Begins the proof by a code. */
export const sent = (instance: Instance, strategy: string): Verification => ({
  status: 'unverified',
  strategy,
  attempts: 0,
  expire_at: instance.now() + livesMs,
})

export const verified = (strategy: string): Verification => ({
  status: 'verified',
  strategy,
  attempts: null,
  expire_at: null,
})

const objects: ReadonlyMap<string, string> = new Map(
  ['password', 'ticket', 'totp', 'backup_code'].map((strategy) => [strategy, `verification_${strategy}`]),
)

export const verificationJson = (verification: Verification | null): object | null =>
  verification && { object: objects.get(verification.strategy) ?? 'verification_otp', ...verification }

const refused = (status: number, code: string, message: string) =>
  new BackendError(status, code, message, { meta: { param_name: 'code' } })

/** @throws {BackendError} 400 or 422 unless it is the code, and in time */
export function proveCode(
  instance: Instance,
  verification: Verification | null,
  strategy: string,
  code: string | undefined,
): void {
  if (verification?.strategy !== strategy)
    throw refused(400, 'verification_missing', 'No code was sent. Ask for one first.')
  if (instance.now() > (verification.expire_at ?? 0)) {
    verification.status = 'expired'
    throw refused(400, 'verification_expired', 'This code has expired. Ask for a new one.')
  }
  if (verification.status === 'failed' || (verification.attempts ?? 0) >= mostAttempts) {
    verification.status = 'failed'
    throw refused(400, 'verification_failed', 'Too many failed attempts. Ask for a new code.')
  }
  verification.attempts = (verification.attempts ?? 0) + 1
  if (code !== testCode) throw refused(422, 'form_code_incorrect', 'Incorrect code')
  verification.status = 'verified'
}
