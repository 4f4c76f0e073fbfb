import { deepStrictEqual as deepEqual, strictEqual as equal, ok, throws } from 'node:assert'
import { createReadStream } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Clerk, CurrentAuthError, currentAuth, type DeniedError } from '@acme/clerk-core'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import { startClerk } from '../clerk.js'
import { generator } from '../random.js'
import type { NodeTestApi, VitestApi } from '../test-api.js'
import { signWebhook } from '../webhooks/sign.js'
import { eventually, expectIncludes } from './expect.js'
import { createHarness, type Harness, PAGE } from './harness.js'
import { type RawResponse, request } from './http.js'
import { describeWithClerk, onTestFinished } from './runner.js'

/** A service: what it answers is sent as JSON. It is given the parsed body, and no request. */
export type Service = (body: unknown) => unknown

/**
 * | route | does |
 * |---|---|
 * | `GET /auth-of` `/user-of` `/auth-of-member` | sends `userId` of `authOf`, `firstName` of `userOf`, `orgId` of `authOf(…, { org: true })` |
 * | `GET /guard` `/guard-member` | `requireAuth()`, `requireAuth({ org: true })` |
 * | any `/run` | the service, with the body that the framework's parser has read; `text/plain` is read by listeners of the request's own events |
 * | `GET /throws` | throws `new Error('thrown')`; an error handler of the application answers 500 with the service |
 * | `GET /events` | an event stream that is watched; every ten milliseconds an event with what the service answers |
 */
export interface ContextSpec {
  readonly clerk: AnyClerk
  /** Its middleware runs after that of `clerk`. */
  readonly second?: AnyClerk
  readonly context: boolean
  readonly service: Service
  /** The application has an error handler of its own for {@link DeniedError}: 418 with its code. */
  readonly ownErrors?: boolean
}

/** An adapter under test: how the application that `ContextSpec` describes is started. */
export interface ContextBinding {
  /** Heads the tests. */
  readonly name: string
  start(spec: ContextSpec): Promise<{ readonly origin: string; stop(): Promise<void> }>
}

const ROUNDS = 50

/**
 * `authOf`, `userOf` and `currentAuth` of an adapter, over real sockets.
 *
 * @param api `import * as vitest from 'vitest'`, or `import * as nodeTest from 'node:test'`
 */
