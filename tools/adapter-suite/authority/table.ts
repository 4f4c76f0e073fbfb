import { servicesRequired } from '@acme/tools/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backends, startBackends } from './backends.js'
import type { AuthorityBinding, Backend } from './binding.js'
import { type Change, HARMLESS, NARROWING, restore, type Scene } from './changes.js'
import type { Clerk } from './core.js'
import { cover } from './covering.js'
import { ALLOWED, type Answer, type GuardName, isNoMore } from './guards.js'
import { freshAnswers, freshToken } from './oracle.js'
import { createPerson, longToken, signIn } from './people.js'
import { STORES, type StoreKind } from './stores.js'
import { type Client, FRAMEWORK_WAYS, type Way } from './ways.js'

/** Longer than any instance takes to hear of a change from another one. */
const HEARD_OF_SECONDS = 3

interface CellSpec {
  readonly row: Way
  readonly column: Change
  readonly store: StoreKind
  readonly turn: number
}

/**
 * Ways to ask × what can change × stores: after the change every way answers as a fresh bearer request does, or the
 * connection is closed. Each way meets each change once, the stores in turn; every store with `THOROUGH=1`. On another Node
 * (`test:node`), or where the binding says so, only those cells whose turn it is in memory: what is true is decided by core and the
 * stores, not by Node.
 */
export async function runAuthorityTable(binding: AuthorityBinding): Promise<void> {
  const thorough = process.env['THOROUGH'] === '1'
  const inMemory = (process.env['TEST_NODE'] !== undefined || binding.inMemory === true) && !thorough
  const wanted = STORES.filter((store) => thorough || store.thorough !== true)
  const stores = inMemory ? wanted : await available(wanted)
  describe(`${binding.name}: a right is judged now`, () => {
    let backends: Backends
    beforeAll(async () => {
      backends = await startBackends(binding)
    })
    afterAll(() => backends.close())

    for (const cell of cover(binding.ways ?? FRAMEWORK_WAYS, [...NARROWING, ...HARMLESS], stores, thorough)) {
      if (cell.column.concerns?.(cell.row) === false) continue
      if (inMemory && cell.store.name !== 'memory') continue
      const name = `${cell.row.name} · ${cell.column.name} · ${cell.store.name}`
      test(name, () => runCell(binding, backends, cell))
    }
  })
}

async function available(stores: readonly StoreKind[]): Promise<readonly StoreKind[]> {
  const found = await Promise.all(
    stores.map(async (store) => {
      const opened = await store.open()
      if ('missing' in opened) {
        if (servicesRequired()) throw new Error(`${store.name} ${opened.missing}`)
        console.warn(`skipped in the table: ${store.name} ${opened.missing}`)
        return []
      }
      await opened.close()
      return [store]
    }),
  )
  return found.flat()
}

async function runCell(binding: AuthorityBinding, backends: Backends, cell: CellSpec): Promise<void> {
  const { row: way, column: change, store: kind, turn } = cell
  const { offline } = backends
  const first = await backends.backend(kind, change.first ?? 'main')
  const then = change.afterwards === undefined ? first : await backends.backend(kind, change.afterwards)
  const sibling = turn % 2 === 0 ? null : await backends.instance(kind, first.policy, 'caches')
  const receiver = sibling ?? first.clerk
  const clients: Client[] = []
  let undo: (() => Promise<void>) | undefined
  try {
    backends.deliverTo(receiver)
    await offline.advance(5_000)
    const player = await enter(backends, cell, first, receiver)
    clients.push(player.client())
    await offline.advance(2_000)

    const guards = way.credential.guards
    const none = new Set<GuardName>()
    const before = await player.ask(none)
    const asked = [...before].filter(([, answer]) => answer !== ALLOWED)
    expect(Object.fromEntries(asked), 'Before the change this way must be let in.').toEqual({})

    await change.apply(player.scene)
    undo = () => change.undo?.(player.scene) ?? Promise.resolve()
    await offline.webhooks.settled()
    await offline.advance(HEARD_OF_SECONDS * 1_000)

    const oracle = await backends.instance(kind, then.policy, 'no caches')
    const fresh = await freshAnswers(oracle, await player.freshSecret(), guards)
    const refused = change.refuses[way.credential.subject] ?? []
    const declared = refused === 'everything' ? guards : guards.filter((guard) => refused.includes(guard))

    if (change.anew) await player.comeAnew()
    else if (then !== first) player.moveTo(then)
    clients.push(player.client())
    const after = await player.ask(new Set(declared))

    const wrong = guards.flatMap((guard) => {
      const ought = fresh.get(guard) ?? ''
      const is = seen(binding, after.get(guard) ?? '', ought)
      const blind = (ought !== ALLOWED) !== declared.includes(guard)
      if (!blind && isNoMore(is, ought, declared.length > 0)) return []
      const due = declared.includes(guard) ? 'refused' : ALLOWED
      const note = blind ? ` (a fresh request has to be ${due})` : ''
      return [{ guard, what: `the way answered ${is}, a fresh bearer request ${ought}${note}` }]
    })
    if (wrong.length > 0) expect.fail(report(binding, cell, sibling !== null, wrong))
  } finally {
    for (const client of clients) client.end()
    restore(offline)
    await undo?.()
    await offline.webhooks.settled()
    await sibling?.close()
  }
}

