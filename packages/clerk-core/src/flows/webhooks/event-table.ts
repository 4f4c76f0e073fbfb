import {
  embeddedOrganizationFromClerk,
  invitationSnapshotFromClerk,
  membershipReferenceFromClerk,
  membershipSnapshotFromClerk,
  organizationSnapshotFromClerk,
  roleSnapshotFromClerk,
} from '../../domain/backend-api/organization-snapshot.js'
import { userSnapshotFromClerk } from '../../domain/backend-api/user-snapshot.js'
import { membershipSubject } from '../../domain/changes/holds.js'
import type { Narrowing, OwnChange } from '../../domain/changes/tell.js'
import type { OrganizationDirectory } from '../../domain/organizations/directory.js'
import { endedMembership, endedOrganization } from '../../domain/organizations/narrowing.js'
import type { Change } from '../../domain/store/inbox.js'
import { narrowsUser } from '../../domain/store/rules/sign-in.js'
import type { ApplyOutcome, UserSnapshot } from '../../domain/store/user.js'
import type { UserDirectory } from '../../domain/users/directory.js'
import { readJson } from '../../ground/json/json-reader.js'

/** What an event is about. Each kind stands at one place of {@link Change.subjects}, which its type tells. */
export type SubjectKind = 'user' | 'session' | 'organization' | 'membership' | 'invitation' | 'role'

/** Where events are applied; `null` where no store is configured. */
export interface Targets {
  readonly users: Pick<UserDirectory, 'applySnapshot' | 'remove' | 'touch'> | null
  readonly organizations: Pick<
    OrganizationDirectory,
    | 'applyOrganization'
    | 'removeOrganization'
    | 'applyMembership'
    | 'removeMembership'
    | 'applyInvitation'
    | 'applyRole'
    | 'removeRole'
  > | null
}

/** An event whose data was found to be what its type says. */
export interface ReadEvent {
  /** Ids, in the order of the type's `subjects`. */
  readonly subjects: readonly string[]
  /** It is logged before the row is written, so that it takes effect even if the row cannot be. */
  readonly narrows: Narrowing | null
  /** The id of the user whose earlier events have to be forgotten. */
  readonly erases?: string
  /** Convergent: may be repeated, and in any order. `undefined`: nothing to say about what was there. */
  readonly apply: (targets: Targets) => Promise<ApplyOutcome | undefined>
}

export interface EventContext {
  /** The event's own time, in milliseconds. */
  readonly timestamp: number
  readonly privateMetadata: boolean
}

/** An event type: what it is about, what it changes and how it is read. */
export interface EventType {
  readonly subjects: readonly SubjectKind[]
  /** Changes state or revokes: other processes must be told. */
  readonly effect: boolean
  /** Where this is false there is nothing to change, and the event is one without effect. */
  readonly concerns?: (targets: Targets) => boolean
  /** @throws {WebhookDataError} */
  readonly read: (data: unknown, context: EventContext) => ReadEvent
}

/** A sign-out of our own, recorded like an event of Clerk's. */
export const SIGNED_OUT = 'session.signed_out'

/** The application has changed a row itself: what is cached of it is outdated in every process. */
export const FORGOTTEN = {
  user: 'user.forgotten',
  organization: 'organization.forgotten',
  role: 'role.forgotten',
} as const satisfies Readonly<Record<string, OwnChange>>

/** A user whom Clerk no longer has, as a complete listing said. */
const USER_ENDED = 'user.ended' satisfies OwnChange

/** There is no row. */
export const nothing = async () => undefined

const userChanged: EventType = {
  subjects: ['user'],
  effect: true,
  read(data, { timestamp, privateMetadata }) {
    const snapshot = userSnapshotFromClerk(data, { version: timestamp, privateMetadata })
    return {
      subjects: [snapshot.clerkId],
      narrows: narrowedUser(snapshot),
      apply: async ({ users }) => (await users?.applySnapshot(snapshot, 'webhook'))?.outcome,
    }
  },
}

/** Every way in which a user may lose the right to sign in but for the deletion. */
function narrowedUser(snapshot: UserSnapshot): Narrowing | null {
  return narrowsUser(snapshot) ? { subject: snapshot.clerkId, version: snapshot.version } : null
}

