import fc from 'fast-check'
import type { Metadata } from '../src/domain/store/user.js'
import type {
  InvitationJson,
  MembershipJson,
  OrganizationJson,
  UserJson,
} from '../src/flows/webhooks/events.js'
import { eventJson, invitationJson, membershipJson, organizationJson, userJson } from './clerk-json.js'

export interface HistoryEvent {
  /** `svix-id` */
  readonly id: string
  readonly json: ReturnType<typeof eventJson>
}

/** What happened at Clerk, in order, with the state of every user after each step. */
export interface History {
  readonly events: readonly HistoryEvent[]
  /** All that a user ever was; what the API would have answered at some moment. */
  readonly states: ReadonlyMap<string, readonly UserJson[]>
  readonly deletedUsers: ReadonlySet<string>
  readonly ids: {
    readonly users: readonly string[]
    readonly organizations: readonly string[]
    readonly invitations: readonly string[]
  }
}

const kinds = [
  'user.create',
  'user.rename',
  'user.address',
  'user.ban',
  'user.deprovision',
  'user.metadata',
  'user.delete',
  'organization.create',
  'organization.rename',
  'organization.delete',
  'member.add',
  'member.role',
  'member.remove',
  'invitation.create',
  'invitation.accept',
  'invitation.revoke',
] as const

/** A step names things by number; what is not there yet makes the step do nothing. */
const step = fc.record({ kind: fc.constantFrom(...kinds), a: fc.nat(3), b: fc.nat(3), value: fc.nat(4) })

/** Random histories of a few users, organisations, memberships and invitations. */
export const histories: fc.Arbitrary<History> = fc
  .array(step, { minLength: 1, maxLength: 40 })
  .map((steps) => {
    // Without these most histories would begin with steps that do nothing.
    const beginning = [
      { kind: 'user.create', a: 0, b: 0, value: 0 },
      { kind: 'user.create', a: 1, b: 0, value: 1 },
      { kind: 'organization.create', a: 0, b: 0, value: 0 },
      { kind: 'member.add', a: 0, b: 0, value: 0 },
    ] as const
    const clerk = createHistory()
    for (const one of [...beginning, ...steps]) clerk.take(one)
    return clerk.history()
  })

type Step = {
  readonly kind: (typeof kinds)[number]
  readonly a: number
  readonly b: number
  readonly value: number
}

