import { expectEqual } from '../expect.js'
import { anEvent, T } from '../samples.js'
import { count, times } from './answers.js'
import type { Race } from './race.js'

const LEASE = T + 60_000

export const inboxRaces: readonly Race[] = [
  {
    id: 'race-claim',
    title: 'of many claims of a new event exactly one is told that it is claimed',
    entity: 'inbox',
    rounds: 20,
    round: (name) => ({
      calls: times(8, (index) => ({
        op: 'claim',
        input: { event: anEvent({ id: `msg_${name}` }), now: T, leaseUntil: LEASE + index },
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
    round(name, { inbox }) {
      const event = anEvent({ id: `msg_${name}` })
      return {
        async prepare() {
          await inbox.claim(event, T, LEASE)
        },
        calls: times(8, () => ({ op: 'claim', input: { event, now: LEASE, leaseUntil: LEASE + 60_000 } })),
        async check(answers) {
          expectEqual(count(answers, 'claimed'), 1, 'Not exactly one of several claims got an expired lease.')
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
      return {
        async prepare() {
          await inbox.claim(event, T, LEASE)
        },
        calls: times(6, (index) => ({
          op: 'succeeded',
          input: { id: event.id, handler: `handler-${index}` },
        })),
        async check() {
          const claim = await inbox.claim(event, LEASE, LEASE + 1)
          const names = claim.status === 'claimed' ? [...claim.succeeded].sort() : claim
          const all = times(6, (index) => `handler-${index}`)
          expectEqual(names, all, 'A handler that succeeded beside another is forgotten: it would run again.')
        },
      }
    },
  },
]
