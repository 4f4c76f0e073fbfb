import { startClerk } from '@acme/clerk-testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { memorySlot, startInstance, startOffline } from '../../../testing/authority-harness.js'
import { resolveOptions } from '../../configure.js'
import { createClerkApi } from '../../domain/backend-api/create-clerk-api.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { createSessionStatusClient } from '../../domain/session/session-status-client.js'
import { fromEnv } from '../../env.js'
import { createObserver } from '../../ground/observe/observer.js'
import { createRevalidate } from './revalidate.js'

it('plans and features of an organisation do not follow a session that has left it', async () => {
  const offline = await startClerk({ now: () => 1_800_000_000_000 })
  onTestFinished(() => offline.stop())
  const options = resolveOptions({ ...fromEnv(offline.env), now: offline.now })
  const api = createClerkApi(options, createObserver(options.now))
  const sessionStatus = createSessionStatusClient({ api, allowPending: false, now: options.now })
  const revalidate = createRevalidate({ sessionStatus, organizations: null })
  const ada = offline.createUser()
  const session = offline.createSession(ada)
  const record: SessionRecord = {
    ...{ v: 2, iss: offline.issuer, aud: null, azp: null, azpMissing: null, sts: 'active' },
    ...{ sub: ada.id, sid: session.id, checkedAt: 1, asOf: 1, tokenAt: 1 },
    org: { id: 'org_left', role: 'org:admin', slug: null, per: null, fpm: null, permissions: [] },
    ...{ pla: 'o:pro,u:basic', fea: 'o:reports,uo:notes', fva: null, act: null, claims: null },
  }
  expect(await revalidate(record)).toMatchObject({
    kind: 'active',
    record: { org: null, pla: 'u:basic', fea: 'u:notes' },
  })
})

describe('the organisation of a session that Clerk has confirmed', () => {
  /** An administrator in the store since second 0 whose session has a token of second 100; window and Clerk as usual. */
  async function signedIn(rol: string | null) {
    const offline = await startOffline()
    const { clerk, stores } = startInstance(offline, { cache: { users: 0 } })
    const start = offline.now()
    const ada = offline.createUser()
    const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const applyRole = (role: string, second: number) =>
      stores.organizations.applyMembership({
        ...{ clerkId: 'orgmem_1', orgId: org.id, userId: ada.id, role, permissions: [], publicMetadata: {} },
        ...{ createdAt: start, updatedAt: start + second * 1000, version: start + second * 1000 },
      })
    await applyRole('org:admin', 0)
    await offline.advance(100_000)
    const session = offline.createSession(ada)
    const body = { ...offline.getSession(session.id), last_active_organization_id: org.id }
    offline.faults.set('GET /v1/sessions/:id', { body })
    const slot = memorySlot()
    const roleOf = async (cookie: string) => {
      const auth = await clerk.authenticate({ cookie, method: 'GET', session: slot })
      return auth.kind === 'user' ? auth.orgRole : auth
    }
    const claims = { v: 2, o: rol === null ? undefined : { id: org.id, rol } }
    expect(await roleOf(`__session=${await offline.token(session, { claims })}`)).toBe(
      rol === null ? null : `org:${rol}`,
    )
    return { offline, applyRole, role: () => roleOf('theme=dark') }
  }

  it('is not the store’s where the token is newer: Clerk’s event may still be on its way', async () => {
    const { offline, role } = await signedIn('member')
    await offline.advance(301_000)
    expect(await role()).toBe('org:member')
  })

  it('is the store’s where the store is newer', async () => {
    const { offline, applyRole, role } = await signedIn('admin')
    await applyRole('org:member', 200)
    await offline.advance(301_000)
    expect(await role()).toBe('org:member')
  })

  it('follows an event that comes after the confirmation and is older than it', async () => {
    const { offline, applyRole, role } = await signedIn('admin')
    await offline.advance(301_000)
    expect(await role()).toBe('org:admin')
    await applyRole('org:member', 200)
    expect(await role()).toBe('org:member')
  })

  it('that the token did not name is the store’s, whenever its events come', async () => {
    const { offline, applyRole, role } = await signedIn(null)
    await offline.advance(301_000)
    expect(await role()).toBe('org:admin')
    // Older than the token, which said nothing of this organisation.
    await applyRole('org:member', 50)
    expect(await role()).toBe('org:member')
  })
})
