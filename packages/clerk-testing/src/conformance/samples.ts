import type {
  Inbox,
  InboxEvent,
  InvitationSnapshot,
  MembershipSnapshot,
  NewChange,
  OrganizationSnapshot,
  RoleSnapshot,
  UserSnapshot,
} from '@acme/clerk-core/store'
import { fail } from './expect.js'

/** A moment with milliseconds that are lost where a column keeps whole seconds. */
export const T = 1_700_000_000_123

/** A snapshot that carries every field, but for private metadata. */
type Whole<S> = Required<Omit<S, 'privateMetadata'>> & S

export const DAY = 24 * 3600 * 1000

export const aUser = (fields: Partial<UserSnapshot> = {}): Whole<UserSnapshot> => ({
  clerkId: 'user_ada',
  email: 'ada@example.com',
  emailVerified: true,
  username: 'ada',
  phone: '+15555550100',
  firstName: 'Ada',
  lastName: 'Lovelace',
  imageUrl: 'https://img.clerk.com/ada',
  externalId: 'crm-1',
  publicMetadata: { plan: 'free' },
  banned: false,
  deprovisioned: false,
  locked: false,
  createdAt: T,
  updatedAt: fields.version ?? T,
  lastSignInAt: null,
  lastActiveAt: null,
  version: T,
  ...fields,
})

/** A user with nothing that could be unique. */
export const aPlainUser = (fields: Partial<UserSnapshot> = {}): Whole<UserSnapshot> =>
  aUser({ email: null, emailVerified: false, username: null, phone: null, externalId: null, ...fields })

export const anOrganization = (fields: Partial<OrganizationSnapshot> = {}): Whole<OrganizationSnapshot> => ({
  clerkId: 'org_acme',
  name: 'Acme',
  slug: 'acme',
  imageUrl: 'https://img.clerk.com/acme',
  publicMetadata: { tier: 'gold' },
  membersCount: null,
  createdAt: T,
  updatedAt: fields.version ?? T,
  version: T,
  ...fields,
})

export const aMembership = (fields: Partial<MembershipSnapshot> = {}): Whole<MembershipSnapshot> => ({
  clerkId: 'orgmem_1',
  orgId: 'org_acme',
  userId: 'user_ada',
  createdAt: T,
  role: 'org:member',
  permissions: ['org:billing:read'],
  publicMetadata: {},
  updatedAt: fields.version ?? T,
  version: T,
  ...fields,
})

export const aRole = (fields: Partial<RoleSnapshot> = {}): Whole<RoleSnapshot> => ({
  clerkId: 'role_1',
  key: 'org:member',
  name: 'Member',
  permissions: ['org:billing:read'],
  updatedAt: fields.version ?? T,
  version: T,
  ...fields,
})

export const anInvitation = (fields: Partial<InvitationSnapshot> = {}): Whole<InvitationSnapshot> => ({
  clerkId: 'orginv_1',
  orgId: 'org_acme',
  email: 'grace@example.com',
  role: 'org:member',
  status: 'pending',
  publicMetadata: {},
  createdAt: T,
  updatedAt: fields.version ?? T,
  expiresAt: T + DAY,
  version: T,
  ...fields,
})

export const anEvent = (fields: Partial<InboxEvent> = {}): InboxEvent => ({
  id: 'msg_1',
  type: 'user.updated',
  timestamp: T,
  subjects: ['user_ada', 'sess_1'],
  body: '{"data":{"id":"user_ada"}}',
  ...fields,
})

export const MINUTE = 60_000
/** Long enough that no machine is so busy that it runs out by itself. */
export const LEASE_MS = 10 * MINUTE

/** The token of a claim that has to succeed. */
export async function claimed(
  inbox: Pick<Inbox, 'claim'>,
  event: InboxEvent = anEvent(),
  leaseMs = LEASE_MS,
): Promise<string> {
  const claim = await inbox.claim(event, leaseMs)
  if (claim.status !== 'claimed')
    fail(`The event ${event.id} is ${claim.status}, and was to be claimed.`, claim)
  return claim.owner
}

/** An entry of the log, as it is written after the row. */
export const aChange = (fields: Partial<NewChange> = {}): NewChange => ({
  id: 'msg_1',
  type: 'user.updated',
  subjects: ['user_ada'],
  narrows: null,
  version: null,
  ...fields,
})

/** Every order of the items. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  )
}

/** Ids that are no ids: the ways in which operators and oversized keys reach a query. */
export const badIds: readonly (readonly [description: string, id: string])[] = (
  [
    ['an object with an operator', { $ne: null }],
    ['an object with a Prisma operator', { not: null }],
    ['an array', ['user_ada']],
    ['10 KB of text', 'u'.repeat(10_240)],
    ['an empty text', ''],
    ['a text with U+0000', 'user_\0'],
    ['half of a surrogate pair', 'user_\ud800'],
    ['a number', 42],
    ['null', null],
    ['nothing', undefined],
  ] as const
).map(([description, id]) => [description, id as unknown as string])
