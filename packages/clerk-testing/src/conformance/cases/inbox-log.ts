import type { Change, Inbox } from '@acme/clerk-core/store'
import { casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat } from '../expect.js'
import { aChange, DAY, MINUTE } from '../samples.js'

/** All pages from a position on. */
async function readOn(inbox: Inbox, from: string | null, limit = 100) {
  const changes: Change[] = []
  let position = from
  for (let pages = 0; pages < 1000; pages++) {
    const page = await inbox.changesSince(position, limit)
    expectThat(page.changes.length <= limit, 'changesSince must obey its limit.', page.changes.length)
    changes.push(...page.changes)
    position = page.position
    if (!page.more) return { ids: changes.map(({ id }) => id), changes, position }
  }
  throw new Error('The pages of the log do not end.')
}

async function readRevocations(inbox: Inbox, limit: number): Promise<Change[]> {
  const changes: Change[] = []
  let position: string | null = null
  for (let pages = 0; pages < 1000; pages++) {
    const page: Awaited<ReturnType<Inbox['revocations']>> = await inbox.revocations(position, limit)
    changes.push(...page.changes)
    position = page.position
    if (!page.more) return changes
  }
  throw new Error('The pages of the revocations do not end.')
}

export const inboxLogCases = casesOf('inbox', [
  {
    id: 'log-keeps-the-order',
    title: 'the log answers each entry once, in the order in which they were appended, with what it holds',
    async run({ inbox }) {
      const given = [
        aChange({ id: 'msg_1', narrows: 'user_ada', version: 1_700_000_000_123 }),
        aChange({ id: 'msg_1' }),
        aChange({ id: 'own-2', type: 'session.signed_out', subjects: ['sess_1'], narrows: 'sess_1' }),
        aChange({ id: 'msg_3', type: 'x.y', subjects: [] }),
        aChange({
          id: 'msg_4',
          subjects: ['orgmem_1', 'org_1', 'user_1'],
          narrows: 'org_1:user_1',
          version: 0,
        }),
      ]
      const places: { position: string; at: number }[] = []
      for (const change of given) places.push(await inbox.append(change))
      const { changes, position } = await readOn(inbox, null)
      const expected = given.map((change, index) => ({ ...change, ...places[index] }))
      expectEqual(changes, expected, 'The log answers something else than was appended, or in another order.')
      expectEqual((await readOn(inbox, position)).ids, [], 'An entry is answered again.')
      await inbox.append(aChange({ id: 'msg_5' }))
      expectEqual((await readOn(inbox, position)).ids, ['msg_5'], 'A new entry is not answered.')
      expectEqual(new Set(places.map((place) => place.position)).size, 5, 'Two entries have one position.')
    },
  },
  {
    id: 'log-has-the-store-time',
    title: 'an entry has the time of the store, which every page tells',
    async run({ inbox, elapse }) {
      const { now: before } = await inbox.changesSince(null, 1)
      const { at } = await inbox.append(aChange())
      const { now: after, changes } = await inbox.changesSince(null, 1)
      expectThat(before <= at && at <= after, 'An entry has another time than the store.', [
        before,
        at,
        after,
      ])
      await elapse(MINUTE)
      const late = await inbox.revocations(null, 1)
      const aged = (await inbox.changesSince(null, 1)).changes[0]
      const age = late.now - (aged?.at ?? changes[0]?.at ?? 0)
      expectThat(age >= MINUTE, 'The time of an entry is not by the clock that the pages tell.', age)
    },
  },
  {
    id: 'log-pages',
    title: 'a page limit loses nothing',
    async run({ inbox }) {
      const { position } = await inbox.changesSince(null, 1)
      const ids = Array.from({ length: 11 }, (_, index) => `msg_${index}`)
      for (const id of ids) await inbox.append(aChange({ id }))
      for (const limit of [1, 3, 10, 11, 12])
        expectEqual((await readOn(inbox, position, limit)).ids, ids, `Pages of ${limit} lose an entry.`)
    },
  },
  {
    id: 'log-begins-about-now',
    title:
      'without a position the log answers what was written within the last two minutes, and goes on from there',
    async run({ inbox, elapse }) {
      await inbox.append(aChange({ id: 'msg_old' }))
      await elapse(2 * MINUTE + 1000)
      await inbox.append(aChange({ id: 'msg_recent' }))
      await elapse(2 * MINUTE - 10_000)
      await inbox.append(aChange({ id: 'msg_new' }))
      const { ids, position } = await readOn(inbox, null, 1)
      expectEqual(ids, ['msg_recent', 'msg_new'], 'A process that starts reads too little, or all the past.')
      await elapse(DAY)
      await inbox.append(aChange({ id: 'msg_next' }))
      expectEqual((await readOn(inbox, position)).ids, ['msg_next'], 'A position is lost as time goes by.')
    },
  },
  {
    id: 'log-empty-has-a-position',
    title: 'an empty log has a position, from which the first entry is read',
    async run({ inbox }) {
      const { position } = await readOn(inbox, null)
      await inbox.append(aChange({ id: 'msg_1' }))
      expectEqual((await readOn(inbox, position)).ids, ['msg_1'], 'The first entry of a log is missed.')
    },
  },
  {
    id: 'log-waits-for-late-entries',
    title: 'an entry whose transaction commits late is read, however far others have gone by then',
    needs: ['late-commits'],
    async run({ inbox, appendLate }) {
      const begin = (await readOn(inbox, null)).position
      await inbox.append(aChange({ id: 'msg_1' }))
      const commit = await appendLate(aChange({ id: 'msg_late' }))
      await inbox.append(aChange({ id: 'msg_2' }))
      const first = await readOn(inbox, begin)
      expectEqual(first.ids, ['msg_1', 'msg_2'], 'The log waits for a transaction that may never end.')
      await inbox.append(aChange({ id: 'msg_3' }))
      const second = await readOn(inbox, first.position, 1)
      expectEqual(second.ids, ['msg_3'], 'An entry is missed, or answered twice.')
      const started = await readOn(inbox, null)
      await commit()
      const third = await readOn(inbox, second.position, 1)
      expectEqual(third.ids, ['msg_late'], 'An entry that was committed late is missed.')
      expectEqual((await readOn(inbox, third.position)).ids, [], 'A late entry is answered for ever.')
      const other = await readOn(inbox, started.position)
      expectEqual(other.ids, ['msg_late'], 'A process that started meanwhile misses a late entry.')
    },
  },
  {
    id: 'log-begins-before-late-entries',
    title:
      'a process that starts reads what commits later, also where nothing was written for long before it',
    needs: ['late-commits'],
    async run({ inbox, appendLate, elapse }) {
      await inbox.append(aChange({ id: 'msg_old' }))
      await elapse(10 * MINUTE)
      const commit = await appendLate(aChange({ id: 'msg_late' }))
      await inbox.append(aChange({ id: 'msg_1' }))
      const started = await readOn(inbox, null)
      expectEqual(started.ids, ['msg_1'], 'A process that starts reads too little, or all the past.')
      await commit()
      const { ids } = await readOn(inbox, started.position)
      expectEqual(
        ids,
        ['msg_late'],
        'A process that starts in a quiet log misses an entry that commits late.',
      )
    },
  },
  {
    id: 'revocations-are-all-there',
    title: 'revocations answers every subject that lost a right, oldest first, in pages, however long ago',
    async run({ inbox, elapse }) {
      const narrowing = (subject: string, version: number | null = null) =>
        aChange({ id: `msg_${subject}_${version}`, narrows: subject, version, subjects: [subject] })
      await inbox.append(narrowing('sess_old'))
      await elapse(10 * DAY)
      for (const version of [1, 2, 3]) {
        await inbox.append(narrowing('user_ada', version))
        await inbox.append(aChange({ id: `msg_plain_${version}` }))
      }
      await inbox.append(narrowing('org_1:user_1', 7))
      for (const limit of [1, 2, 100]) {
        const found = await readRevocations(inbox, limit)
        const newest = new Map(found.map((change) => [change.narrows, change]))
        const subjects = [...newest.keys()]
        expectEqual(
          subjects,
          ['sess_old', 'user_ada', 'org_1:user_1'],
          'A revocation is missing, or out of order.',
        )
        const latest = newest.get('user_ada') ?? null
        expectFields(
          latest,
          { version: 3, subjects: ['user_ada'] },
          'The newest entry of a subject is left out.',
        )
        expectThat(
          found.every(({ narrows }) => narrows !== null),
          'An entry that narrows nothing is among the revocations.',
        )
      }
      await inbox.append(narrowing('user_grace'))
      const last = (await readRevocations(inbox, 2)).at(-1)?.narrows
      expectEqual(last, 'user_grace', 'A new revocation is missing.')
    },
  },
  {
    id: 'revocations-outlast-late-events',
    title:
      'an entry that says less, written later, hides no revocation and no higher version of the same subject',
    async run({ inbox }) {
      const narrowing = (subject: string, version: number | null) =>
        aChange({ id: `msg_${subject}_${version}`, narrows: subject, version, subjects: [subject] })
      // Deleted, and then a ban from before arrives; banned at 7, and then a ban of version 5.
      for (const [subject, version] of [
        ['user_ada', null],
        ['user_ada', 5],
        ['user_grace', 7],
        ['user_grace', 5],
      ] as const)
        await inbox.append(narrowing(subject, version))
      for (const limit of [1, 2, 3, 100]) {
        const found = (await readRevocations(inbox, limit)).map(({ id }) => id)
        for (const id of ['msg_user_ada_null', 'msg_user_ada_5', 'msg_user_grace_7'])
          expectThat(found.includes(id), 'A late event hides what was taken away before.', found)
      }
    },
  },
  {
    id: 'prune-shortens-the-log',
    title: 'a prune removes old entries of the log, and a reader goes on as if nothing had been',
    async run({ inbox, elapse, probe }) {
      await inbox.append(aChange({ id: 'msg_old', narrows: 'sess_old' }))
      const { position } = await readOn(inbox, null)
      await elapse(31 * DAY)
      await inbox.append(aChange({ id: 'msg_young', narrows: 'sess_young' }))
      await inbox.prune(30 * DAY)
      const left = (await probe.log()).map(({ id }) => id)
      expectEqual(left, ['msg_young'], 'prune removes old entries of the log, and no others.')
      const revoked = (await readRevocations(inbox, 10)).map(({ narrows }) => narrows)
      expectEqual(revoked, ['sess_young'], 'A revocation that was pruned is told, or another one is not.')
      expectEqual((await readOn(inbox, position)).ids, ['msg_young'], 'A prune made a reader miss an entry.')
      await elapse(DAY * 40)
      await inbox.prune(30 * DAY)
      await inbox.append(aChange({ id: 'msg_next' }))
      expectEqual(
        (await readOn(inbox, null)).ids,
        ['msg_next'],
        'After a prune of everything nothing is read.',
      )
    },
  },
])
