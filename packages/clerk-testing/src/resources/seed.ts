import { readFile } from 'node:fs/promises'
import { blank } from '../server/project.js'
import { snakeCase } from '../snake-case.js'
import { schemas } from '../tables/schemas.js'
import { newId } from './ids.js'
import type { Instance } from './instance.js'
import type { OrganizationJSON } from './json.js'
import { createMembership } from './memberships.js'
import type { CreateOrganizationParams, CreateUserParams } from './params.js'
import { findUser } from './users.js'

/** Users and organisations to begin with; also the form of the file given to `--seed`. */
export interface Seed {
  users?: readonly CreateUserParams[]
  organizations?: readonly (CreateOrganizationParams & {
    /** Who is in it: an e-mail address, username or external id of a seeded user. Default role `org:member`. */
    members?: readonly { user: string; role?: string }[]
  })[]
  /** Phones that a user's native application trusts. */
  trustedDevices?: readonly ({ user: string } & Record<string, unknown>)[]
}

/** A seed in JSON or YAML. @throws {Error} for a file that cannot be read or is neither */
export async function readSeed(file: string): Promise<Seed> {
  const text = await readFile(file, 'utf8')
  // JSON is YAML too, but its own parser is faster and says where it is wrong.
  return /\.ya?ml$/.test(file) ? (await import('yaml')).parse(text) : JSON.parse(text)
}

/** @throws {Error} naming the entry that is wrong */
export function plant(instance: Instance, seed: Seed): void {
  for (const [index, user] of (seed.users ?? []).entries()) {
    attempt(`users[${index}]`, () => instance.call('CreateUser', { body: snakeCase(user) }))
  }
  for (const [index, { members = [], ...organization }] of (seed.organizations ?? []).entries()) {
    attempt(`organizations[${index}]`, () => {
      const { id } = instance.call<OrganizationJSON>('CreateOrganization', { body: snakeCase(organization) })
      for (const { user, role = 'org:member' } of members) {
        const found = findUser(instance, user)
        if (!found) throw new Error(`there is no user "${user}"`)
        createMembership(instance, id, { user_id: found.id, role })
      }
    })
  }
  for (const [index, device] of (seed.trustedDevices ?? []).entries()) {
    attempt(`trustedDevices[${index}]`, () => plantDevice(instance, device))
  }
}

function plantDevice(
  instance: Instance,
  { user, ...fields }: { user: string } & Record<string, unknown>,
): void {
  const owner = findUser(instance, user)
  if (!owner) throw new Error(`there is no user "${user}"`)
  const now = instance.now()
  const times = { created_at: now, updated_at: now, last_used_at: null, revoked_at: null }
  const shape = blank(schemas.TrustedDevice ?? {})
  const device = {
    ...shape,
    ...times,
    status: 'active',
    ...fields,
    id: newId('td'),
    object: 'trusted_device',
  }
  instance.state.trustedDevices.set(device.id, { ...device, user_id: owner.id })
}

function attempt(where: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    const reason =
      error instanceof Error ? ('longMessage' in error ? error.longMessage : error.message) : error
    throw new Error(`The seed's ${where} cannot be created: ${String(reason)}`, { cause: error })
  }
}
