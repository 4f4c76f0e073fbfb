import { type Clerk, type ClerkOptions, createClerk, memoryStore } from '@acme/clerk-core'
import type { AnyAuth } from '@acme/clerk-core/adapter'
import type { OfflineClerk } from '../options.js'

/** The page that talks to the backend. */
export const PAGE = 'http://localhost:3000'

export interface Person {
  readonly id: string
  readonly sessionId: string
  readonly token: string
}

/** One case's own people, organisation, stores and clock, at an offline Clerk that many cases share. */
export interface Harness {
  readonly offline: OfflineClerk
  readonly clerk: Clerk
  /** `org:admin` of `orgId`. */
  readonly ada: Person
  /** In no organisation. */
  readonly bob: Person
  readonly orgId: string
  /** Seconds; moves the application's clock, not Clerk's. */
  advance(seconds: number): void
  /** The application's clock; milliseconds. */
  readonly now: () => number
  close(): Promise<void>
}

/**
 * A clerk on stores in memory, and two people who are signed in.
 *
 * @param options of `createClerk`; they come before those of the harness
 */
export async function createHarness(
  offline: OfflineClerk,
  options: Partial<ClerkOptions> = {},
): Promise<Harness> {
  let aheadMs = 0
  const stores = memoryStore()
  const now = () => Date.now() + aheadMs
  const clerk = createClerk({
    publishableKey: offline.publishableKey,
    secretKey: offline.secretKey,
    apiUrl: offline.url,
    webhookSecrets: [offline.webhookSecret],
    authorizedParties: [PAGE],
    ...stores,
    now,
    ...options,
  } as ClerkOptions) as Clerk
  const ada = offline.createUser({ emailAddress: [unique('ada')], firstName: 'Ada' })
  const bob = offline.createUser({ emailAddress: [unique('bob')], firstName: 'Bob' })
  const { id: orgId } = offline.createOrganization({ name: unique('Org'), createdBy: ada.id })
  return {
    offline,
    clerk,
    orgId,
    now,
    ada: await signIn(offline, ada.id, orgId),
    bob: await signIn(offline, bob.id, null),
    advance: (seconds) => {
      aheadMs += seconds * 1000
    },
    close: () => clerk.close(),
  }
}

async function signIn(offline: OfflineClerk, id: string, organization: string | null): Promise<Person> {
  const session = offline.createSession(id, { organization })
  return { id, sessionId: session.id, token: await offline.token(session) }
}

let count = 0
function unique(name: string): string {
  count += 1
  return `${name.toLowerCase()}${count}.${process.pid}@example.com`
}

/**
 * What a handler sees in the rows of a request, and then tries to change in them: a field, JSON in a column, a date, a right.
 * Each change is tried on its own: that it throws is one way to stop it.
 */
export function changeRows(auth: AnyAuth): Record<string, unknown> {
  if (auth.kind !== 'user') return { kind: auth.kind }
  const { user, membership, organization } = auth as unknown as Record<
    'user' | 'membership' | 'organization',
    ChangeableRow | null
  >
  const seen = {
    firstName: user?.firstName,
    isActive: user?.isActive,
    publicMetadata: JSON.stringify(user?.publicMetadata),
    isRecent: (user?.clerkCreatedAt?.getTime() ?? 0) > 0,
    name: organization?.name,
    role: membership?.role,
    everything: [membership?.permissions, auth.orgPermissions].map((list) =>
      list?.includes('org:everything'),
    ),
  }
  const changes: (() => unknown)[] = [
    () => Object.assign(user ?? {}, { firstName: 'Mallory', isActive: false }),
    () => Object.assign(user?.publicMetadata ?? {}, { admin: true }),
    () => user?.clerkCreatedAt?.setTime(0),
    () => Object.assign(organization ?? {}, { name: 'Mallory & Co' }),
    () => Object.assign(membership ?? {}, { role: 'org:owner' }),
    () => membership?.permissions.push('org:everything'),
    () => (auth.orgPermissions as string[]).push('org:everything'),
  ]
  for (const change of changes) {
    try {
      change()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
  return seen
}

interface ChangeableRow {
  readonly name?: string
  readonly firstName?: string
  readonly isActive?: boolean
  readonly role?: string
  readonly publicMetadata?: object
  readonly clerkCreatedAt?: Date | null
  readonly permissions: string[]
}

/** What the application's routes answer: who is asking, in a form that can be compared. */
export function describeAuth(auth: AnyAuth): Record<string, unknown> {
  switch (auth.kind) {
    case 'user':
      return {
        kind: auth.kind,
        userId: auth.userId,
        orgId: auth.orgId,
        source: auth.source,
        firstName: auth.user?.firstName ?? null,
        organization: auth.organization?.name ?? null,
        membership: auth.membership?.role ?? null,
        // As the framework sends it.
        written: auth,
      }
    case 'machine':
      return { kind: auth.kind, tokenType: auth.tokenType, subject: auth.subject }
    case 'local':
      return { kind: auth.kind, id: (auth.user as { id: number }).id }
    default:
      return { kind: auth.kind, reason: auth.reason }
  }
}
