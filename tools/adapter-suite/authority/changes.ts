import type { OfflineClerk, TokenParams } from '@acme/clerk-testing'
import type { Clerk } from './core.js'
import type { IssuedCredential, Subject } from './credentials.js'
import type { GuardName } from './guards.js'
import type { Person } from './people.js'
import type { PolicyName } from './policies.js'
import type { OpenStores } from './stores.js'
import type { Way } from './ways.js'

/** One way and one change, in the middle. */
export interface Scene {
  readonly offline: OfflineClerk
  readonly person: Person
  readonly credential: IssuedCredential
  readonly store: OpenStores
  /** The instance that Clerk's events reach: the one that is asked, or another on the same stores. */
  readonly receiver: Clerk
  /** Lets time pass in `steps` equal parts, and asks this way after each, so that whatever can be renewed is. */
  pass(seconds: number, steps?: number): Promise<void>
  signOut(): Promise<void>
  signInAgain(): Promise<void>
  /** The next token says this too, and the browser comes with it once. */
  renew(token: TokenParams): Promise<void>
  setClientUat(seconds: number): void
}

type Refusals = Partial<Record<Subject, 'everything' | readonly GuardName[]>>

export interface Change {
  readonly name: string
  /** What a fresh request is refused afterwards; nothing where nothing is said. Keeps the oracle from being blind. */
  readonly refuses: Refusals
  /** Ways to which it means something. Default: all. */
  readonly concerns?: (way: Way) => boolean
  /** The backend that the person is at, and the one that is asked afterwards. Default: `main`, and the same. */
  readonly first?: PolicyName
  readonly afterwards?: PolicyName
  /** What is said in the person's tokens. */
  readonly token?: TokenParams
  readonly signsInBy?: 'bearer'
  /** What a fresh token says beside that. */
  readonly fresh?: TokenParams
  /** Clerk gives out no token any more, though the offline one would. */
  readonly mintsNothing?: true
  /** The person comes anew afterwards. */
  readonly anew?: true
  apply(scene: Scene): void | Promise<void>
  /** Where it concerns more than this person. */
  undo?(scene: Scene): Promise<void>
}

/** A task of the session is open: its tokens say so. */
const PENDING: TokenParams = { claims: { sts: 'pending' } }
/** What the guard `permission` asks for. */
const TAKEN = 'org:invoices:manage'

const ORGANIZATION = ['org', 'admin', 'permission'] as const
const ENDS_THE_USER: Refusals = { person: 'everything', 'key of the user': 'everything' }

/** Defaults of a session: how long a record stands, and for how long an outage is bridged. */
const WINDOW_SECONDS = 300
const WINDOW_AND_GRACE_SECONDS = 600

/** What narrows a right. */
export const NARROWING: readonly Change[] = [
  {
    name: 'ban',
    refuses: ENDS_THE_USER,
    apply: ({ offline, person }) => void offline.banUser(person.userId),
  },
  {
    name: 'deprovisioned by a directory',
    refuses: ENDS_THE_USER,
    mintsNothing: true,
    apply: ({ offline, person }) =>
      void offline.webhooks.send('user.updated', deprovisioned(offline, person)),
  },
  {
    name: 'the application switches the user off',
    refuses: ENDS_THE_USER,
    apply: switchOff,
  },
  {
    name: 'switched off by the application, then edited at Clerk',
    refuses: ENDS_THE_USER,
    async apply(scene) {
      await switchOff(scene)
      await scene.pass(1)
      scene.offline.updateUser(scene.person.userId, { firstName: 'Augusta' })
    },
  },
  {
    name: 'deletion of the user',
    refuses: ENDS_THE_USER,
    apply: ({ offline, person }) => void offline.deleteUser(person.userId),
  },
  {
    name: 'sign-out through our route',
    refuses: { person: 'everything' },
    apply: (scene) => scene.signOut(),
  },
  {
    name: 'session revoked at Clerk',
    refuses: { person: 'everything' },
    apply: ({ offline, person }) => void offline.revokeSession(person.sessionId),
  },
  {
    name: 'session revoked at Clerk, and the event is lost',
    refuses: { person: 'everything' },
    // Nothing tells a request with an unexpired token; what remembers one asks Clerk when its window ends.
    concerns: ({ entry, transport }) => entry.name === 'session record' || transport.lasts,
    async apply(scene) {
      scene.offline.webhooks.chaos({ drop: 1 })
      scene.offline.revokeSession(scene.person.sessionId)
      await scene.pass(WINDOW_SECONDS + 1, 2)
    },
  },
  {
    name: 'demotion',
    refuses: { person: ['admin', 'permission'] },
    apply: ({ offline, person }) => void offline.updateMembership(person.orgId, person.userId, 'org:member'),
  },
  {
    name: 'permission taken from the role',
    refuses: { person: ['permission'] },
    apply: ({ offline }) => permissionOfAdmins(offline, 'DELETE', TAKEN),
    undo: ({ offline }) => permissionOfAdmins(offline, 'POST', TAKEN),
  },
  {
    name: 'removal from the organisation',
    refuses: { person: ORGANIZATION },
    apply: ({ offline, person }) => void offline.removeMember(person.orgId, person.userId),
  },
  {
    name: 'deletion of the organisation',
    refuses: { person: ORGANIZATION, 'key of the organisation': 'everything' },
    apply: ({ offline, person }) => void offline.deleteOrganization(person.orgId),
  },
  {
    name: 'key revoked',
    refuses: {
      'key of the user': 'everything',
      'key of the organisation': 'everything',
      machine: 'everything',
    },
    concerns: ({ credential }) => credential.subject === 'person' || credential.revocable,
    // Clerk sends no event: a confirmed key is asked about again after a minute.
    apply: async ({ credential, pass }) => {
      await credential.revoke()
      await pass(61)
    },
  },
  {
    name: 'a JWT of a machine expires',
    refuses: { 'key of the user': 'everything', machine: 'everything' },
    concerns: ({ credential }) => credential.subject !== 'person' && !credential.revocable,
    apply: ({ pass }) => pass(86_100),
  },
  {
    name: 'factor grown old',
    refuses: { person: ['strict'] },
    apply: ({ pass }) => pass(15 * 60, 3),
  },
  {
    name: 'factor grown old under a forged __client_uat',
    refuses: { person: ['strict'] },
    async apply({ setClientUat, pass }) {
      setClientUat(999_999_999_999)
      // Less than a minute at a time: whatever rounds the age down loses all of it.
      await pass(12 * 59, 12)
    },
  },
  {
    name: 'plan and feature ended',
    // The time that a session may bridge is longer than a factor stays fresh.
    refuses: { person: ['plan', 'feature', 'strict'] },
    async apply({ offline, person, pass }) {
      offline.updateUserMetadata(person.userId, { publicMetadata: { plans: null, features: null } })
      await pass(WINDOW_AND_GRACE_SECONDS + 30, 3)
    },
  },
  {
    name: 'another backend has another audience',
    refuses: { person: 'everything' },
    afterwards: 'audience',
    apply: () => undefined,
  },
  {
    name: 'another backend lists other parties',
    refuses: { person: 'everything' },
    afterwards: 'parties',
    apply: () => undefined,
  },
  {
    name: 'another backend insists on azp',
    refuses: { person: 'everything' },
    concerns: ({ entry }) => !entry.cookie,
    first: 'lenientAzp',
    afterwards: 'main',
    token: { azp: null },
    signsInBy: 'bearer',
    apply: () => undefined,
  },
  {
    name: 'another backend takes no pending session',
    refuses: { person: 'everything' },
    first: 'pending',
    afterwards: 'main',
    apply: pend,
  },
  {
    name: 'the session becomes pending where such may be read',
    refuses: { person: 'everything' },
    first: 'pending',
    async apply(scene) {
      await pend(scene)
      await scene.pass(WINDOW_SECONDS + 1, 2)
    },
  },
  {
    name: 'the session becomes pending',
    refuses: { person: 'everything' },
    fresh: PENDING,
    concerns: ({ entry, transport }) => entry.name === 'session record' || transport.lasts,
    async apply(scene) {
      atClerkPending(scene)
      await scene.pass(WINDOW_SECONDS + 1, 2)
    },
  },
]

