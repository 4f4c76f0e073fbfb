import { deepStrictEqual as deepEqual, doesNotMatch, strictEqual as equal, ok } from 'node:assert'
import { type Clerk, type ClerkOptions, memoryStore } from '@acme/clerk-core'
import { SESSION_KEY } from '@acme/clerk-core/adapter'
import type { AdapterBinding, RunningApp, SessionKind } from './binding.js'
import { expectIncludes } from './expect.js'
import { createHarness, type Harness } from './harness.js'
import type { RawResponse } from './http.js'
import { onTestFinished, type RunnerWithClerk } from './runner.js'
import { type Cookies, cookiesOf, send } from './send.js'
import { type SessionRow, SessionTable } from './session-table.js'
import { startApp } from './start.js'

/** A sign-in is several requests of one browser, over one session, in one process or in several. */
export function signInTests({ test, offline }: RunnerWithClerk, binding: AdapterBinding): void {
  if (!binding.sessions.includes('server')) return

  for (const processes of [1, 2]) {
    const where = processes === 1 ? 'one process' : 'two processes'

    test(`four requests that sign in at once in ${where} leave one session, with all that it held`, async () => {
      const { table, apps, harness, browser } = await open({ processes })
      const anonymous = await browser.withCart()
      table.holdReads(4)
      const answers = await together(4, (i) =>
        send(apps[i % processes], '/private', { cookies: anonymous, token: harness.ada.token }),
      )
      deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      )
      for (const { text } of answers) expectIncludes(JSON.parse(text), { userId: harness.ada.id })
      expectOneSession(table, harness.ada.id)
      // Only the one that has won sets a cookie: whichever order the answers come in, the browser ends with it.
      equal(answers.filter(setsCookie).length, 1)
      const signedIn = after(anonymous, answers)
      deepEqual(after(anonymous, answers.toReversed()), signedIn)
      expectIncludes(JSON.parse((await send(apps[0], '/session', { cookies: signedIn })).text), {
        cart: 1,
      })
      expectIncludes(JSON.parse((await send(apps[0], '/private', { cookies: signedIn })).text), {
        source: 'session',
      })
      expectOneSession(table, harness.ada.id)
    })

    test(`requests with the old id that come later in ${where} are answered from their token`, async () => {
      const { table, apps, harness, browser } = await open({ processes })
      const { ada } = harness
      const anonymous = await browser.withCart()
      const first = await send(apps[0], '/private', { cookies: anonymous, token: ada.token })
      for (const app of apps) {
        const late = await send(app, '/private', { cookies: anonymous, token: ada.token })
        expectIncludes(JSON.parse(late.text), { userId: ada.id, source: 'token' })
        equal(setsCookie(late), false)
      }
      expectOneSession(table, ada.id)
      expectIncludes(
        JSON.parse((await send(apps[0], '/session', { cookies: after(anonymous, [first]) })).text),
        { cart: 1 },
      )
    })

    test(`two people who sign in at once over one session in ${where} leave one session`, async () => {
      const { table, apps, harness, browser } = await open({ processes })
      const anonymous = await browser.withCart()
      table.holdReads(4)
      const people = [harness.ada, harness.bob]
      const answers = await together(4, (i) =>
        send(apps[i % processes], '/private', { cookies: anonymous, token: people[i % 2]?.token }),
      )
      deepEqual(
        answers.map(({ text }) => JSON.parse(text).userId),
        [0, 1, 0, 1].map((i) => people[i]?.id),
      )
      equal(answers.filter(setsCookie).length, 1)
      equal(liveRows(table).length, 1)
    })

    test(`another person who signs in four times at once in ${where} finds nothing of the one before`, async () => {
      const { table, apps, harness, browser } = await open({ processes })
      const { ada, bob } = harness
      const anonymous = await browser.withCart()
      const ofAda = after(anonymous, [
        await send(apps[0], '/private', { cookies: anonymous, token: ada.token }),
      ])
      table.holdReads(4)
      const answers = await together(4, (i) =>
        send(apps[i % processes], '/private', { cookies: ofAda, token: bob.token }),
      )
      equal(answers.filter(setsCookie).length, 1)
      expectIncludes(liveRows(table), [{ [SESSION_KEY]: { sub: bob.id } }])
      ok(!Object.hasOwn(liveRows(table)[0] ?? {}, 'cart'))
    })

    test(`signing out while others sign in with the same token in ${where} leaves nobody signed in`, async () => {
      const { table, apps, harness, browser } = await open({ processes })
      const { ada } = harness
      const anonymous = await browser.withCart()
      table.holdReads(4)
      const answers = await together(4, (i) =>
        send(apps[i % processes], i === 0 ? '/auth/sign-out' : '/private', {
          ...{ cookies: anonymous, token: ada.token },
          ...(i === 0 ? { method: 'POST' } : {}),
        }),
      )
      equal(answers[0]?.status, 303)
      ok(liveRows(table).length <= 1)
      const cookies = after(anonymous, answers)
      for (const app of apps.slice(0, 1)) {
        expectIncludes(JSON.parse((await send(app, '/open', { cookies })).text), { kind: 'anonymous' })
      }
      ok(liveRows(table).length <= 1)
      ok(!JSON.stringify(table.all()).includes(ada.id))
    })
  }

  test('whoever knows the id from before the sign-in gets nothing by it, and cannot make it last', async () => {
    const { table, apps, harness, browser } = await open({})
    const { ada, bob } = harness
    const known = await browser.withCart()
    await send(apps[0], '/private', { cookies: known, token: ada.token })
    const rows = new Map(table.rows)
    const marker = markers(table)[0]
    doesNotMatch(JSON.stringify(marker), new RegExp(`${ada.id}|${ada.sessionId}|cart`))
    const left = expiryOf(marker) - Date.now()
    ok(left > 0)
    ok(left <= 60_000)

    const tries = [
      await send(apps[0], '/session', { cookies: known }),
      await send(apps[0], '/open', { cookies: known }),
      await send(apps[0], '/cart', { cookies: known, method: 'POST' }),
      await send(apps[0], '/login', { cookies: known, method: 'POST' }),
      await send(apps[0], '/session', { cookies: known, token: bob.token }),
      await send(apps[0], '/private', { cookies: known, token: bob.token }),
      await send(apps[0], '/auth/sign-out', { cookies: known, method: 'POST' }),
      await send(apps[0], '/session', { cookies: known }),
    ]
    deepEqual(tries.filter(setsCookie), [])
    deepEqual(
      tries.map(({ status }) => status),
      [200, 200, 204, 204, 200, 200, 303, 200],
    )
    for (const i of [0, 4, 7]) {
      deepEqual(JSON.parse(tries[i]?.text ?? ''), { cart: null, localName: null })
    }
    expectIncludes(JSON.parse(tries[1]?.text ?? ''), { kind: 'anonymous' })
    expectIncludes(JSON.parse(tries[5]?.text ?? ''), { userId: bob.id, source: 'token' })
    deepEqual(table.rows, rows)
  })

  test('what the old id keeps ends with its minute, also in a store that knows no expiry', async () => {
    const { table, apps, harness, browser } = await open({})
    const known = await browser.withCart()
    await send(apps[0], '/private', { cookies: known, token: harness.ada.token })
    harness.advance(45)
    equal(setsCookie(await send(apps[0], '/cart', { cookies: known, method: 'POST' })), false)
    equal(markers(table).length, 1)
    harness.advance(16)
    equal((await send(apps[0], '/open', { cookies: known })).status, 200)
    deepEqual(markers(table), [])
    // A browser to which the answer with the new id never came begins again.
    const again = await send(apps[0], '/cart', { cookies: known, method: 'POST' })
    equal(setsCookie(again), true)
    expectOneSession(table, harness.ada.id, 2)
  })

  test('four requests that sign in at once keep what is in a session that the cookie holds', async () => {
    const { apps, harness, browser } = await open({ sessions: 'cookie' })
    const anonymous = await browser.withCart()
    const answers = await together(4, () =>
      send(apps[0], '/private', { cookies: anonymous, token: harness.ada.token }),
    )
    for (const order of [answers, answers.toReversed()]) {
      const cookies = after(anonymous, order)
      expectIncludes(JSON.parse((await send(apps[0], '/session', { cookies })).text), { cart: 1 })
      expectIncludes(JSON.parse((await send(apps[0], '/private', { cookies })).text), {
        source: 'session',
      })
    }
  })

  const SILENT: readonly (readonly [string, readonly string[]])[] = [
    ['answers no writes', ['set', 'destroy']],
    ['falls silent after the session was read', ['get', 'set', 'destroy']],
  ]
  for (const [what, operations] of SILENT) {
    test(`a sign-in over a session store that ${what} is answered from the token`, async () => {
      const { table, apps, harness, browser } = await open({ timeoutSeconds: 0.05 })
      const anonymous = await browser.withCart()
      let reads = 0
      table.fallSilent(...operations)
      const { pause } = table
      table.pause = (operation, id) => {
        // The framework's own read, before any middleware of ours runs.
        if (operation === 'get' && reads++ === 0) return undefined
        return pause(operation, id)
      }
      for (const cookies of [anonymous, new Map([['theme', 'dark']])]) {
        const answer = await send(apps[0], '/private', { cookies, token: harness.ada.token })
        equal(answer.status, 200)
        expectIncludes(JSON.parse(answer.text), { userId: harness.ada.id, source: 'token' })
        equal(setsCookie(answer), false)
      }
    })
  }

  test('a bearer token needs no session store', async () => {
    const { table, apps, harness } = await open({ timeoutSeconds: 0.05 })
    table.fallSilent('get', 'set', 'destroy')
    const answer = await send(apps[0], '/private', { bearer: harness.ada.token })
    equal(answer.status, 200)
  })

  interface Opened {
    readonly table: SessionTable
    readonly apps: readonly RunningApp[]
    readonly harness: Harness
    readonly browser: { withCart(): Promise<Cookies> }
  }

  async function open({
    processes = 1,
    sessions = 'server',
    timeoutSeconds = 3,
  }: {
    processes?: number
    sessions?: SessionKind
    timeoutSeconds?: number
  }): Promise<Opened> {
    const stores = memoryStore()
    const options = { ...stores, store: { timeoutSeconds } } as object as Partial<ClerkOptions>
    const harness = await createHarness(offline(), options)
    const others = await Promise.all(
      Array.from({ length: processes - 1 }, () => createHarness(offline(), options)),
    )
    const table = new SessionTable()
    const clerks: Clerk[] = [harness, ...others].map(({ clerk }) => clerk)
    const apps = await Promise.all(
      clerks.map((clerk) => startApp(binding, { ...harness, clerk }, { sessions, table })),
    )
    onTestFinished(async () => {
      table.pause = () => undefined
      await Promise.all(apps.map((app) => app.stop()))
      await Promise.all([harness, ...others].map((one) => one.close()))
    })
    const withCart = async () =>
      after(new Map(), [await send(apps[0], '/cart', { cookies: new Map(), method: 'POST' })])
    return { table, apps, harness, browser: { withCart } }
  }
}

