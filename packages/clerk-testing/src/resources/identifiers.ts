import { takenIdentifier } from '../server/errors.js'
import type { Instance } from './instance.js'

const kinds = {
  email_address: (value: string) => `email:${value.trim().toLowerCase()}`,
  phone_number: (value: string) => `phone:${value}`,
  username: (value: string) => `username:${value.toLowerCase()}`,
  external_id: (value: string) => `external:${value}`,
  web3_wallet: (value: string) => `web3:${value.toLowerCase()}`,
} as const

export type IdentifierKind = keyof typeof kinds

export function findByIdentifier(
  { state }: Instance,
  kind: IdentifierKind,
  value: string,
): string | undefined {
  return state.identifiers.get(kinds[kind](value))
}

/** @throws {BackendError} 422 `form_identifier_exists` when another user has it */
export function assertFree(instance: Instance, kind: IdentifierKind, value: string, userId?: string): void {
  const owner = findByIdentifier(instance, kind, value)
  if (owner !== undefined && owner !== userId) throw takenIdentifier(kind)
}

export function claimIdentifier(
  { state }: Instance,
  kind: IdentifierKind,
  value: string,
  userId: string,
): void {
  state.identifiers.set(kinds[kind](value), userId)
}

export function releaseIdentifier({ state }: Instance, kind: IdentifierKind, value: string): void {
  state.identifiers.delete(kinds[kind](value))
}
