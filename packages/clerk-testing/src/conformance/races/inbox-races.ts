import { expectEqual, fail } from '../expect.js'
import { aChange, anEvent, claimed, LEASE_MS } from '../samples.js'
import { count, times } from './answers.js'
import type { Race } from './race.js'

export const inboxRaces: readonly Race[] = [
  {
    id: 'race-claim',
    title: 'of many claims of a new event exactly one is told that it is claimed',
    entity: 'inbox',
    rounds: 20,
    round: (name) => ({
      calls: times(8, (index) => ({
        op: 'claim',
        input: { event: anEvent({ id: `msg_${name}` }), leaseMs: LEASE_MS + index },
      })),
      async check(answers) {
        expectEqual(count(answers, 'claimed'), 1, 'Not exactly one of several claims got the event.')
        expectEqual(
          count(answers, 'busy'),
          answers.length - 1,
          'The other claims must be told that it is busy.',
        )
      },
    }),
  },
  {
    id: 'race-expired-lease',
    title: 'of many claims of a lease that ran out exactly one gets it',
    entity: 'inbox',
    rounds: 20,
    round(name, { inbox, elapse }) {
      const event = anEvent({ id: `msg_${name}` })
      return {
        async prepare() {
          await inbox.claim(event, LEASE_MS)
          await elapse(LEASE_MS + 1)
        },
        calls: times(8, () => ({ op: 'claim', input: { event, leaseMs: LEASE_MS } })),
        async check(answers) {
          expectEqual(count(answers, 'claimed'), 1, 'Not exactly one of several claims got an expired lease.')
        },
      }
    },
  },
  {
    id: 'race-two-claimers',
    title: 'an owner that is late and one that claims meanwhile are never both right',
    entity: 'inbox',
    rounds: 20,
    round(name, { inbox, elapse }) {
      const event = anEvent({ id: `msg_${name}` })
      let owner = ''
      return {
        async prepare() {
          owner = await claimed(inbox, event)
          await elapse(LEASE_MS + 1)
        },
        get calls() {
          return [
            { op: 'finish', input: { id: event.id, owner } } as const,
            ...times(3, () => ({ op: 'claim', input: { event, leaseMs: LEASE_MS } }) as const),
          ]
        },
        async check(answers) {
          const winners = count(answers, 'finished') + count(answers, 'claimed')
          expectEqual(winners, 1, 'Not exactly one of a late owner and those that claim holds the event.')
        },
      }
    },
  },
  {
    id: 'race-handlers',
    title: 'handlers that succeed side by side are all remembered',
    entity: 'inbox',
    rounds: 15,
    round(name, { inbox }) {
      const event = anEvent({ id: `msg_${name}` })
      let owner = ''
      return {
        async prepare() {
          owner = await claimed(inbox, event)
        },
        get calls() {
          return times(
            6,
            (index) =>
              ({ op: 'succeeded', input: { id: event.id, owner, handler: `handler-${index}` } }) as const,
          )
        },
        async check() {
          const names = [...((await inbox.find(event.id))?.succeeded ?? [])].sort()
          const all = times(6, (index) => `handler-${index}`)
          expectEqual(names, all, 'A handler that succeeded beside another is forgotten: it would run again.')
        },
      }
    },
  },
  {
    id: 'race-append',
    title: 'a reader misses none of the entries of fifty writers at once',
    entity: 'inbox',
    rounds: 3,
    round(name, { inbox }) {
      const ids = times(50, (index) => `msg_${name}_${String(index).padStart(2, '0')}`)
      let position: string | null = null
      const seen: string[] = []
      let reading = true
      let reader: Promise<void> = Promise.resolve()
      const look = async () => {
        for (let pages = 0; pages < 1000; pages++) {
          const page: Awaited<ReturnType<typeof inbox.changesSince>> = await inbox.changesSince(position, 7)
          seen.push(...page.changes.map(({ id }) => id))
          position = page.position
          if (!page.more) return
        }
        fail('The pages of the log do not end.')
      }
      return {
        async prepare() {
          await look()
          seen.length = 0
          // Beside the writers, where what is committed late is passed by.
          reader = (async () => {
            while (reading) {
              await look()
              await new Promise((resolve) => setImmediate(resolve))
            }
          })()
        },
        calls: ids.map((id) => ({ op: 'append', input: aChange({ id, narrows: id }) })),
        async check() {
          reading = false
          await reader
          await look()
          expectEqual([...seen].sort(), ids, 'A reader misses entries of writers at once, or sees one twice.')
        },
      }
    },
  },
]