export function describeCurrentAuth(api: VitestApi | NodeTestApi, binding: ContextBinding): void {
  describeWithClerk(
    api,
    `${binding.name}: who is asking, narrowed and without the request`,
    ({ test, offline }) => {
      async function setUp(options: Parameters<typeof createHarness>[1] = {}): Promise<Harness> {
        const harness = await createHarness(offline(), options)
        onTestFinished(() => harness.close())
        return harness
      }

      async function serve(spec: Omit<ContextSpec, 'context'> & { context?: boolean }): Promise<string> {
        const app = await binding.start({ context: true, ...spec })
        onTestFinished(() => app.stop())
        return app.origin
      }

      const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
      const json = ({ text }: RawResponse): unknown => JSON.parse(text)
      const answerOf = ({ status, headers, text }: RawResponse) => ({
        status,
        type: headers['content-type']?.split(';')[0],
        challenge: headers['www-authenticate'],
        body: JSON.parse(text) as unknown,
      })
      const who = (clerk: Clerk) => () => currentAuth(clerk).userId

      test('authOf and userOf are the narrowed values of a user', async () => {
        const { clerk, ada, orgId } = await setUp()
        const origin = await serve({ clerk, service: () => null })
        const get = async (path: string) =>
          json(await request(`${origin}${path}`, { headers: bearer(ada.token) }))
        equal(await get('/auth-of'), ada.id)
        equal(await get('/user-of'), 'Ada')
        equal(await get('/auth-of-member'), orgId)
      })

      const DENIED = [
        ['/auth-of', '/guard', 'without a token', () => ({})],
        ['/user-of', '/guard', 'without a token', () => ({})],
        ['/auth-of', '/guard', 'with rubbish for a token', () => bearer('not.a.token')],
        ['/auth-of-member', '/guard-member', 'in no organisation', ({ bob }: Harness) => bearer(bob.token)],
        ['/auth-of-member', '/guard-member', 'without a token', () => ({})],
      ] as const
      for (const [path, guard, asker, headersOf] of DENIED)
        test(`${path} answers as ${guard} does ${asker}`, () => expectDenied(path, guard, headersOf))

      async function expectDenied(
        path: string,
        guard: string,
        headersOf: (harness: Harness) => Record<string, string>,
      ): Promise<void> {
        const harness = await setUp()
        const origin = await serve({ clerk: harness.clerk, service: () => null })
        const headers = headersOf(harness)
        const [narrowed, guarded] = await Promise.all(
          [path, guard].map(async (one) => answerOf(await request(`${origin}${one}`, { headers }))),
        )
        ok((guarded?.status ?? 0) > 400)
        deepEqual(narrowed, guarded)
        // Once more: what was prepared for the first one serves the second.
        deepEqual(answerOf(await request(`${origin}${path}`, { headers })), guarded)
      }

      test("the application's own error handler comes first", async () => {
        const { clerk } = await setUp()
        const origin = await serve({ clerk, service: () => currentAuth(clerk).userId, ownErrors: true })
        for (const path of ['/auth-of', '/run']) {
          const { status, text } = await request(`${origin}${path}`)
          deepEqual([status, text], [418, 'unauthenticated'])
        }
      })

      test('a refusal of currentAuth is answered as a guard would', async () => {
        const { clerk } = await setUp()
        const origin = await serve({ clerk, service: who(clerk) })
        const guarded = answerOf(await request(`${origin}/guard`))
        deepEqual(answerOf(await request(`${origin}/run`)), guarded)
      })

      const BODIES = [
        ["the framework's parser", 'application/json', '{"text":"hello"}'],
        ["listeners of the request's events", 'text/plain', 'hello'.repeat(100_000)],
      ] as const
      for (const [reader, type, body] of BODIES)
        test(`currentAuth survives a body that is read by ${reader}`, () => expectSurvival(type, body))

      async function expectSurvival(type: string, body: string): Promise<void> {
        const { clerk, ada, bob } = await setUp()
        const origin = await serve({
          clerk,
          service: (parsed) => [
            currentAuth(clerk).userId,
            typeof parsed === 'string' ? parsed.length : parsed,
          ],
        })
        const expected = type === 'text/plain' ? body.length : JSON.parse(body)
        await Promise.all(
          [ada, bob, ada, bob].map(async ({ token, id }) => {
            const headers = { ...bearer(token), origin: PAGE, 'content-type': type }
            const answer = await request(`${origin}/run`, { method: 'POST', headers, body })
            deepEqual(json(answer), [id, expected])
          }),
        )
      }

      test('currentAuth survives timers, streams and promises', async () => {
        const { clerk, ada } = await setUp()
        const service = async () => {
          const seen = [currentAuth(clerk).userId]
          await setTimeout(1)
          seen.push(currentAuth(clerk).userId)
          await new Promise<void>((resolve, reject) => {
            createReadStream(process.execPath, { end: 100 })
              .on('data', () => seen.push(currentAuth(clerk).userId))
              .on('end', resolve)
              .on('error', reject)
          })
          await setImmediate()
          return [...seen, currentAuth(clerk).userId].every((id) => id === ada.id)
        }
        const origin = await serve({ clerk, service })
        equal(json(await request(`${origin}/run`, { headers: bearer(ada.token) })), true)
      })

      test('currentAuth survives an error, in the error handler', async () => {
        const { clerk, ada } = await setUp()
        const origin = await serve({ clerk, service: who(clerk) })
        const answer = await request(`${origin}/throws`, { headers: bearer(ada.token) })
        deepEqual([answer.status, json(answer)], [500, ada.id])
      })

      test('after the response it says what to do', async () => {
        const { clerk, ada } = await setUp()
        let later: Promise<unknown> = Promise.resolve()
        let answered = () => {}
        const isAnswered = new Promise<void>((resolve) => {
          answered = resolve
        })
        const origin = await serve({
          clerk,
          service: () => {
            later = isAnswered.then(() => currentAuth(clerk)).catch((error: unknown) => error)
            return currentAuth(clerk).userId
          },
        })
        await request(`${origin}/run`, { headers: bearer(ada.token) })
        answered()
        const error = await later
        ok(error instanceof CurrentAuthError)
        expectIncludes(error, { code: 'current-auth-ended', message: /before/ })
      })

      test('without context: true there is none', async () => {
        const { clerk, ada } = await setUp()
        const service = () => {
          try {
            return currentAuth(clerk).userId
          } catch (error) {
            return (error as CurrentAuthError).code
          }
        }
        const origin = await serve({ clerk, service, context: false })
        equal(json(await request(`${origin}/run`, { headers: bearer(ada.token) })), 'no-current-auth')
        throws(() => currentAuth(clerk), /context: true/)
      })

      test('two instances do not mix', async () => {
        const { clerk, ada } = await setUp()
        const elsewhere = await startClerk()
        const other = await createHarness(elsewhere)
        onTestFinished(async () => {
          await other.close()
          await elsewhere.stop()
        })
        const kindOf = (one: Clerk) => {
          try {
            return currentAuth(one).userId
          } catch (error) {
            return (error as DeniedError).code
          }
        }
        const service = async () => {
          await setImmediate()
          return [kindOf(clerk), kindOf(other.clerk)]
        }
        const origin = await serve({ clerk, second: other.clerk, service })
        for (const [token, expected] of [
          [ada.token, [ada.id, 'unauthenticated']],
          [other.bob.token, ['unauthenticated', other.bob.id]],
        ] as const) {
          for (const type of ['application/json', 'text/plain']) {
            const headers = { ...bearer(token), origin: PAGE, 'content-type': type }
            const answer = await request(`${origin}/run`, { method: 'POST', headers, body: '"x"' })
            deepEqual(json(answer), expected)
          }
        }
      })

      test('requests that interleave never see the auth of each other', async () => {
        const { clerk, ada, bob } = await setUp()
        const waits: Record<string, () => Promise<unknown>> = {
          t: () => setTimeout(1),
          i: () => setImmediate(),
          p: () => Promise.resolve(),
          n: () => new Promise<void>((resolve) => process.nextTick(resolve)),
        }
        const seenBy = () => {
          try {
            return currentAuth(clerk).userId
          } catch (error) {
            return (error as DeniedError).code
          }
        }
        const service = async (body: unknown) => {
          const seen = new Set<unknown>()
          for (const step of body as string) {
            await waits[step]?.()
            seen.add(seenBy())
          }
          return [...seen]
        }
        const origin = await serve({ clerk, service })
        const people = [ada, bob, null]
        const random = generator(1)
        const upTo = (most: number) => Math.floor(random() * most)
        const many = <T>(least: number, make: () => T) => Array.from({ length: least + upTo(8) }, make)
        for (let round = 0; round < ROUNDS; round++) {
          const calls = many(2, () => ({
            person: people[upTo(3)] ?? null,
            steps: many(1, () => 'tipn'[upTo(4)]).join(''),
            isText: random() < 0.5,
          }))
          await Promise.all(
            calls.map(async ({ person, steps, isText }) => {
              const answer = await request(`${origin}/run`, {
                method: 'POST',
                headers: {
                  ...(person === null ? {} : bearer(person.token)),
                  origin: PAGE,
                  'content-type': isText ? 'text/plain' : 'application/json',
                },
                body: isText ? steps : JSON.stringify(steps),
              })
              deepEqual(
                json(answer),
                [person?.id ?? 'unauthenticated'],
                `round ${round}: ${JSON.stringify(calls)}`,
              )
            }),
          )
        }
      })

      test('on a watched event stream it is what is true now', async () => {
        const harness = await setUp({ invalidation: { pollSeconds: 0.01 } })
        const { clerk, ada, orgId } = harness
        const service = () => {
          try {
            return currentAuth(clerk).orgRole
          } catch (error) {
            return (error as DeniedError).code
          }
        }
        const origin = await serve({ clerk, service })
        const response = await fetch(`${origin}/events`, { headers: bearer(ada.token) })
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        onTestFinished(async () => void (await reader?.cancel().catch(() => {})))
        equal((await reader?.read())?.value, '"org:admin"\n')
        offline().updateMembership(orgId, ada.id, 'org:member')
        await deliverLast(harness)
        await eventually(async () => {
          equal(((await reader?.read())?.value ?? '').trim().split('\n').at(-1), '"org:member"')
        })
      })
    },
  )
}

/** Hands Clerk's last event to the application. */
async function deliverLast({ clerk, offline: { webhooks, webhookSecret } }: Harness): Promise<void> {
  const event = webhooks.deliveries.at(-1)?.event as object
  const { headers, body } = signWebhook(event as never, webhookSecret)
  const { status } = await clerk.receiveWebhook({
    id: headers['svix-id'],
    timestamp: headers['svix-timestamp'],
    signature: headers['svix-signature'],
    body: Buffer.from(body),
  })
  equal(status, 200)
}