/** Clerk as far as its webhooks tell: identifiers are unique among the living, ids are never used again. */
function createHistory() {
  const events: HistoryEvent[] = []
  const states = new Map<string, UserJson[]>()
  const users = new Map<string, UserJson>()
  const organizations = new Map<string, OrganizationJson>()
  const memberships = new Map<string, MembershipJson>()
  const invitations = new Map<string, InvitationJson>()
  const deletedUsers = new Set<string>()
  const created = { users: 0, organizations: 0, memberships: 0, invitations: 0 }
  let now = 1_000_000

  const emit = (type: string, data: object) => {
    events.push({ id: `msg_${events.length}`, json: eventJson(type, data, now) })
  }
  const nth = <T>(things: ReadonlyMap<string, T>, n: number): T | undefined =>
    [...things.values()][n % Math.max(1, things.size)]

  function setUser(user: UserJson, type: string): void {
    users.set(user.id, user)
    states.set(user.id, [...(states.get(user.id) ?? []), user])
    emit(type, user)
  }
  const update = (user: UserJson | undefined, change: (user: UserJson) => Partial<UserJson>) => {
    if (user !== undefined) setUser({ ...user, ...change(user), updated_at: now }, 'user.updated')
  }
  const addressIsFree = (email: string) =>
    [...users.values()].every(({ email_addresses }) => email_addresses[0]?.email_address !== email)
  const address = (value: number) => `address${value}@example.com`
  const withAddress = (value: number) =>
    addressIsFree(address(value))
      ? { email_addresses: userJson('', { email: address(value) }).email_addresses }
      : { email_addresses: [], primary_email_address_id: null }

  function removeMember(membership: MembershipJson): void {
    memberships.delete(membership.id)
    emit('organizationMembership.deleted', membership)
  }
  function setInvitation(invitation: InvitationJson | undefined, status: string): void {
    if (invitation === undefined || invitation.status !== 'pending') return
    const next = { ...invitation, status, updated_at: now }
    invitations.set(next.id, next)
    emit(`organizationInvitation.${status}`, next)
  }

  const steps: Record<Step['kind'], (step: Step) => void> = {
    'user.create': ({ value }) => {
      const id = `user_${created.users++}`
      setUser(
        { ...userJson(id, { created_at: now, updated_at: now }), ...withAddress(value) },
        'user.created',
      )
    },
    'user.rename': ({ a, value }) => update(nth(users, a), () => ({ first_name: `Name ${value}` })),
    'user.address': ({ a, value }) =>
      update(nth(users, a), () => ({ primary_email_address_id: 'idn_1', ...withAddress(value) })),
    'user.ban': ({ a }) => update(nth(users, a), ({ banned }) => ({ banned: !banned })),
    'user.deprovision': ({ a }) =>
      update(nth(users, a), ({ deprovisioned }) => ({ deprovisioned: !deprovisioned })),
    'user.metadata': ({ a, value }) =>
      update(nth(users, a), () => ({ public_metadata: { value } satisfies Metadata })),
    'user.delete': ({ a }) => {
      const user = nth(users, a)
      if (user === undefined) return
      users.delete(user.id)
      deletedUsers.add(user.id)
      emit('user.deleted', { id: user.id, object: 'user', deleted: true })
    },
    'organization.create': ({ value }) => {
      const id = `org_${created.organizations++}`
      const organization = organizationJson(id, { name: `Org ${value}`, created_at: now, updated_at: now })
      organizations.set(id, organization)
      emit('organization.created', organization)
    },
    'organization.rename': ({ a, value }) => {
      const organization = nth(organizations, a)
      if (organization === undefined) return
      const next = { ...organization, name: `Org ${value}`, updated_at: now }
      organizations.set(next.id, next)
      emit('organization.updated', next)
    },
    'organization.delete': ({ a }) => {
      const organization = nth(organizations, a)
      if (organization === undefined) return
      organizations.delete(organization.id)
      emit('organization.deleted', { id: organization.id, object: 'organization', deleted: true })
      for (const membership of [...memberships.values()]) {
        if (membership.organization.id === organization.id) removeMember(membership)
      }
    },
    'member.add': ({ a, b, value }) => {
      const user = nth(users, a)
      const organization = nth(organizations, b)
      if (user === undefined || organization === undefined) return
      const member = [...memberships.values()].some(
        ({ organization: { id }, public_user_data }) =>
          id === organization.id && public_user_data.user_id === user.id,
      )
      if (member) return
      const membership = membershipJson(`orgmem_${created.memberships++}`, organization.id, user.id, {
        role: `org:role${value}`,
        permissions: [`org:a:p${value}`],
        created_at: now,
        updated_at: now,
      })
      memberships.set(membership.id, membership)
      emit('organizationMembership.created', membership)
    },
    'member.role': ({ a, value }) => {
      const membership = nth(memberships, a)
      if (membership === undefined) return
      const next = { ...membership, role: `org:role${value}`, updated_at: now }
      memberships.set(next.id, next)
      emit('organizationMembership.updated', next)
    },
    'member.remove': ({ a }) => {
      const membership = nth(memberships, a)
      if (membership !== undefined) removeMember(membership)
    },
    'invitation.create': ({ b }) => {
      const organization = nth(organizations, b)
      if (organization === undefined) return
      const invitation = invitationJson(`orginv_${created.invitations++}`, organization.id, {
        created_at: now,
        updated_at: now,
      })
      invitations.set(invitation.id, invitation)
      emit('organizationInvitation.created', invitation)
    },
    'invitation.accept': ({ a }) => setInvitation(nth(invitations, a), 'accepted'),
    'invitation.revoke': ({ a }) => setInvitation(nth(invitations, a), 'revoked'),
  }

  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${prefix}_${i}`)

  return {
    take(one: Step): void {
      now += 10
      steps[one.kind](one)
    },
    history: (): History => ({
      events,
      states,
      deletedUsers,
      ids: {
        users: numbered('user', created.users),
        organizations: numbered('org', created.organizations),
        invitations: numbered('orginv', created.invitations),
      },
    }),
  }
}