/** What narrows nothing, and must leave every way as it was. */
export const HARMLESS: readonly Change[] = [
  {
    name: 'the user edits a name',
    refuses: {},
    apply: ({ offline, person }) => void offline.updateUser(person.userId, { firstName: 'Augusta' }),
  },
  {
    name: 'nine minutes pass',
    refuses: {},
    apply: ({ pass }) => pass(9 * 60, 3),
  },
  {
    name: 'another session of the user is revoked',
    refuses: {},
    apply: ({ offline, person }) => void offline.revokeSession(offline.createSession(person.userId)),
  },
  {
    name: 'a colleague is removed, and the organisation renamed',
    refuses: {},
    async apply({ offline, person, pass }) {
      const colleague = offline.createUser()
      offline.addMember(person.orgId, colleague)
      await pass(1)
      offline.removeMember(person.orgId, colleague)
      offline.updateOrganization(person.orgId, { name: 'Renamed' })
    },
  },
  {
    name: 'banned, unbanned, and signed in again',
    refuses: {},
    anew: true,
    async apply({ offline, person, pass, signInAgain }) {
      offline.banUser(person.userId)
      await pass(2)
      offline.unbanUser(person.userId)
      await pass(2)
      await signInAgain()
    },
  },
]

/** What was changed at the offline Clerk for everybody. */
export function restore(offline: OfflineClerk): void {
  offline.faults.clear()
  offline.webhooks.chaos({})
}

async function switchOff({ store, person, receiver }: Scene): Promise<void> {
  await store.setActive(person.userId, false)
  await receiver.users.forget(person.userId)
}

function deprovisioned(offline: OfflineClerk, person: Person): object {
  return { ...offline.getUser(person.userId), deprovisioned: true, updated_at: offline.now() }
}

/** Clerk tells of the role alone: what its memberships send is not known. */
async function permissionOfAdmins(offline: OfflineClerk, method: 'POST' | 'DELETE', key: string) {
  const admin = (await listed(offline, '/organization_roles')).find((role) => role.key === 'org:admin')
  const permission = (await listed(offline, '/organization_permissions')).find((one) => one.key === key)
  const response = await atClerk(
    offline,
    `/organization_roles/${admin?.id}/permissions/${permission?.id}`,
    method,
  )
  if (!response.ok) throw new Error(`Changing the role was answered ${response.status}.`)
}

async function listed(offline: OfflineClerk, path: string) {
  const response = await atClerk(offline, `${path}?limit=100`, 'GET')
  const { data } = (await response.json()) as { data: { id: string; key: string }[] }
  return data
}

const atClerk = ({ url, secretKey }: OfflineClerk, path: string, method: string) =>
  fetch(`${url}/v1${path}`, { method, headers: { authorization: `Bearer ${secretKey}` } })

function atClerkPending({ offline, person }: Scene): void {
  const session = { ...offline.getSession(person.sessionId), status: 'pending' }
  offline.faults.set('GET /v1/sessions/:id', { body: session })
}

async function pend(scene: Scene): Promise<void> {
  atClerkPending(scene)
  await scene.renew(PENDING)
}
