import { setTimeout as delay } from 'node:timers/promises'
import type { ClerkEvent, ClerkEventName } from '@acme/clerk-core'
import type { OfflineClerk } from '@acme/clerk-testing'
import { type Application, PROBE_HEADER } from './application.js'
import type { ObservedClerk } from './examples.js'
import type { Cast, Person } from './offline.js'
import { userOf } from './state.js'

/** The offline Clerk on one side, the application with its `clerk` on the other. */
export interface Scene {
  readonly offline: OfflineClerk
  readonly clerk: ObservedClerk
  readonly app: Application
  readonly cast: Cast
}

/** What an action found out, measured while it ran. */
export interface Finding {
  readonly text: string
  /** Whether the product did what it promises. */
  readonly asPromised: boolean
}

/** Longer than the pause between two fetches of the key set for an unknown key id, and than that after an outage. */
const PATIENCE_MS = 12_000
const PAUSE_MS = 500

type Action = (scene: Scene, person: Person) => Promise<Finding>

const ROLES: Readonly<Record<string, string>> = { 'org:admin': 'Administrator', 'org:member': 'Member' }
const inWords = (role: string | null) => (role === null ? 'a non-member' : (ROLES[role] ?? role))

/** What a person can do at Clerk. Each reports what the application then shows, not what should have happened. */
export const ACTIONS = {
  async rename(scene, person) {
    const name = newName(scene, person)
    const { processed } = await whileCounting(scene, () => rename(scene, person, name))
    const row = await localName(scene, person)
    return {
      text: `Clerk says “${name}”, your row says “${row}”: ${times(processed, 'webhook')} applied.`,
      asPromised: row === name,
    }
  },

  async 'deliver-twice'(scene, person) {
    const name = newName(scene, person)
    scene.offline.webhooks.chaos({ duplicate: true })
    const { processed, duplicate } = await whileCounting(scene, () => rename(scene, person, name))
    scene.offline.webhooks.chaos({})
    const row = await localName(scene, person)
    return {
      text: `Sent the same event twice: ${processed} applied, ${duplicate} ignored as a duplicate. Your row says “${row}”.`,
      asPromised: processed === 1 && duplicate === 1 && row === name,
    }
  },

  async 'deliver-backwards'(scene, person) {
    const older = newName(scene, person)
    scene.offline.webhooks.chaos({ reorder: true })
    let newer = older
    const { stale } = await whileCounting(scene, async () => {
      scene.offline.updateUser(person.id, { firstName: older })
      newer = newName(scene, person)
      await rename(scene, person, newer)
    })
    scene.offline.webhooks.chaos({})
    const row = await localName(scene, person)
    return {
      text: `Renamed to “${older}”, then “${newer}”; the webhooks came last first. Your row says “${row}”: ${stale} ignored as stale.`,
      asPromised: row === newer && stale === 1,
    }
  },

  async 'change-role'(scene, person) {
    const { offline, app, clerk } = scene
    const token = await tokenOf(scene, person)
    const before = await app.workspace(token)
    const role = before.role === 'org:admin' ? 'org:member' : 'org:admin'
    offline.updateMembership(person.organizationId, person.id, role)
    await offline.webhooks.settled()
    const after = await app.workspace(token, 'proof')
    const row = await clerk.organizations.getMembership(person.organizationId, person.id)
    return {
      text: `The same token, which still says ${inWords(before.role)}, was answered as ${inWords(before.role)} before and as ${inWords(after.role)} after.`,
      asPromised: after.role === role && row?.role === role,
    }
  },

  async 'revoke-sessions'(scene, person) {
    const { offline } = scene
    return compareAccess(scene, person, 401, async () => {
      for (const id of await activeSessions(offline, person)) offline.revokeSession(id)
    })
  },

  async ban(scene, person) {
    return compareAccess(scene, person, 401, () => scene.offline.banUser(person.id))
  },

  async unban(scene, person) {
    const { offline, app } = scene
    offline.unbanUser(person.id)
    await offline.webhooks.settled()
    const { status } = await app.workspace(await tokenOf(scene, person), 'proof')
    return {
      text: `Unbanned. A new sign-in is answered ${status}; sessions from before stay ended.`,
      asPromised: status === 200,
    }
  },

  async 'rotate-keys'(scene, person) {
    const { offline, app } = scene
    const old = await tokenOf(scene, person)
    await offline.tokens.rotate()
    const seen = offline.requests.length
    const { status, seconds } = await patiently(async () =>
      app.workspace(await tokenOf(scene, person), 'proof'),
    )
    const fetches = offline.requests
      .slice(seen)
      .filter(({ route }) => /\/jwks(?:\.json)?$/.test(route ?? '')).length
    const { status: oldStatus } = await app.workspace(old)
    const wait =
      seconds < 1 ? '' : ` after ${seconds} s: unknown keys cause one fetch in 10 s at the most. It took`
    return {
      text: `A token of the new key is answered ${status}${wait || ', with'} ${times(fetches, 'fetch', 'fetches')} of the key set; one of the old key, still published, ${oldStatus}.`,
      asPromised: status === 200 && oldStatus === 200,
    }
  },

  async 'take-down'(scene, person) {
    const { offline, app } = scene
    const known = await tokenOf(scene, person)
    const unknown = await newcomerToken(scene)
    offline.faults.set('*', { down: true })
    const { status: trusted } = await app.workspace(known, 'proof')
    const { status: refused } = await app.workspace(unknown, 'proof')
    return {
      text: `Clerk cuts every connection now. A signed-in request is trusted: answered ${trusted} all the same. One of a newcomer, whose webhook never came, cannot be checked: answered ${refused}, “ask again”, not 401, “signed out”.`,
      asPromised: trusted === 200 && refused === 503,
    }
  },

  async 'bring-back'(scene, person) {
    const { offline, app } = scene
    offline.faults.clear()
    const expected = offline.getUser(person.id).banned ? null : 200
    const answered = expected && (await app.workspace(await tokenOf(scene, person), 'proof')).status
    // The application asks Clerk again after a pause, not at once.
    const { status: newcomer, seconds } = await patiently(async () =>
      app.workspace(await newcomerToken(scene), 'proof'),
    )
    await sendNewcomerAway(scene)
    const token = answered === null ? '' : ` A new token is answered ${answered}.`
    return {
      text: `Clerk answers again.${token} The newcomer is fetched from Clerk: answered ${newcomer}${seconds < 1 ? '' : ` after ${seconds} s`}.`,
      asPromised: answered === expected && newcomer === 200,
    }
  },

  async 'service-account'({ app, cast }) {
    const answer = await fetch(`${app.origin}/api/export`, {
      headers: { authorization: `Bearer ${cast.apiKey}`, [PROBE_HEADER]: 'proof' },
    })
    if (answer.status === 404)
      return { text: 'This example has no route for service accounts.', asPromised: true }
    const { notes } = (await answer.json()) as { notes?: unknown[] }
    return {
      text: `The API key was answered ${answer.status}${notes ? `, with ${times(notes.length, 'note')} of its own organisation` : ''}.`,
      asPromised: answer.status === 200,
    }
  },
} satisfies Record<string, Action>

