import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  eventJson,
  membershipJson,
  organizationJson,
  sessionJson,
  userJson,
} from '../../../testing/clerk-json.js'
import { deliverThroughCrashes } from '../../../testing/crash.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'

const events = [
  eventJson('user.created', userJson('user_1', { updated_at: 1_000 }), 1_000),
  eventJson('organization.created', organizationJson('org_1'), 1_001),
  eventJson('organizationMembership.created', membershipJson('orgmem_1', 'org_1', 'user_1'), 1_002),
  eventJson('user.updated', userJson('user_1', { updated_at: 2_000, first_name: 'Ann' }), 2_000),
  eventJson('session.revoked', sessionJson('sess_1', 'user_1'), 3_000),
  eventJson('user.deleted', { id: 'user_1', deleted: true }, 4_000),
].map((json, i) => ({ id: `msg_${i}`, json }))

describe('a backend that is killed in the middle of its work', () => {
  it('loses nothing, and runs every handler at least once', async () => {
    // A new plan each run; its seed is in the failure's message.
    const seed = Date.now() % 2 ** 31
    const plan = fc.sample(
      fc.record({
        calls: fc.integer({ min: 1, max: 12 }),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
      { numRuns: 8, seed },
    )
    const clock = { ms: 1_700_000_000_000 }
    const stores = memoryStore({ now: () => clock.ms })
    const { runs, kills, killedAt } = await deliverThroughCrashes({ stores, clock, events, kills: plan })
    const because = `seed ${seed}, killed at ${killedAt.join(', ')}`

    // Each kill lets at most one event through, so that most of the plan is used before there are none left.
    expect(kills, because).toBeGreaterThanOrEqual(5)
    const unfinished = (await stores.inbox.all()).filter(({ status }) => status !== 'done')
    expect(unfinished, because).toEqual([])
    const logged = new Set((await stores.inbox.log()).map(({ id }) => id))
    expect([...logged].sort(), because).toEqual(events.map(({ id }) => id))
    for (const { id } of events) {
      for (const handler of ['first', 'second']) {
        expect(runs.get(`${handler} ${id}`) ?? 0, `${handler} ${id}: ${because}`).toBeGreaterThanOrEqual(1)
      }
    }
    expect(await stores.users.findByClerkId('user_1')).toMatchObject({
      firstName: 'Ann',
      version: 2_000,
      deletedAt: new Date(4_000),
    })
    expect(await stores.organizations.findMembership('org_1', 'user_1')).toMatchObject({ deletedAt: null })
  }, 120_000)

  it('runs no handler again that was noted to have succeeded', async () => {
    const clock = { ms: 1_700_000_000_000 }
    const stores = memoryStore({ now: () => clock.ms })
    const [event] = events
    // claim, apply, append …: killed at the last call, `finish`, after both handlers were noted.
    const { runs, killedAt } = await deliverThroughCrashes({
      stores,
      clock,
      events: [event!],
      kills: [{ calls: 8, when: 'before' }],
    })
    expect(killedAt).toEqual(['inbox.finish before'])
    expect([...runs]).toEqual([
      ['first msg_0', 1],
      ['second msg_0', 1],
    ])
    expect(await stores.inbox.all()).toMatchObject([{ status: 'done' }])
  }, 60_000)
})