/** The answer, with the code that the host has left out of it. */
function seen({ refusesWithoutBody }: AuthorityBinding, is: Answer, ought: Answer): Answer {
  const isCodeLost = refusesWithoutBody && is.endsWith(' null') && ought.startsWith(is.replace('null', ''))
  return isCodeLost ? ought : is
}

function report(
  { name }: AuthorityBinding,
  { row, column, store }: CellSpec,
  bySibling: boolean,
  wrong: readonly { guard: GuardName; what: string }[],
): string {
  const guardsBy = new Map<string, GuardName[]>()
  for (const { guard, what } of wrong) guardsBy.set(what, [...(guardsBy.get(what) ?? []), guard])
  const lines = [...guardsBy].map(([what, guards]) => `  ${guards.join(', ')}: ${what}`)
  const told = bySibling ? 'another instance' : 'this instance'
  return [
    `adapter: ${name} · way: ${row.name} · change: ${column.name} · store: ${store.name} · events reach ${told}`,
    ...lines,
  ].join('\n')
}

/** A person with a credential who has come to a backend, and keeps asking. */
async function enter(backends: Backends, cell: CellSpec, first: Backend, receiver: Clerk) {
  const { row: way, column: change, store: kind } = cell
  const { offline, receivingMachine } = backends
  let said = change.token ?? {}
  let person = await createPerson(offline, said)
  let credential = await way.credential.issue({ offline, person, receivingMachine })
  // What was made has to be known before anybody comes: a session is a moment younger than its user.
  await offline.webhooks.settled()
  await offline.advance(1_000)
  let clientUat: number | null = null
  const visitor = {
    get secret() {
      return credential.secret
    },
    get clientUat() {
      return clientUat
    },
    signsInBy: change.signsInBy ?? ('cookie' as const),
  }
  let backend = first
  let presence = await way.entry.enter(visitor, backend)
  let client = way.transport.open(backend, presence)
  const isPerson = way.credential.subject === 'person'
  const issueAgain = async () => {
    if (isPerson) credential = await way.credential.issue({ offline, person, receivingMachine })
  }

  async function ask(due: ReadonlySet<GuardName>): Promise<ReadonlyMap<GuardName, Answer>> {
    const one = async (guard: GuardName) => [guard, await client.ask(guard, due.has(guard))] as const
    // Connections are waited for together; requests of one browser come one after another.
    if (way.transport.lasts) return new Map(await Promise.all(way.credential.guards.map(one)))
    const answers = new Map<GuardName, Answer>()
    for (const guard of way.credential.guards) answers.set(...(await one(guard)))
    return answers
  }

  /**
   * The clock jumps by minutes, and a look at the log that was begun before a jump is that old when it is done: a second
   * one is not. Without it an instance would think that it had not reached its store for longer than the grace.
   */
  async function looked(): Promise<void> {
    for (let looks = 0; looks < 2; looks++) {
      await backend.clerk.authenticate({ authorization: `Bearer ${person.token}` })
    }
  }

  const scene: Scene = {
    offline,
    receiver,
    store: await backends.store(kind),
    get person() {
      return person
    },
    get credential() {
      return credential
    },
    async pass(seconds, steps = 1) {
      for (let step = 0; step < steps; step++) {
        await offline.advance((seconds * 1_000) / steps)
        await looked()
        await ask(new Set())
      }
    },
    async signOut() {
      if (backend.app.signOut) return backend.app.signOut(person)
      const { status } = await fetch(`${backend.app.origin}/auth/sign-out`, {
        method: 'POST',
        headers: { authorization: `Bearer ${person.token}` },
        redirect: 'manual',
      })
      expect(status, 'the answer of the sign-out route').toBe(303)
    },
    async signInAgain() {
      person = await signIn(offline, person, said)
      await issueAgain()
    },
    async renew(token) {
      said = { ...said, ...token }
      person = { ...person, token: await longToken(offline, person.sessionId, said) }
      await issueAgain()
      await presence.renew()
    },
    setClientUat(seconds) {
      clientUat = seconds
    },
  }

  return {
    scene,
    ask,
    client: () => client,
    moveTo(other: Backend) {
      backend = other
      client = way.transport.open(backend, presence)
    },
    async comeAnew() {
      presence = await way.entry.enter(visitor, backend)
      client = way.transport.open(backend, presence)
    },
    /** The token of this moment; of a machine the credential that it has. */
    freshSecret: async () => {
      if (!isPerson) return credential.secret
      return change.mintsNothing ? null : freshToken(offline, person.sessionId, { ...said, ...change.fresh })
    },
  }
}