export type ActionName = keyof typeof ACTIONS

/** The events that show what an action is meant to show, in a webhook or in the request that counts. */
export const PROOFS: Readonly<Record<ActionName, readonly ClerkEventName[]>> = {
  rename: ['webhook.processed'],
  'deliver-twice': ['webhook.duplicate'],
  'deliver-backwards': ['webhook.stale'],
  'change-role': ['webhook.processed', 'auth.success'],
  'revoke-sessions': ['auth.failure'],
  ban: ['auth.failure'],
  unban: ['auth.success'],
  'rotate-keys': ['jwks.refresh', 'auth.success'],
  'take-down': ['auth.success', 'auth.unavailable'],
  'bring-back': ['auth.success'],
  'service-account': ['auth.success'],
}

export function isAction(name: string): name is ActionName {
  return Object.hasOwn(ACTIONS, name)
}

/** With Clerk down, nothing can be done there but bring it back. */
export const needsClerk = (name: ActionName): boolean => name !== 'bring-back'

/** A token from before the change, used before and after it. */
async function compareAccess(
  scene: Scene,
  person: Person,
  expected: number,
  change: () => unknown,
): Promise<Finding> {
  const { offline, app } = scene
  const token = await tokenOf(scene, person)
  const before = await app.workspace(token)
  const changedAt = performance.now()
  await change()
  await offline.webhooks.settled()
  const after = await app.workspace(token, 'proof')
  const ms = Math.round(performance.now() - changedAt)
  return {
    text: `The same token, good for another minute, was answered ${before.status} before and ${after.status} after: ${ms} ms later.`,
    asPromised: after.status === expected,
  }
}

