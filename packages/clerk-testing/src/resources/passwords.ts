import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import type { Instance } from './instance.js'

// Cheap on purpose: this protects invented passwords of a development server.
const cost = { N: 1024, r: 8, p: 1 }

export function setPassword({ state }: Instance, userId: string, password: string): void {
  state.passwords.set(userId, `${ownHasher}:${digestOf(password)}`)
}

/** What {@link importPassword} takes as the digest of this hasher matches the password. */
export const ownHasher = 'scrypt'

export function digestOf(password: string): string {
  const salt = randomBytes(16)
  return `${salt.toString('hex')}:${scryptSync(password, salt, 32, cost).toString('hex')}`
}

/** A digest made elsewhere is stored, and never matches: there is no `bcrypt` or `argon2` here. */
export function importPassword({ state }: Instance, userId: string, hasher: string, digest: string): void {
  state.passwords.set(userId, `${hasher}:${digest}`)
}

export function checkPassword({ state }: Instance, userId: string, password: string): boolean {
  const [scheme, salt, hash] = state.passwords.get(userId)?.split(':') ?? []
  if (scheme !== ownHasher || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, 'hex')
  return timingSafeEqual(scryptSync(password, Buffer.from(salt, 'hex'), expected.length, cost), expected)
}
