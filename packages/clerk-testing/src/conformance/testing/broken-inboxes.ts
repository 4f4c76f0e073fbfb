import type { Inbox, NewChange } from '@acme/clerk-core/store'
import type { BrokenStore } from './broken-stores.js'
import { interruption } from './interruption.js'
import type { Alter } from './memory-subject.js'

type Parts = Parameters<Alter>

/** An inbox with some of its methods replaced. */
const inbox =
  (replace: (inbox: Inbox, memory: Parts[1]) => Partial<Inbox>): Alter =>
  (stores, memory) => {
    const { inbox } = stores
    const whole = Object.fromEntries(Object.keys(inbox).map((name) => [name, Reflect.get(inbox, name)]))
    return { inbox: { ...(whole as unknown as Inbox), ...replace(whole as unknown as Inbox, memory) } }
  }

/** The token of the claim that holds each event now, as a store that does not compare it knows it. */
function currentOwners(inbox: Inbox) {
  const owners = new Map<string, string>()
  const claim: Inbox['claim'] = async (event, leaseMs) => {
    const answer = await inbox.claim(event, leaseMs)
    if (answer.status === 'claimed') owners.set(event.id, answer.owner)
    return answer
  }
  return { claim, of: (id: string, owner: string) => owners.get(id) ?? owner }
}