const userDeleted: EventType = {
  subjects: ['user'],
  effect: true,
  read(data, { timestamp }) {
    const id = readJson(data, 'user').id('id')
    return {
      subjects: [id],
      narrows: { subject: id, version: null },
      erases: id,
      apply: async ({ users }) => {
        await users?.remove(id, timestamp)
        return undefined
      },
    }
  },
}

const sessionEnded: EventType = {
  subjects: ['session', 'user'],
  effect: true,
  read(data) {
    const session = readJson(data, 'session')
    const id = session.id('id')
    const narrows = { subject: id, version: null }
    return { subjects: [id, session.id('user_id')], narrows, apply: nothing }
  },
}

/** A sign-in: Clerk sends no `user.updated` for it. */
const sessionCreated: EventType = {
  subjects: ['session', 'user'],
  effect: true,
  concerns: ({ users }) => users !== null && users.touch !== null,
  read(data, { timestamp }) {
    const session = readJson(data, 'session')
    const userId = session.id('user_id')
    const lastSignInAt = session.optionalTime('created_at') ?? timestamp
    const lastActiveAt = session.optionalTime('last_active_at') ?? lastSignInAt
    return {
      subjects: [session.id('id'), userId],
      narrows: null,
      apply: async ({ users }) => {
        await users?.touch?.(userId, { lastSignInAt, lastActiveAt })
        return undefined
      },
    }
  },
}

const organizationChanged: EventType = {
  subjects: ['organization'],
  effect: true,
  read(data, { timestamp, privateMetadata }) {
    const snapshot = organizationSnapshotFromClerk(data, { version: timestamp, privateMetadata })
    return {
      subjects: [snapshot.clerkId],
      narrows: null,
      apply: async ({ organizations }) => (await organizations?.applyOrganization(snapshot))?.outcome,
    }
  },
}

const membershipSubjects = ['membership', 'organization', 'user'] as const

/** @param narrows whether the event may take something away: it does not say what the role was */
const membershipChanged = (narrows: boolean): EventType => ({
  subjects: membershipSubjects,
  effect: true,
  read(data, { timestamp, privateMetadata }) {
    const snapshot = membershipSnapshotFromClerk(data, { version: timestamp })
    const { clerkId, orgId, userId, version } = snapshot
    const organization = embeddedOrganizationFromClerk(data, { privateMetadata })
    return {
      subjects: [clerkId, orgId, userId],
      narrows: narrows ? { subject: membershipSubject(orgId, userId), version } : null,
      apply: async ({ organizations }) => {
        const applied = await organizations?.applyMembership(snapshot)
        // Often the first that is heard of the organisation. The user beside it (`public_user_data`) is none: it says neither
        // whether an address is verified nor whether the user is banned, and has no version.
        if (organization !== null) await organizations?.applyOrganization(organization)
        return applied?.outcome
      },
    }
  },
})

const invitationChanged: EventType = {
  subjects: ['invitation', 'organization'],
  effect: true,
  read(data, { timestamp }) {
    const snapshot = invitationSnapshotFromClerk(data, { version: timestamp })
    return {
      subjects: [snapshot.clerkId, snapshot.orgId],
      narrows: null,
      apply: async ({ organizations }) => (await organizations?.applyInvitation(snapshot))?.outcome,
    }
  },
}

/** @param narrows whether the event may take something away: it does not say what the permissions were */
const roleChanged = (narrows: boolean): EventType => ({
  subjects: ['role'],
  effect: true,
  read(data, { timestamp }) {
    const snapshot = roleSnapshotFromClerk(data, { version: timestamp })
    return {
      subjects: [snapshot.clerkId],
      narrows: narrows ? { subject: snapshot.key, version: snapshot.version } : null,
      apply: async ({ organizations }) => (await organizations?.applyRole(snapshot))?.outcome,
    }
  },
})

const forgotten = (kind: keyof typeof FORGOTTEN): EventType => ({
  subjects: [kind],
  effect: true,
  read: (data) => ({ subjects: [readJson(data, kind).id('id')], narrows: null, apply: nothing }),
})

