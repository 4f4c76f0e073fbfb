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
  spoil,
} from '../expect.js'
import { aChange, anEvent, badIds, claimed, DAY, LEASE_MS } from '../samples.js'

export const inboxEventCases = casesOf('inbox', [
  {
    id: 'discard-earlier',
    title: 'an erasure discards open and failed events of its subject, and their bodies, and no others',
    async run({ inbox, probe }) {
      const event = (id: string, subjects: string[], type = 'session.created') =>
        anEvent({ id, type, subjects, body: `{"data":"${id}"}` })
      const owners = new Map<string, string>()
      for (const one of [
        event('msg_deletion', ['user_ada'], 'user.deleted'),
        event('msg_open', ['user_ada']),
        event('msg_second', ['sess_1', 'user_ada']),
        event('msg_failed', ['user_ada']),
        event('msg_done', ['user_ada']),
        event('msg_other', ['user_grace']),
        event('msg_longer', ['user_ada2', 'xuser_ada']),
      ]) {
        owners.set(one.id, await claimed(inbox, one))
      }
      await inbox.finish('msg_failed', owners.get('msg_failed') ?? '', 'failed', 'attempts-exhausted')
      await inbox.finish('msg_done', owners.get('msg_done') ?? '', 'done')
      const count = await inbox.discardEarlier('user_ada', { exceptId: 'msg_deletion' })
      expectEqual(count, 3, 'discardEarlier must answer how many events it discarded.')
      const bodies = new Map((await probe.inbox()).map(({ id, body }) => [id, body]))
      for (const id of ['msg_open', 'msg_second', 'msg_failed']) {
        const expected = { status: 'discarded', reason: 'subject-erased' } as const
        expectFields(await inbox.find(id), expected, 'An event of an erased subject must be discarded.')
        expectThat(!bodies.get(id), 'A body of an erased subject is still in the database.')
        const late = await inbox.finish(id, owners.get(id) ?? '', 'done')
        expectEqual(late, false, 'The owner of a discarded event was not told that the lease was lost.')
        expectEqual((await inbox.claim(event(id, []), 1)).status, 'done', 'A discarded event came back.')
      }
      for (const id of ['msg_deletion', 'msg_other', 'msg_longer']) {
        expectFields(await inbox.find(id), { status: 'open' }, 'Another event was discarded.')
        expectThat(!!bodies.get(id), 'The body of another event was dropped.')
      }
      expectFields(await inbox.find('msg_done'), { status: 'done' }, 'A done event was changed.')
    },
  },
  {
    id: 'prune-finished-ones-only',
    title: 'a prune removes what was finished before the time, and keeps what is open, however old',
    async run({ inbox, probe, elapse }) {
      const finish = async (status: 'done' | 'failed' | 'discarded') => {
        const id = `msg_${status}`
        await inbox.finish(id, await claimed(inbox, anEvent({ id })), status)
      }
      for (const id of ['msg_open', 'msg_released']) await claimed(inbox, anEvent({ id }))
      for (const status of ['done', 'failed', 'discarded'] as const) await finish(status)
      await elapse(31 * DAY)
      await inbox.finish('msg_young', await claimed(inbox, anEvent({ id: 'msg_young' })), 'done')
      const released = await claimed(inbox, anEvent({ id: 'msg_released' }))
      await inbox.release('msg_released', released, { error: 'again', retryAfterMs: 0 })
      await elapse(DAY)
      expectEqual(await inbox.prune(30 * DAY), 3, 'prune must answer how many events it removed.')
      const left = (await probe.inbox()).map(({ id }) => id).sort()
      const kept = ['msg_open', 'msg_released', 'msg_young']
      expectEqual(left, kept, 'prune removes what was finished before the time, and no others.')
      expectEqual(await inbox.prune(30 * DAY), 0, 'A second prune finds nothing.')
    },
  },
  {
    id: 'unknown-is-harmless',
    title: 'a step of an event that is not there (any more) answers false and makes no row',
    async run({ inbox, probe }) {
      const owner = await claimed(inbox, anEvent({ id: 'msg_other' }))
      const calls = [
        inbox.renew('msg_gone', owner, LEASE_MS),
        inbox.succeeded('msg_gone', owner, 'mail'),
        inbox.release('msg_gone', owner, { error: 'error', retryAfterMs: 0 }),
        inbox.finish('msg_gone', owner, 'done'),
      ]
      expectEqual(await Promise.all(calls), [false, false, false, false], 'A missing event was written to.')
      expectEqual(await inbox.find('msg_gone'), null, 'An event that is not there must be null.')
      expectEqual((await probe.inbox()).length, 1, 'An event without type or subjects was made up.')
    },
  },
  {
    id: 'ids-are-exact',
    title: 'ids that differ only in case are two events',
    async run({ inbox }) {
      await inbox.claim(anEvent({ id: 'msg_aB' }), LEASE_MS)
      const { status } = await inbox.claim(anEvent({ id: 'msg_Ab' }), LEASE_MS)
      expectEqual(status, 'claimed', 'Another event was taken for this one: it would be lost.')
      const discarded = await inbox.discardEarlier('USER_ADA', { exceptId: 'msg_1' })
      expectEqual(discarded, 0, 'Another subject was taken for this one: its events would be lost.')
    },
  },
  {
    id: 'bad-ids-refused',
    title: 'an id that is no id is refused before any query, and nothing is written',
    async run({ inbox }) {
      const owner = await claimed(inbox)
      const state = async () =>
        canonical([await inbox.find('msg_1'), (await inbox.changesSince(null, 10)).changes])
      const before = await state()
      for (const [description, bad] of badIds) {
        await expectRefused(
          {
            claim: () => inbox.claim(anEvent({ id: bad }), LEASE_MS),
            renew: () => inbox.renew(bad, owner, LEASE_MS),
            succeeded: () => inbox.succeeded(bad, owner, 'mail'),
            release: () => inbox.release(bad, owner, { error: 'error', retryAfterMs: 0 }),
            finish: () => inbox.finish(bad, owner, 'done'),
            find: () => inbox.find(bad),
            discardEarlier: () => inbox.discardEarlier(bad, { exceptId: 'msg_2' }),
            append: () => inbox.append(aChange({ id: bad })),
            'append (subjects)': () => inbox.append(aChange({ subjects: [bad] })),
            ...(bad !== null && { 'append (narrows)': () => inbox.append(aChange({ narrows: bad })) }),
          },
          description,
        )
        for (const call of ['renew', 'succeeded', 'finish'] as const) {
          const asBad = {
            renew: () => inbox.renew('msg_1', bad, LEASE_MS),
            succeeded: () => inbox.succeeded('msg_1', bad, 'mail'),
            finish: () => inbox.finish('msg_1', bad, 'done'),
          }
          await expectRejection(asBad[call], 'StoreInputError', `${call} took ${description} for an owner.`)
        }
      }
      for (const bad of [Number.NaN, -1, 0.5, '1' as unknown as number]) {
        const calls = {
          claim: () => inbox.claim(anEvent({ id: 'msg_2' }), bad),
          renew: () => inbox.renew('msg_1', owner, bad),
          release: () => inbox.release('msg_1', owner, { error: 'error', retryAfterMs: bad }),
          due: () => inbox.due(bad),
          list: () => inbox.list({ limit: bad }),
          prune: () => inbox.prune(bad),
          changesSince: () => inbox.changesSince(null, bad),
          revocations: () => inbox.revocations(null, bad),
        }
        for (const [name, call] of Object.entries(calls))
          await expectRejection(call, 'StoreInputError', `${name} took ${String(bad)} for a number.`)
      }
      for (const bad of ['', 'x', '1; DROP TABLE', {} as unknown as string]) {
        const calls = {
          changesSince: () => inbox.changesSince(bad, 10),
          revocations: () => inbox.revocations(bad, 10),
          list: () => inbox.list({ limit: 10, after: bad }),
        }
        for (const [name, call] of Object.entries(calls))
          await expectRejection(call, 'StoreInputError', `${name} took ${canonical(bad)} for a position.`)
      }
      expectEqual(await state(), before, 'A refused call changed something.')
    },
  },
  {
    id: 'outage-is-no-answer',
    title: 'an inbox that cannot be reached says so, in every method, and recovers by itself',
    needs: ['outage'],
    async run({ inbox, breakConnection }) {
      const owner = await claimed(inbox)
      const calls = {
        claim: () => inbox.claim(anEvent({ id: 'msg_2' }), LEASE_MS),
        renew: () => inbox.renew('msg_1', owner, LEASE_MS),
        succeeded: () => inbox.succeeded('msg_1', owner, 'mail'),
        release: () => inbox.release('msg_1', owner, { error: 'error', retryAfterMs: 0 }),
        finish: () => inbox.finish('msg_1', owner, 'done'),
        due: () => inbox.due(1),
        find: () => inbox.find('msg_1'),
        list: () => inbox.list({ limit: 1 }),
        discardEarlier: () => inbox.discardEarlier('user_ada', { exceptId: 'msg_2' }),
        prune: () => inbox.prune(DAY),
        append: () => inbox.append(aChange()),
        changesSince: () => inbox.changesSince(null, 1),
        revocations: () => inbox.revocations(null, 1),
        ...(inbox.ping && { ping: async () => inbox.ping?.() }),
      }
      await expectOutage(breakConnection, calls)
      const found = await afterOutage(() => inbox.find('msg_1'))
      expectFields(found, { status: 'open', attempts: 1 }, 'The inbox did not recover as it was.')
    },
  },
  {
    id: 'answers-are-copies',
    title: 'what the caller does to an answer or an event does not reach the inbox',
    async run({ inbox }) {
      const subjects = ['user_ada']
      const owner = await claimed(inbox, anEvent({ subjects }))
      const change = aChange({ subjects: ['user_ada'] })
      await inbox.append(change)
      await inbox.succeeded('msg_1', owner, 'mail')
      spoil(subjects, { 0: 'spoilt' })
      spoil(change.subjects, { 0: 'spoilt' })
      const changes = async () => (await inbox.changesSince(null, 10)).changes
      spoil((await changes())[0]?.subjects, { 0: 'spoilt' })
      const found = await inbox.find('msg_1')
      spoil(found?.succeeded, { 0: 'spoilt' })
      spoil(found?.subjects, { 0: 'spoilt' })
      const fault = "An answer is the inbox's own object: changing it changed the row."
      expectFields(await inbox.find('msg_1'), { subjects: ['user_ada'], succeeded: ['mail'] }, fault)
      expectEqual((await changes())[0]?.subjects, ['user_ada'], fault)
    },
  },
])