export const brokenInboxes: readonly BrokenStore[] = [
  {
    fault: 'passes the error of the driver on',
    alter: inbox((inbox) => ({
      claim: (...args) =>
        inbox.claim(...args).catch((error: unknown) => {
          throw error instanceof Error && error.name === 'StoreUnavailableError'
            ? Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
            : error
        }),
    })),
    says: /claim hides an outage.*ECONNREFUSED/,
    caughtBy: ['inbox/outage-is-no-answer'],
  },
  {
    fault: 'inbox: two claims of one event',
    alter: inbox((inbox) => ({
      async claim(event, leaseMs) {
        const claim = await inbox.claim(event, leaseMs)
        return claim.status === 'busy' ? { status: 'claimed', owner: 'x', attempts: 1, succeeded: [] } : claim
      },
    })),
    says: /Two callers claimed one event/,
    caughtBy: [
      'inbox/claim-takes-the-lease',
      'inbox/stale-owner-is-fenced',
      'inbox/renew-holds-longer',
      'inbox/race-claim',
      'inbox/race-expired-lease',
      'inbox/race-two-claimers',
    ],
  },
  {
    fault: 'inbox: looks whether the lease is free, then takes it',
    alter: inbox((inbox) => ({
      async claim(event, leaseMs) {
        const known = await inbox.find(event.id)
        const free = known === null || known.leaseUntil === null || known.leaseUntil <= Date.now()
        await interruption()
        const claim = await inbox.claim(event, leaseMs)
        return free && claim.status === 'busy'
          ? { status: 'claimed', owner: 'x', attempts: 1, succeeded: [] }
          : claim
      },
    })),
    says: /Not exactly one of several claims/,
    caughtBy: ['inbox/race-claim'],
  },
  {
    fault: 'inbox: forgets which handlers succeeded',
    alter: inbox((inbox) => ({
      async claim(...args) {
        const claim = await inbox.claim(...args)
        return claim.status === 'claimed' ? { ...claim, succeeded: [] } : claim
      },
    })),
    says: /forgotten by the next claim/,
    caughtBy: ['inbox/succeeded-is-remembered'],
  },
  {
    fault: 'inbox: a release frees whatever lease there is',
    alter: inbox((inbox) => {
      const owners = currentOwners(inbox)
      return {
        claim: owners.claim,
        release: (id, owner, failure) => inbox.release(id, owners.of(id, owner), failure),
      }
    }),
    says: /A stale owner was not told by release that the lease was lost/,
    caughtBy: ['inbox/stale-owner-is-fenced'],
  },
  {
    fault: 'inbox: says true to a stale owner, and changes nothing',
    alter: inbox((inbox) => ({
      async finish(...args) {
        await inbox.finish(...args)
        return true
      },
    })),
    says: /A stale owner was not told by finish as done/,
    caughtBy: [
      'inbox/stale-owner-is-fenced',
      'inbox/owner-ends-with-its-claim',
      'inbox/discard-earlier',
      'inbox/unknown-is-harmless',
      'inbox/race-two-claimers',
    ],
  },
  {
    fault: 'inbox: what was released is due at once',
    alter: inbox((inbox) => ({
      release: (id, owner, { error, retryAfterMs }) =>
        inbox.release(id, owner, {
          error,
          retryAfterMs: Number.isSafeInteger(retryAfterMs) && retryAfterMs >= 1 ? 0 : retryAfterMs,
        }),
    })),
    says: /due before its time/,
    caughtBy: ['inbox/release-keeps-open', 'inbox/due-longest-first'],
  },
  {
    fault: 'inbox: due answers what is held',
    alter: inbox((inbox) => ({
      async due(limit) {
        await inbox.due(limit)
        const { events } = await inbox.list({ status: 'open', limit: 100 })
        return [...events].sort((a, b) => a.dueAt - b.dueAt).slice(0, limit)
      },
    })),
    says: /due before its time/,
    caughtBy: ['inbox/release-keeps-open', 'inbox/due-longest-first'],
  },
  {
    fault: 'inbox: pages by number, not by place',
    alter: inbox((inbox) => {
      const offsets = new Map<string, number>()
      return {
        async list({ after, limit, ...query }) {
          if (after !== undefined && !offsets.has(after)) return inbox.list({ after, limit, ...query })
          const offset = after === undefined ? 0 : (offsets.get(after) ?? 0)
          const { events, next } = await inbox.list({ ...query, limit: limit + offset })
          if (next !== null) offsets.set(next, offset + limit)
          return { events: events.slice(offset), next }
        },
      }
    }),
    says: /The pages of a list lose an event, or answer one twice/,
    caughtBy: ['inbox/list-pages'],
  },
  {
    fault: 'inbox: an erasure finds its subject only in front',
    alter: inbox((inbox, memory) => ({
      async discardEarlier(subject, options) {
        const others = (await memory.inbox.all()).filter(({ subjects }) => subjects.indexOf(subject) > 0)
        return others.length === 0 ? inbox.discardEarlier(subject, options) : 2
      },
    })),
    says: /discardEarlier must answer how many events it discarded/,
    caughtBy: ['inbox/discard-earlier'],
  },
  {
    fault: 'inbox: prunes by age, finished or not',
    alter: inbox((inbox, memory) => ({
      async prune(olderThanMs) {
        const { all } = memory.inbox
        const open = (await all()).filter(({ status }) => status === 'open').map(({ id }) => id)
        memory.inbox.all = async () => (await all()).filter(({ id }) => !open.includes(id))
        return inbox.prune(olderThanMs)
      },
    })),
    says: /prune removes what was finished before the time, and no others/,
    caughtBy: ['inbox/prune-finished-ones-only'],
  },
  {
    fault: 'inbox: prunes whatever is finished',
    alter: inbox((inbox) => ({
      prune: (olderThanMs) =>
        inbox.prune(Number.isSafeInteger(olderThanMs) && olderThanMs >= 1 ? 0 : olderThanMs),
    })),
    says: /prune must answer how many events it removed. Expected 3, found 4/,
    caughtBy: ['inbox/prune-finished-ones-only'],
  },
  {
    fault: 'log: goes on after the last entry it answered, whatever was missing before',
    alter: inbox((inbox) => ({
      async changesSince(position, limit) {
        const page = await inbox.changesSince(position, limit)
        return { ...page, position: page.changes.at(-1)?.position ?? page.position }
      },
    })),
    says: /committed late is missed|misses an entry that commits late/,
    caughtBy: ['inbox/log-waits-for-late-entries', 'inbox/log-begins-before-late-entries'],
  },
  {
    fault: 'log: the newest page first',
    alter: inbox((inbox) => ({
      async changesSince(position, limit) {
        const page = await inbox.changesSince(position, limit)
        return { ...page, changes: [...page.changes].reverse() }
      },
    })),
    says: /in another order/,
    caughtBy: ['inbox/log-keeps-the-order', 'inbox/log-pages', 'inbox/log-waits-for-late-entries'],
  },
  {
    fault: 'log: an event is there once, its second entry replaces the first',
    alter: inbox((inbox) => ({
      async changesSince(position, limit) {
        const page = await inbox.changesSince(position, limit)
        return { ...page, changes: [...new Map(page.changes.map((change) => [change.id, change])).values()] }
      },
    })),
    says: /The log answers something else than was appended/,
    caughtBy: ['inbox/log-keeps-the-order'],
  },
  {
    fault: 'log: a process that starts reads everything',
    alter: inbox((inbox) => ({
      changesSince: (position, limit) => inbox.changesSince(position ?? '0.0', limit),
    })),
    says: /reads too little, or all the past/,
    caughtBy: ['inbox/log-begins-about-now', 'inbox/log-begins-before-late-entries'],
  },
  {
    fault: 'log: a process that starts begins right before the first entry of the last two minutes',
    alter: inbox((inbox) => ({
      async changesSince(position, limit) {
        if (position !== null) return inbox.changesSince(position, limit)
        const all = await inbox.changesSince('0.0', 1000)
        const first = all.changes.find(({ at }) => at > all.now - 120_000)
        const before = first === undefined ? all.position : `${Number.parseInt(first.position, 10) - 1}.0`
        return inbox.changesSince(before, limit)
      },
    })),
    says: /in a quiet log misses an entry/,
    caughtBy: ['inbox/log-begins-before-late-entries'],
  },
  {
    fault: 'log: revocations of the last day alone',
    alter: inbox((inbox) => ({
      async revocations(position, limit) {
        const page = await inbox.revocations(position, limit)
        return { ...page, changes: page.changes.filter(({ at }) => at > page.now - 86_400_000) }
      },
    })),
    says: /A revocation is missing/,
    caughtBy: ['inbox/revocations-are-all-there'],
  },
  {
    fault: 'log: the newest entry of a subject stands for all',
    alter: inbox((inbox) => {
      const newest = new Map<string | null, string>()
      return {
        async append(change) {
          const place = await inbox.append(change)
          newest.set(change.narrows, place.position)
          return place
        },
        async revocations(position, limit) {
          const page = await inbox.revocations(position, limit)
          return {
            ...page,
            changes: page.changes.filter((change) => newest.get(change.narrows) === change.position),
          }
        },
      }
    }),
    says: /A late event hides what was taken away before/,
    caughtBy: ['inbox/revocations-outlast-late-events'],
  },
  {
    fault: 'log: the oldest entry of a subject stands for all',
    alter: inbox((inbox) => {
      const known = new Map<string, NewChange>()
      return {
        async append(change) {
          const { narrows } = change
          if (narrows === null) return inbox.append(change)
          const first = known.get(narrows)
          if (first === undefined) known.set(narrows, change)
          return inbox.append(first === undefined ? change : { ...change, version: first.version })
        },
      }
    }),
    says: /The newest entry of a subject is left out/,
    caughtBy: ['inbox/revocations-are-all-there', 'inbox/revocations-outlast-late-events'],
  },
  {
    fault: 'log: places are counted, not given',
    alter: inbox((inbox) => {
      let queue: Promise<unknown> = Promise.resolve()
      let skip = 0
      return {
        async append(change) {
          // Two writers that counted the same number of entries: one of them is written over.
          if (++skip % 10 === 0 && change.id.startsWith('msg_raceappend'))
            return { position: '1.0', at: Date.now() }
          const turn = queue.then(() => inbox.append(change))
          queue = turn.catch(() => undefined)
          return turn
        },
      }
    }),
    says: /A reader misses entries of writers at once/,
    caughtBy: ['inbox/race-append'],
  },
]
