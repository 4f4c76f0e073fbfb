import { casesOf } from '../case.js'
import {
  afterOutage,
  canonical,
  expectEqual,
  expectFields,
  expectOutage,
  expectRefused,
  expectRejection,
  expectThat,
} from '../expect.js'
import { anEvent, badIds, T } from '../samples.js'

const LEASE = T + 60_000

export const inboxClaimCases = casesOf('inbox', [
  {
    id: 'claim-takes-the-lease',
    title: 'a new event is claimed, and busy for everybody else until its lease runs out',
    async run({ inbox }) {
      const first = await inbox.claim(anEvent(), T, LEASE)
      expectEqual(first, { status: 'claimed', succeeded: [] }, 'A new event must be claimed.')
      const busy = { status: 'busy', leaseUntil: LEASE }
      const second = await inbox.claim(anEvent(), T + 1, LEASE + 1)
      expectEqual(second, busy, 'Two callers claimed one event.')
      const last = await inbox.claim(anEvent(), LEASE - 1, LEASE + 1)
      expectEqual(last, busy, 'A lease that has a millisecond left was given away, or was extended.')
      const { status } = await inbox.claim(anEvent(), LEASE, LEASE + 60_000)
      expectEqual(status, 'claimed', 'A lease that ran out must be free: the process may have been killed.')
    },
  },
  {
    id: 'succeeded-is-remembered',
    title: 'the handlers that succeeded are known to the next claim',
    async run({ inbox }) {
      await inbox.claim(anEvent(), T, LEASE)
      await inbox.succeeded('msg_1', 'mail')
      await inbox.succeeded('msg_1', 'billing.$set')
      await inbox.succeeded('msg_1', 'mail')
      const again = await inbox.claim(anEvent(), LEASE, LEASE + 60_000)
      const names = again.status === 'claimed' ? [...again.succeeded].sort() : again
      const fault = 'A handler that succeeded is forgotten by the next claim: it would run again.'
      expectEqual(names, ['billing.$set', 'mail'], fault)
      await inbox.release('msg_1', 'again')
      const third = await inbox.claim(anEvent(), LEASE + 1, LEASE + 60_000)
      expectThat(third.status === 'claimed' && third.succeeded.length === 2, fault, third)
    },
  },
  {
    id: 'release-keeps-open',
    title: 'a released event is free at once, open, and says why',
    async run({ inbox, probe }) {
      await inbox.claim(anEvent(), T, LEASE)
      await inbox.release('msg_1', 'Handler "mail" failed.')
      const [pending] = await inbox.pending(10)
      const open = { id: 'msg_1', error: 'Handler "mail" failed.', attempts: 1, body: anEvent().body }
      expectFields(pending ?? null, open, 'A released event must stay open, with its error and its body.')
      expectEqual((await probe.inbox()).length, 1, 'A released event is gone from the database.')
      const { status } = await inbox.claim(anEvent(), T + 1, LEASE)
      expectEqual(status, 'claimed', 'A released event must be free at once.')
      const attempts = (await inbox.pending(10))[0]?.attempts
      expectEqual(attempts, 2, 'attempts must count the claims.')
    },
  },
  {
    id: 'done-stays-done',
    title: 'a done event is done for every later claim',
    async run({ inbox }) {
      await inbox.claim(anEvent(), T, LEASE)
      await inbox.done('msg_1', T + 1)
      await inbox.done('msg_1', T + 2)
      const again = await inbox.claim(anEvent(), LEASE + 1, LEASE + 60_000)
      expectEqual(again, { status: 'done' }, 'A replay of an event that is done must answer done.')
      await inbox.release('msg_1', 'too late')
      const released = await inbox.claim(anEvent(), LEASE + 1, LEASE + 60_000)
      expectEqual(released, { status: 'done' }, 'A release after done opened the event again.')
      expectEqual(await inbox.pending(10), [], 'A done event is pending.')
    },
  },
  {
    id: 'done-drops-the-body',
    title: 'the body is gone from the database once the event is done, and not before',
    async run({ inbox, probe }) {
      const bodyOf = async (id: string) => (await probe.inbox()).find((row) => row.id === id)?.body
      await inbox.claim(anEvent(), T, LEASE)
      await inbox.claim(anEvent({ id: 'msg_2' }), T, LEASE)
      await inbox.applied('msg_1', T)
      expectEqual(await bodyOf('msg_1'), anEvent().body, 'The body must be kept until done.')
      await inbox.done('msg_1', T + 1)
      expectThat(!(await bodyOf('msg_1')), 'A body, with the personal data in it, outlives done.')
      expectEqual(await bodyOf('msg_2'), anEvent().body, "done dropped another event's body.")
    },
  },
  {
    id: 'event-round-trips',
    title: 'an event comes back byte for byte, up to a body of 1 MiB',
    async run({ inbox }) {
      const body = `{"data":"${'Zoë 🦊 \\u0000 \\\\ $set '.repeat(60_000)}`
      const event = anEvent({
        body: body.slice(0, 1_000_000),
        subjects: ['user_ada', 'org_acme', 'sess_1', 'orgmem_1', 'orginv_1'],
        timestamp: T + 7,
      })
      await inbox.claim(event, T, LEASE)
      const [found] = await inbox.pending(1)
      const known = { attempts: 1, succeeded: [], appliedAt: null, leaseUntil: LEASE, error: null }
      expectFields(found ?? null, { ...event, ...known }, 'pending answers another event than was claimed.')
    },
  },
  {
    id: 'pending-oldest-first',
    title: 'pending answers open events, oldest first, up to the limit',
    async run({ inbox }) {
      for (const [id, timestamp] of [
        ['msg_c', T + 30],
        ['msg_a', T + 10],
        ['msg_done', T],
        ['msg_b', T + 20],
      ] as const) {
        await inbox.claim(anEvent({ id, timestamp }), T + 50, LEASE)
      }
      await inbox.done('msg_done', T + 60)
      const ids = async (limit: number) => (await inbox.pending(limit)).map(({ id }) => id)
      expectEqual(
        await ids(10),
        ['msg_a', 'msg_b', 'msg_c'],
        'pending must answer open events, oldest first.',
      )
      expectEqual(await ids(2), ['msg_a', 'msg_b'], 'pending must obey its limit, and leave out the newest.')
    },
  },
  {
    id: 'ids-are-exact',
    title: 'ids that differ only in case are two events',
    async run({ inbox }) {
      await inbox.claim(anEvent({ id: 'msg_aB' }), T, LEASE)
      const { status } = await inbox.claim(anEvent({ id: 'msg_Ab' }), T, LEASE)
      expectEqual(status, 'claimed', 'Another event was taken for this one: it would be lost.')
    },
  },
  {
    id: 'bad-ids-refused',
    title: 'an id that is no id is refused before any query, and nothing is written',
    async run({ inbox }) {
      await inbox.claim(anEvent(), T, LEASE)
      const before = canonical(await inbox.pending(10))
      for (const [description, bad] of badIds) {
        const calls = {
          claim: () => inbox.claim(anEvent({ id: bad }), T, LEASE),
          applied: () => inbox.applied(bad, T),
          succeeded: () => inbox.succeeded(bad, 'mail'),
          release: () => inbox.release(bad, 'error'),
          done: () => inbox.done(bad, T),
        }
        await expectRefused(calls, description)
      }
      for (const bad of [Number.NaN, '1' as unknown as number]) {
        const claim = () => inbox.claim(anEvent({ id: 'msg_2' }), bad, LEASE)
        await expectRejection(claim, 'StoreInputError', `claim took ${String(bad)} for a time.`)
        const look = () => inbox.changesSince(bad)
        await expectRejection(look, 'StoreInputError', `changesSince took ${String(bad)} for a time.`)
        const prune = () => inbox.prune(bad)
        await expectRejection(prune, 'StoreInputError', `prune took ${String(bad)} for a time.`)
      }
      for (const bad of [Number.NaN, -1, 0.5]) {
        const pending = () => inbox.pending(bad)
        await expectRejection(pending, 'StoreInputError', `pending took ${bad} for a limit.`)
      }
      expectEqual(await inbox.pending(0), [], 'A limit of 0 must answer nothing.')
      expectEqual(canonical(await inbox.pending(10)), before, 'A refused call changed an event.')
    },
  },
  {
    id: 'outage-is-no-answer',
    title: 'an inbox that cannot be reached says so, in every method, and recovers by itself',
    needs: ['outage'],
    async run({ inbox, breakConnection }) {
      await inbox.claim(anEvent(), T, LEASE)
      const calls = {
        claim: () => inbox.claim(anEvent({ id: 'msg_2' }), T, LEASE),
        applied: () => inbox.applied('msg_1', T),
        succeeded: () => inbox.succeeded('msg_1', 'mail'),
        release: () => inbox.release('msg_1', 'error'),
        done: () => inbox.done('msg_1', T),
        pending: () => inbox.pending(1),
        changesSince: () => inbox.changesSince(T),
        prune: () => inbox.prune(T),
        ...(inbox.ping && { ping: async () => inbox.ping?.() }),
      }
      await expectOutage(breakConnection, calls)
      expectEqual(
        (await afterOutage(() => inbox.pending(10))).length,
        1,
        'The inbox did not recover as it was.',
      )
    },
  },
])
