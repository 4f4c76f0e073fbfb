import type { OfflineClerk } from '@acme/clerk-testing'
import { type GuardName, PERSON_GUARDS } from './guards.js'
import type { Person } from './people.js'

/** Whom a credential speaks for, so what ends it. */
export type Subject = 'person' | 'key of the user' | 'key of the organisation' | 'machine'

export interface IssuedCredential {
  readonly secret: string
  /** Ends it at Clerk, which sends no event for it. */
  revoke(): Promise<void>
}

/** A kind of credential; a JWT form is one more entry, with `revocable: false`. */
export interface Credential {
  readonly name: string
  readonly subject: Subject
  readonly guards: readonly GuardName[]
  /** False for what cannot be revoked before it expires. */
  readonly revocable: boolean
  issue(at: { offline: OfflineClerk; person: Person; receivingMachine: string }): Promise<IssuedCredential>
}

export const SESSION_TOKEN: Credential = {
  name: 'session token',
  subject: 'person',
  guards: PERSON_GUARDS,
  revocable: false,
  issue: async ({ person }) => ({ secret: person.token, revoke: async () => undefined }),
}

const MACHINE_GUARDS = ['machine', 'scope'] as const

const apiKey = (name: string, subject: Subject, owner: 'userId' | 'orgId'): Credential => ({
  name,
  subject,
  guards: MACHINE_GUARDS,
  revocable: true,
  async issue({ offline, person }) {
    const { id, secret } = offline.createApiKey({ subject: person[owner], scopes: ['invoices'] })
    return { secret, revoke: () => atClerk(offline, `/api_keys/${id}/revoke`) }
  },
})

export const API_KEY = apiKey('API key', 'key of the user', 'userId')
export const ORGANIZATION_KEY = apiKey('API key of the organisation', 'key of the organisation', 'orgId')

export const M2M: Credential = {
  name: 'M2M token',
  subject: 'machine',
  // Its scopes are the machines it is meant for.
  guards: ['machine'],
  revocable: true,
  async issue({ offline, receivingMachine }) {
    const machine = offline.createMachine({ name: 'caller', scopedMachines: [receivingMachine] })
    const { id, token } = await offline.createM2MToken({ machine, secondsUntilExpiration: 86_000 })
    return { secret: token, revoke: () => atClerk(offline, `/m2m_tokens/${id}/revoke`, machine.secret_key) }
  },
}

export const OAUTH: Credential = {
  name: 'OAuth token',
  subject: 'key of the user',
  guards: MACHINE_GUARDS,
  revocable: true,
  async issue({ offline, person }) {
    const { id, token } = offline.createOAuthToken({
      user: person.userId,
      scopes: ['invoices'],
      ttlSeconds: 86_000,
    })
    return { secret: token, revoke: async () => offline.revokeOAuthToken(id) }
  },
}

const M2M_JWT: Credential = {
  ...M2M,
  name: 'M2M token (JWT)',
  revocable: false,
  async issue({ offline, receivingMachine }) {
    const machine = offline.createMachine({ name: 'caller', scopedMachines: [receivingMachine] })
    const { token } = await offline.createM2MToken({
      machine,
      tokenFormat: 'jwt',
      secondsUntilExpiration: 86_000,
    })
    return { secret: token, revoke: async () => undefined }
  },
}

const OAUTH_JWT: Credential = {
  ...OAUTH,
  name: 'OAuth token (JWT)',
  revocable: false,
  async issue({ offline, person }) {
    const { token } = offline.createOAuthToken({
      user: person.userId,
      scopes: ['invoices'],
      tokenFormat: 'jwt',
      ttlSeconds: 86_000,
    })
    return { secret: token, revoke: async () => undefined }
  },
}

export const MACHINE_CREDENTIALS: readonly Credential[] = [
  API_KEY,
  ORGANIZATION_KEY,
  M2M,
  M2M_JWT,
  OAUTH,
  OAUTH_JWT,
]

async function atClerk(offline: OfflineClerk, path: string, secret = offline.secretKey): Promise<void> {
  const { status } = await fetch(`${offline.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: '{}',
  })
  if (status !== 200) throw new Error(`POST ${path} was answered ${status}.`)
}
