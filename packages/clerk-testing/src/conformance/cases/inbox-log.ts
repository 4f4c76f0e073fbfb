import { casesOf } from '../case.js'
import { expectEqual, expectFields, spoil } from '../expect.js'
import { anEvent, T } from '../samples.js'

const LEASE = T + 60_000

export const inboxLogCases = casesOf('inbox', [
  {
    id: 'changes-from-the-exact-moment',
    title: 'changesSince answers events applied at or after the time, in the order of their application',
    async run({ inbox }) {
      for (const [id, at] of [
        ['msg_late', T + 1],
        ['msg_exact', T],
        ['msg_before', T - 1],
        ['msg_open', null],
      ] as const) {
        await inbox.claim(anEvent({ id }), T - 5, LEASE)
        if (at !== null) await inbox.applied(id, at)
      }
      const change = { type: 'user.updated', subjects: ['user_ada', 'sess_1'] }
      expectEqual(
        await inbox.changesSince(T),
        [
          { id: 'msg_exact', ...change, appliedAt: T },
          { id: 'msg_late', ...change, appliedAt: T + 1 },
        ],
        'Other processes would miss a change, or read them in another order.',
      )
    },
  },
  {
    id: 'changes-outlive-done',
    title: 'a change is told while the event is open, and after it is done',
    async run({ inbox }) {
      const told = async () => (await inbox.changesSince(T)).map(({ id, subjects }) => [id, ...subjects])
      const change = [['msg_1', 'user_ada', 'sess_1']]
      await inbox.claim(anEvent(), T, LEASE)
      expectEqual(await told(), [], 'A change is told before it was applied.')
      await inbox.applied('msg_1', T)
      expectEqual(await told(), change, 'A change of an open event is not told: a handler may hang for long.')
      await inbox.release('msg_1', 'error')
      expectEqual(await told(), change, 'A change of a released event is not told.')
      await inbox.done('msg_1', T + 9)
      expectEqual(await told(), change, 'A done event loses its change: a revocation would not be learnt.')
    },
  },
  {
    id: 'applied-again-moves',
    title: 'an event that is applied again counts from then, also after done',
    async run({ inbox }) {
      const at = async () => (await inbox.changesSince(0)).map(({ appliedAt }) => appliedAt)
      await inbox.claim(anEvent(), T, LEASE)
      await inbox.applied('msg_1', T)
      await inbox.applied('msg_1', T + 5)
      expectEqual(await at(), [T + 5], 'A repeated apply must set the time anew.')
      expectEqual(await inbox.changesSince(T + 6), [], 'The time of a change is another than was given.')
      await inbox.done('msg_1', T + 6)
      await inbox.applied('msg_1', T + 7)
      expectEqual(await at(), [T + 7], 'A change applied after done (its lease had run out) is lost.')
      const claim = await inbox.claim(anEvent(), LEASE, LEASE + 1)
      expectEqual(claim, { status: 'done' }, 'A repeated apply opened a done event.')
    },
  },
  {
    id: 'prune-done-ones-only',
    title: 'a prune removes events done before the time, and no others',
    async run({ inbox, probe }) {
      for (const [id, doneAt] of [
        ['msg_old', T - 1],
        ['msg_exact', T],
        ['msg_open', null],
      ] as const) {
        await inbox.claim(anEvent({ id, timestamp: T - 900 }), T - 800, T - 700)
        await inbox.applied(id, T - 600)
        if (doneAt !== null) await inbox.done(id, doneAt)
      }
      expectEqual(await inbox.prune(T), 1, 'prune must answer how many events it removed.')
      const left = (await probe.inbox()).map(({ id }) => id).sort()
      expectEqual(
        left,
        ['msg_exact', 'msg_open'],
        'prune removes done events of before the time, and no others.',
      )
      expectEqual(await inbox.prune(T), 0, 'A second prune finds nothing.')
    },
  },
  {
    id: 'unknown-is-harmless',
    title: 'a step of an event that is not there (any more) makes no row and does not fail',
    async run({ inbox, probe }) {
      await inbox.applied('msg_gone', T)
      await inbox.succeeded('msg_gone', 'mail')
      await inbox.release('msg_gone', 'error')
      await inbox.done('msg_gone', T)
      expectEqual((await probe.inbox()).length, 0, 'An event without type or subjects was made up.')
    },
  },
  {
    id: 'answers-are-copies',
    title: 'what the caller does to an answer or an event does not reach the inbox',
    async run({ inbox }) {
      const subjects = ['user_ada']
      await inbox.claim(anEvent({ subjects }), T, LEASE)
      await inbox.succeeded('msg_1', 'mail')
      await inbox.applied('msg_1', T)
      spoil(subjects, { 0: 'spoilt' })
      spoil((await inbox.changesSince(T))[0]?.subjects, { 0: 'spoilt' })
      const [pending] = await inbox.pending(1)
      spoil(pending?.succeeded, { 0: 'spoilt' })
      spoil(pending?.subjects, { 0: 'spoilt' })
      const expected = { subjects: ['user_ada'], succeeded: ['mail'] }
      const [found] = await inbox.pending(1)
      expectFields(
        found ?? null,
        expected,
        "An answer is the inbox's own object: changing it changed the row.",
      )
    },
  },
])