const eventTable: Readonly<Record<string, EventType>> = {
  'user.created': userChanged,
  'user.updated': userChanged,
  'user.deleted': userDeleted,
  'session.created': sessionCreated,
  'session.ended': sessionEnded,
  'session.removed': sessionEnded,
  'session.revoked': sessionEnded,
  [SIGNED_OUT]: {
    subjects: ['session'],
    effect: true,
    read(data) {
      const id = readJson(data, 'session').id('id')
      return { subjects: [id], narrows: { subject: id, version: null }, apply: nothing }
    },
  },
  [FORGOTTEN.user]: forgotten('user'),
  [FORGOTTEN.organization]: forgotten('organization'),
  [FORGOTTEN.role]: forgotten('role'),
  [USER_ENDED]: {
    ...forgotten('user'),
    read(data) {
      const id = readJson(data, 'user').id('id')
      return { subjects: [id], narrows: { subject: id, version: null }, apply: nothing }
    },
  },
  'organization.created': organizationChanged,
  'organization.updated': organizationChanged,
  'organization.deleted': {
    subjects: ['organization'],
    effect: true,
    read(data, { timestamp }) {
      const id = readJson(data, 'organization').id('id')
      return {
        subjects: [id],
        narrows: endedOrganization(id, timestamp),
        apply: async ({ organizations }) => {
          await organizations?.removeOrganization(id, timestamp)
          return undefined
        },
      }
    },
  },
  'organizationMembership.created': membershipChanged(false),
  'organizationMembership.updated': membershipChanged(true),
  'organizationMembership.deleted': {
    subjects: membershipSubjects,
    effect: true,
    read(data, { timestamp }) {
      const membership = membershipReferenceFromClerk(data)
      const updatedAt = readJson(data, 'organization_membership').optionalTime('updated_at')
      return {
        // Without the others every membership is concerned: see `effectOf`.
        subjects: [
          membership.clerkId,
          ...('orgId' in membership ? [membership.orgId, membership.userId] : []),
        ],
        narrows: endedMembership(membership, updatedAt ?? timestamp),
        apply: async ({ organizations }) => {
          await organizations?.removeMembership(membership, timestamp)
          return undefined
        },
      }
    },
  },
  // A permission that is deleted leaves its roles by their own `role.updated`: no event says which roles had it.
  'role.created': roleChanged(false),
  'role.updated': roleChanged(true),
  'role.deleted': {
    subjects: ['role'],
    effect: true,
    read(data, { timestamp }) {
      const id = readJson(data, 'role').id('id')
      return {
        subjects: [id],
        // Clerk deletes a role that nobody has, and may not tell its key.
        narrows: null,
        apply: async ({ organizations }) => {
          await organizations?.removeRole(id, timestamp)
          return undefined
        },
      }
    },
  },
  'organizationInvitation.created': invitationChanged,
  'organizationInvitation.accepted': invitationChanged,
  'organizationInvitation.revoked': invitationChanged,
}

type KnownType = EventType & { readonly known: boolean }

const KNOWN: ReadonlyMap<string, KnownType> = new Map(
  Object.entries(eventTable).map(([type, entry]) => [type, { ...entry, known: true }]),
)

/** A type that is not in the table: only handlers may want it. */
const UNKNOWN: KnownType = {
  subjects: [],
  effect: false,
  read: () => ({ subjects: [], narrows: null, apply: nothing }),
  known: false,
}

export function eventType(type: string): KnownType {
  return KNOWN.get(type) ?? UNKNOWN
}

/** What a change is about. */
export interface ChangeEffect {
  /** Of a type that is not in the table: a newer version of this package in another process knows what it is about. */
  readonly isUnknown: boolean
  readonly subjects: Readonly<Partial<Record<SubjectKind, string>>>
  /** A role, or a membership of which only its own id is known: it concerns any user in any organisation. */
  readonly anyMembership: boolean
}

/** Reads a change of the log: the place of a subject tells its kind. */
export function effectOf({ type, subjects }: Pick<Change, 'type' | 'subjects'>): ChangeEffect {
  const { subjects: kinds, known } = eventType(type)
  const named: Partial<Record<SubjectKind, string>> = {}
  kinds.forEach((kind, index) => {
    const id = subjects[index]
    if (id !== undefined) named[kind] = id
  })
  return {
    isUnknown: !known,
    subjects: named,
    anyMembership:
      !known ||
      named.role !== undefined ||
      (named.membership !== undefined && named.organization === undefined),
  }
}
