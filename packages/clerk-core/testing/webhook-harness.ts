import { signWebhook } from '@acme/clerk-testing'
import { resolveOptions } from '../src/configure.js'
import type { ClerkApi } from '../src/domain/backend-api/clerk-api.js'
import { createClerkApi } from '../src/domain/backend-api/create-clerk-api.js'
import { createHolds } from '../src/domain/changes/holds.js'
import type { Tell } from '../src/domain/changes/tell.js'
import { createInstanceProof } from '../src/domain/keys/own-instance.js'
import { createOrganizationDirectory } from '../src/domain/organizations/directory.js'
import type { NewChange } from '../src/domain/store/inbox.js'
import type { MemoryMembership } from '../src/domain/store/memory/memory-organizations.js'
import { memoryStore } from '../src/domain/store/memory/memory-store.js'
import type { MemoryUser } from '../src/domain/store/memory/memory-users.js'
import type { MembershipRecord, OrganizationRecord } from '../src/domain/store/organization.js'
import type { UserRecord } from '../src/domain/store/user.js'
import { createUserDirectory } from '../src/domain/users/directory.js'
import { createWebhooks, type Webhooks } from '../src/flows/webhooks/receive.js'
import type { WebhookOutcome, WebhookRequest } from '../src/flows/webhooks/webhook.js'
import type { ClerkEvent } from '../src/ground/observe/events.js'
import { createObserver } from '../src/ground/observe/observer.js'
import type { ClerkOptions, Stores } from '../src/options.js'

export const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
export const OTHER_SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`

/** A clock that moves when it is told to. */
export interface Clock {
  ms: number
}

export interface SignOptions {
  readonly id?: string
  readonly secret?: string | readonly string[]
  /** Milliseconds; default: the harness's clock. */
  readonly at?: number
}

/** The whole of webhook handling on real stores, with everything it emits recorded. */
export function webhookHarness<U extends UserRecord, M extends MembershipRecord>({
  stores,
  clock = { ms: 1_700_000_000_000 },
  withInbox = true,
  apiUrl = 'http://127.0.0.1:9',
  getUser,
  ...overrides
}: Partial<ClerkOptions<U, M>> & {
  stores: Stores<U, M>
  clock?: Clock
  withInbox?: boolean
  /** Clerk's answer at a moment of the past, which no server gives. */
  getUser?: ClerkApi['getUser']
}) {
  const options = resolveOptions<U, M, OrganizationRecord>({
    authorizedParties: 'any',
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
    secretKey: 'sk_test_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    apiUrl,
    webhookSecrets: [SECRET],
    now: () => clock.ms,
    ...overrides,
  })
  const observer = createObserver(options.now)
  const events: ClerkEvent[] = []
  observer.add((event) => events.push(event))
  /** What was appended to the log, in effect here whether it could be written or not. */
  const changes: NewChange[] = []
  const holds = createHolds()
  const api = createClerkApi(options, observer)
  if (getUser !== undefined) api.getUser = getUser
  const proof = createInstanceProof({ options, api })
  const tell: Tell = (...told) => webhooks.tell(...told)
  const users = createUserDirectory<U>({
    store: stores.users,
    options,
    api,
    patientApi: api,
    observer,
    proof,
    tell,
    canLink: overrides.canLink,
    claimsToUser: overrides.claimsToUser,
    holds,
  })
  const organizations = createOrganizationDirectory<M, OrganizationRecord>({
    store: stores.organizations,
    options,
    api,
    patientApi: api,
    observer,
    proof,
    tell,
    holds,
  })
  const webhooks: Webhooks = createWebhooks({
    options,
    users,
    organizations,
    inbox: withInbox ? stores.inbox : null,
    observer,
    append: async (change) => {
      changes.push(change)
      if (withInbox) await stores.inbox.append(change)
    },
  })

  function request(
    event: object | string,
    { id, secret = SECRET, at = clock.ms }: SignOptions = {},
  ): WebhookRequest {
    const { body, headers } = signWebhook(event, secret, { id, now: at })
    return {
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    }
  }

  return {
    clock,
    options,
    stores,
    observer,
    events,
    changes,
    users,
    organizations,
    webhooks,
    request,
    deliver: (event: object | string, sign?: SignOptions): Promise<WebhookOutcome> =>
      webhooks.receive(request(event, sign)),
    named: (name: ClerkEvent['name']) => events.filter((event) => event.name === name),
  }
}

type HarnessOptions<U extends UserRecord, M extends MembershipRecord> = Parameters<
  typeof webhookHarness<U, M>
>[0]

export type MemoryRigOptions = Omit<HarnessOptions<MemoryUser, MemoryMembership>, 'stores'>

export function memoryHarness(
  { clock = { ms: 1_700_000_000_000 }, ...options }: MemoryRigOptions = {},
  stores = memoryStore({ now: () => clock.ms }),
) {
  return { ...webhookHarness({ stores, clock, ...options }), stores }
}