/** Asks again until the answer is 200, for a while. */
async function patiently(
  ask: () => Promise<{ status: number }>,
): Promise<{ status: number; seconds: number }> {
  const startedAt = performance.now()
  let { status } = await ask()
  while (status !== 200 && performance.now() - startedAt < PATIENCE_MS) {
    await delay(PAUSE_MS)
    status = (await ask()).status
  }
  return { status, seconds: Math.round((performance.now() - startedAt) / 1000) }
}

function tokenOf({ offline, app }: Scene, { id, organizationId }: Person): Promise<string> {
  return offline.token(id, { organization: organizationId, azp: app.origin })
}

/** A user at Clerk of whom the application has not heard: it has to ask Clerk. */
const newcomers = new WeakMap<OfflineClerk, string>()

async function newcomerToken({ offline, app }: Scene): Promise<string> {
  const known = newcomers.get(offline)
  if (known !== undefined && userOf(offline, known) !== null) return offline.token(known, { azp: app.origin })
  offline.webhooks.chaos({ drop: true })
  const { id } = offline.createUser({
    firstName: 'Nora',
    lastName: 'Quist',
    emailAddress: ['nora@example.com'],
  })
  const token = await offline.token(id, { azp: app.origin })
  await offline.webhooks.settled()
  offline.webhooks.chaos({})
  newcomers.set(offline, id)
  return token
}

/** The next outage begins with a newcomer again. */
async function sendNewcomerAway({ offline }: Scene): Promise<void> {
  const id = newcomers.get(offline)
  newcomers.delete(offline)
  if (id !== undefined && userOf(offline, id) !== null) offline.deleteUser(id)
  await offline.webhooks.settled()
}

async function activeSessions(offline: OfflineClerk, { id }: Person): Promise<string[]> {
  const answer = await fetch(`${offline.url}/v1/sessions?user_id=${id}&status=active&limit=500`, {
    headers: { authorization: `Bearer ${offline.secretKey}` },
  })
  return ((await answer.json()) as { id: string }[]).map((session) => session.id)
}

async function rename({ offline }: Scene, { id }: Person, firstName: string): Promise<void> {
  offline.updateUser(id, { firstName })
  await offline.webhooks.settled()
}

/** “Maya”, “Maya 2”, “Maya 3” … */
function newName({ offline }: Scene, { id, name }: Person): string {
  const first = name.split(' ')[0] ?? name
  const current = offline.getUser(id).first_name ?? first
  const [, number = '1'] = / (\d+)$/.exec(current) ?? []
  return `${first} ${Number(number) + 1}`
}

async function localName({ clerk }: Scene, { id }: Person): Promise<string | null> {
  return (await clerk.users.get(id))?.firstName ?? null
}

async function whileCounting(
  { clerk }: Scene,
  work: () => Promise<unknown>,
): Promise<{ processed: number; duplicate: number; stale: number }> {
  const names: ClerkEventName[] = []
  const stop = clerk.observe((event: ClerkEvent) => names.push(event.name))
  await work()
  stop()
  const count = (name: ClerkEventName) => names.filter((one) => one === name).length
  const stale = count('webhook.stale')
  return { processed: count('webhook.processed') - stale, duplicate: count('webhook.duplicate'), stale }
}

const times = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`
