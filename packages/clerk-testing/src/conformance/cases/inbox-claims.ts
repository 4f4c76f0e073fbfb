import type { StoredEvent } from '@acme/clerk-core/store'
import { type Bench, casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat } from '../expect.js'
import { anEvent, claimed, DAY, LEASE_MS, MINUTE } from '../samples.js'

/** An event whose lease ran out and was given to another caller. */
async function overtaken({ inbox, elapse }: Bench): Promise<{ stale: string; owner: string }> {
  const stale = await claimed(inbox)
  await elapse(LEASE_MS + 1)
  return { stale, owner: await claimed(inbox) }
}

/** Every way in which an owner writes. */
const asOwner = ({ inbox }: Bench, owner: string, id = 'msg_1') => ({
  renew: () => inbox.renew(id, owner, 10 * MINUTE),
  succeeded: () => inbox.succeeded(id, owner, 'billing'),
  release: () => inbox.release(id, owner, { error: 'stale', retryAfterMs: 0 }),
  'finish as done': () => inbox.finish(id, owner, 'done'),
  'finish as failed': () => inbox.finish(id, owner, 'failed', 'stale'),
  'finish as discarded': () => inbox.finish(id, owner, 'discarded', 'stale'),
})

export const inboxClaimCases = casesOf('inbox', [
  {
    id: 'claim-takes-the-lease',
    title: 'a new event is claimed, and busy for everybody else until its lease runs out',
    async run({ inbox, elapse }) {
      const first = await inbox.claim(anEvent(), LEASE_MS)
      expectFields(first, { status: 'claimed' }, 'A new event must be claimed.')
      const second = await inbox.claim(anEvent(), 2 * LEASE_MS)
      expectEqual(second.status, 'busy', 'Two callers claimed one event.')
      const wait = second.status === 'busy' ? second.retryAfterMs : 0
      expectThat(wait > 0 && wait <= LEASE_MS, 'busy must say how long the lease lasts.', wait)
      await elapse(LEASE_MS - 5000)
      const last = await inbox.claim(anEvent(), LEASE_MS)
      const left = last.status === 'busy' ? last.retryAfterMs : last
      expectThat(Number(left) <= 5000, 'A lease that was not over was given away, or was extended.', left)
      await elapse(5001)
      const { status } = await inbox.claim(anEvent(), LEASE_MS)
      expectEqual(status, 'claimed', 'A lease that ran out must be free: the process may have been killed.')
    },
  },
  {
    id: 'claim-counts-and-names',
    title: 'every claim counts, and has a token of its own',
    async run({ inbox, elapse }) {
      const first = await inbox.claim(anEvent(), LEASE_MS)
      await elapse(LEASE_MS + 1)
      const second = await inbox.claim(anEvent(), LEASE_MS)
      if (first.status !== 'claimed' || second.status !== 'claimed') return expectEqual(second, first, '')
      expectEqual([first.attempts, second.attempts], [1, 2], 'attempts must count the claims.')
      expectThat(
        first.owner !== second.owner,
        'Two claims have one token: the first could act for the second.',
      )
    },
  },
  {
    id: 'stale-owner-is-fenced',
    title: 'a caller whose lease was given to another changes nothing any more',
    async run(bench) {
      const { inbox } = bench
      const { stale, owner } = await overtaken(bench)
      const before = await inbox.find('msg_1')
      for (const [call, run] of Object.entries(asOwner(bench, stale))) {
        expectEqual(await run(), false, `A stale owner was not told by ${call} that the lease was lost.`)
        expectEqual(await inbox.find('msg_1'), before, `A stale owner changed the event by ${call}.`)
      }
      expectEqual(
        (await inbox.claim(anEvent(), 1)).status,
        'busy',
        'A stale owner freed the lease of another.',
      )
      expectEqual(await inbox.succeeded('msg_1', owner, 'mail'), true, 'The owner itself was turned away.')
      expectEqual(await inbox.finish('msg_1', owner, 'done'), true, 'The owner itself was turned away.')
    },
  },
  {
    id: 'owner-ends-with-its-claim',
    title: 'a token is worth nothing once the event was released or finished with it',
    async run(bench) {
      const { inbox } = bench
      const released = await claimed(inbox)
      await inbox.release('msg_1', released, { error: 'again', retryAfterMs: 0 })
      for (const [call, run] of Object.entries(asOwner(bench, released)))
        expectEqual(await run(), false, `${call} took the token of a claim that was given back.`)
      const finished = await claimed(inbox)
      await inbox.finish('msg_1', finished, 'done')
      const before = await inbox.find('msg_1')
      for (const [call, run] of Object.entries(asOwner(bench, finished)))
        expectEqual(await run(), false, `${call} took the token of an event that is finished.`)
      expectEqual(await inbox.find('msg_1'), before, 'A finished event was changed.')
    },
  },
  {
    id: 'late-owner-is-still-the-owner',
    title: 'a lease that ran out and that nobody else took is still its owner’s',
    async run({ inbox, elapse }) {
      const owner = await claimed(inbox)
      await elapse(LEASE_MS + 1)
      expectEqual(await inbox.finish('msg_1', owner, 'done'), true, 'Work that was done is thrown away.')
      expectEqual((await inbox.claim(anEvent(), 1)).status, 'done', 'The event is open in spite of finish.')
    },
  },
  {
    id: 'renew-holds-longer',
    title: 'a renewed lease lasts from then',
    async run({ inbox, elapse }) {
      const owner = await claimed(inbox)
      await elapse(LEASE_MS - 1000)
      expectEqual(await inbox.renew('msg_1', owner, LEASE_MS), true, 'The owner could not renew its lease.')
      await elapse(LEASE_MS - 1000)
      expectEqual((await inbox.claim(anEvent(), 1)).status, 'busy', 'A renewed lease was given away.')
      await elapse(1001)
      expectEqual((await inbox.claim(anEvent(), 1)).status, 'claimed', 'A renewed lease never ends.')
    },
  },
  {
    id: 'succeeded-is-remembered',
    title: 'the handlers that succeeded are known to the next claim',
    async run({ inbox }) {
      const owner = await claimed(inbox)
      await inbox.succeeded('msg_1', owner, 'mail')
      await inbox.succeeded('msg_1', owner, 'billing.$set')
      await inbox.succeeded('msg_1', owner, 'mail')
      await inbox.release('msg_1', owner, { error: 'again', retryAfterMs: 0 })
      const again = await inbox.claim(anEvent(), LEASE_MS)
      const names = again.status === 'claimed' ? [...again.succeeded].sort() : again
      const fault = 'A handler that succeeded is forgotten by the next claim: it would run again.'
      expectEqual(names, ['billing.$set', 'mail'], fault)
      expectEqual(
        (await inbox.find('msg_1'))?.succeeded.length,
        2,
        'A handler that succeeded twice is there twice.',
      )
    },
  },
  {
    id: 'release-keeps-open',
    title: 'a released event can be claimed at once, is open, says why, and is due when it was said',
    async run({ inbox, probe, elapse }) {
      const owner = await claimed(inbox)
      const failure = { error: 'Handler "mail" failed.', retryAfterMs: 5 * MINUTE }
      expectEqual(await inbox.release('msg_1', owner, failure), true, 'The owner could not release.')
      const open = {
        ...{ status: 'open' as const, error: 'Handler "mail" failed.', attempts: 1, body: anEvent().body },
        ...{ leaseUntil: null, finishedAt: null },
      } satisfies Partial<StoredEvent>
      const found = await inbox.find('msg_1')
      expectFields(found, open, 'A released event must stay open, free, with its error and its body.')
      expectEqual((await probe.inbox()).length, 1, 'A released event is gone from the database.')
      expectEqual(await inbox.due(10), [], 'A released event is due before its time.')
      await elapse(5 * MINUTE - 5000)
      expectEqual(await inbox.due(10), [], 'A released event is due before its time.')
      await elapse(5001)
      const due = (await inbox.due(10)).map(({ id }) => id)
      expectEqual(due, ['msg_1'], 'A released event is not due when its time has come.')
      await inbox.release('msg_1', await claimed(inbox), { error: 'again', retryAfterMs: DAY })
      const { status } = await inbox.claim(anEvent(), LEASE_MS)
      expectEqual(status, 'claimed', 'A delivery of Clerk’s was kept out because the event was not due.')
    },
  },
  {
    id: 'done-stays-done',
    title: 'a done or discarded event is done for every later claim',
    async run({ inbox, elapse }) {
      for (const status of ['done', 'discarded'] as const) {
        const event = anEvent({ id: `msg_${status}` })
        const owner = await claimed(inbox, event)
        expectEqual(await inbox.finish(event.id, owner, status, 'why'), true, 'The owner could not finish.')
        await elapse(LEASE_MS + 1)
        const again = await inbox.claim(event, LEASE_MS)
        expectEqual(again, { status: 'done' }, `A replay of an event that is ${status} must answer done.`)
        expectFields(await inbox.find(event.id), { status, reason: 'why' }, 'A finished event was changed.')
      }
      expectEqual(await inbox.due(10), [], 'A finished event is due.')
    },
  },
  {
    id: 'failed-can-be-claimed',
    title: 'a failed event keeps its body and its error, is never due, and is open again when it is claimed',
    async run({ inbox, elapse }) {
      const first = await claimed(inbox)
      await inbox.release('msg_1', first, { error: 'it failed', retryAfterMs: 0 })
      await inbox.finish('msg_1', await claimed(inbox), 'failed', 'attempts-exhausted')
      const failed = await inbox.find('msg_1')
      const known = { status: 'failed', reason: 'attempts-exhausted', error: 'it failed' } as const
      expectFields(failed, { ...known, body: anEvent().body }, 'A failed event must keep all it has.')
      expectThat(failed?.finishedAt !== null, 'A failed event has no time at which it ended.')
      await elapse(DAY)
      expectEqual(await inbox.due(10), [], 'An event that was given up is due.')
      const again = await inbox.claim(anEvent(), LEASE_MS)
      expectFields(again, { status: 'claimed' }, 'A failed event cannot be tried again.')
      const open = { status: 'open', reason: null, finishedAt: null, attempts: 3 } as const
      expectFields(await inbox.find('msg_1'), open, 'A failed event that is claimed must be open.')
    },
  },
  {
    id: 'finish-drops-the-body',
    title: 'the body is gone from the database once the event is done or discarded, and not before',
    async run({ inbox, probe }) {
      const bodyOf = async (id: string) => (await probe.inbox()).find((row) => row.id === id)?.body
      const ids = ['msg_1', 'msg_2', 'msg_3', 'msg_4'] as const
      const owners: string[] = []
      for (const id of ids) owners.push(await claimed(inbox, anEvent({ id })))
      const [done = '', discarded = '', failed = ''] = owners
      expectEqual(await bodyOf('msg_1'), anEvent().body, 'The body must be kept until done.')
      await inbox.finish('msg_1', done, 'done')
      await inbox.finish('msg_2', discarded, 'discarded')
      await inbox.finish('msg_3', failed, 'failed')
      for (const id of ['msg_1', 'msg_2'])
        expectThat(!(await bodyOf(id)), 'A body, with the personal data in it, outlives its event.')
      expectEqual(
        await bodyOf('msg_3'),
        anEvent().body,
        'The body of a failed event is needed to try it again.',
      )
      expectEqual(await bodyOf('msg_4'), anEvent().body, "finish dropped another event's body.")
    },
  },
  {
    id: 'event-round-trips',
    title: 'an event comes back byte for byte, up to a body of 1 MiB',
    async run({ inbox, elapse }) {
      const body = `{"data":"${'Zoë 🦊 \\u0000 \\\\ $set '.repeat(60_000)}`
      const event = anEvent({
        body: body.slice(0, 1_000_000),
        subjects: ['user_ada', 'org_acme', 'sess_1', 'orgmem_1', 'orginv_1'],
        timestamp: anEvent().timestamp + 7,
      })
      await inbox.claim(event, 1)
      await elapse(2)
      const fault = 'Another event is answered than was claimed.'
      const known = { status: 'open', attempts: 1, succeeded: [], error: null, reason: null } as const
      expectFields(await inbox.find('msg_1'), { ...event, ...known, finishedAt: null }, fault)
      expectFields((await inbox.due(1))[0] ?? null, event, fault)
      expectFields((await inbox.list({ limit: 1 })).events[0] ?? null, event, fault)
      // A second delivery under the same id is the same event: what was stored first stays.
      await inbox.claim({ ...event, type: 'user.created', body: '{}' }, 1)
      expectFields(await inbox.find('msg_1'), event, 'A second claim replaced the event.')
    },
  },
  {
    id: 'due-longest-first',
    title: 'due answers open events whose time has come and that no caller holds, the longest due first',
    async run({ inbox, elapse }) {
      for (const [id, retryAfterMs] of [
        ['msg_b', 2 * MINUTE],
        ['msg_a', MINUTE],
        ['msg_later', DAY],
        ['msg_c', 3 * MINUTE],
      ] as const) {
        await inbox.release(id, await claimed(inbox, anEvent({ id })), { error: 'again', retryAfterMs })
      }
      await inbox.finish('msg_done', await claimed(inbox, anEvent({ id: 'msg_done' })), 'done')
      await elapse(10 * MINUTE)
      await inbox.claim(anEvent({ id: 'msg_held' }), LEASE_MS)
      const ids = async (limit: number) => (await inbox.due(limit)).map(({ id }) => id)
      const fault = 'due must answer open events that nobody holds, the longest due first.'
      expectEqual(await ids(10), ['msg_a', 'msg_b', 'msg_c'], fault)
      expectEqual(await ids(2), ['msg_a', 'msg_b'], 'due must obey its limit, and leave out the latest.')
      expectEqual(await ids(0), [], 'A limit of 0 must answer nothing.')
      await elapse(LEASE_MS + 1)
      expectEqual((await ids(10)).includes('msg_held'), true, 'The event of a killed process is never due.')
    },
  },
  {
    id: 'list-pages',
    title: 'list answers every event once, newest first, in pages, also while others arrive',
    async run({ inbox, elapse }) {
      const ids = ['msg_1', 'msg_2', 'msg_3', 'msg_4', 'msg_5']
      // Some in one millisecond, some not.
      for (const [index, id] of ids.entries()) {
        await inbox.claim(anEvent({ id }), LEASE_MS)
        if (index % 2 === 1) await elapse(5000)
      }
      const found: string[] = []
      let after: string | null = null
      for (let pages = 0; pages < 10; pages++) {
        const query: { limit: number; after?: string } = { limit: 2, ...(after !== null && { after }) }
        const page: { events: StoredEvent[]; next: string | null } = await inbox.list(query)
        expectThat(page.events.length <= 2, 'list must obey its limit.', page.events.length)
        found.push(...page.events.map(({ id }) => id))
        after = page.next
        if (after === null) break
        await inbox.claim(anEvent({ id: `msg_new${pages}` }), LEASE_MS)
      }
      expectEqual([...found].sort(), ids, 'The pages of a list lose an event, or answer one twice.')
      const group = (id: string) => (id === 'msg_5' ? 0 : id > 'msg_2' ? 1 : 2)
      const order = found.map(group)
      expectEqual(order, [...order].sort(), 'A list must begin with the newest.')
      expectEqual(after, null, 'The last page must say that it is the last.')
    },
  },
  {
    id: 'list-filters',
    title: 'list answers what has the status, the type and the time that are asked for',
    async run({ inbox, elapse }) {
      const done = anEvent({ id: 'msg_done', type: 'user.created' })
      await inbox.finish(done.id, await claimed(inbox, done), 'done')
      await inbox.finish('msg_failed', await claimed(inbox, anEvent({ id: 'msg_failed' })), 'failed')
      await elapse(10 * MINUTE)
      await inbox.claim(anEvent({ id: 'msg_open' }), LEASE_MS)
      const since = (await inbox.find('msg_open'))?.receivedAt ?? 0
      const ids = async (query: object) =>
        (await inbox.list({ limit: 10, ...query })).events.map(({ id }) => id).sort()
      const fault = 'list answers other events than were asked for.'
      for (const status of ['open', 'done', 'failed'] as const)
        expectEqual(await ids({ status }), [`msg_${status}`], fault)
      expectEqual(await ids({ status: 'discarded' }), [], fault)
      expectEqual(await ids({ type: 'user.created' }), ['msg_done'], fault)
      expectEqual(
        await ids({ since }),
        ['msg_open'],
        'since must take events of that very moment, and none before.',
      )
      expectEqual(await ids({ type: 'user.updated', status: 'failed', since: 0 }), ['msg_failed'], fault)
    },
  },
])