function together<T>(count: number, begin: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => begin(index)))
}

function setsCookie({ headers }: RawResponse): boolean {
  return (headers['set-cookie'] ?? []).length > 0
}

/** The browser's cookies after these answers have come, in this order. */
function after(before: Cookies, answers: readonly RawResponse[]): Cookies {
  return new Map([...before, ...answers.flatMap((answer) => [...cookiesOf(answer)])])
}

function isMarker(row: SessionRow): boolean {
  return Object.hasOwn((row[SESSION_KEY] ?? {}) as object, 'movedBy')
}

function markers(table: SessionTable): SessionRow[] {
  return table.all().filter(isMarker)
}

function liveRows(table: SessionTable): SessionRow[] {
  return table.all().filter((row) => !isMarker(row))
}

/** Of this person; besides it at most one marker. */
function expectOneSession(table: SessionTable, userId: string, live = 1): void {
  const rows = liveRows(table)
  equal(rows.length, live)
  expectIncludes(rows[0], { cart: 1, [SESSION_KEY]: { sub: userId } })
  ok(markers(table).length <= 1)
}

/** Milliseconds, wherever the framework's package has it. */
function expiryOf(row: SessionRow | undefined): number {
  const { cookie, _expire } = (row ?? {}) as { cookie?: { expires: string }; _expire?: number }
  return _expire ?? Date.parse(cookie?.expires ?? '')
}
