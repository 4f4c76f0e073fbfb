import { createReadStream } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Clerk, CurrentAuthError, currentAuth, type DeniedError } from '@acme/clerk-core'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import { type OfflineClerk, signWebhook, startClerk } from '@acme/clerk-testing'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createHarness, type Harness, PAGE } from './harness.js'
import { type RawResponse, request } from './http.js'

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

export interface ContextBinding {
  readonly name: string
  start(spec: ContextSpec): Promise<{ readonly origin: string; stop(): Promise<void> }>
}

export const teapot = (error: unknown): string | null =>
  error instanceof Error && error.name === 'DeniedError' ? (error as DeniedError).code : null

/** `authOf`, `userOf` and `currentAuth` of an adapter, over real sockets. */
export function runContextSuite(binding: ContextBinding): void {
  describe(`${binding.name}: who is asking, narrowed and without the request`, () => {
    let offline: OfflineClerk
    beforeAll(async () => {
      offline = await startClerk()
    })
    afterAll(() => offline.stop())

    async function setUp(options: Parameters<typeof createHarness>[1] = {}): Promise<Harness> {
      const harness = await createHarness(offline, options)
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
      expect(await get('/auth-of')).toBe(ada.id)
      expect(await get('/user-of')).toBe('Ada')
      expect(await get('/auth-of-member')).toBe(orgId)
    })

    test.each<[string, string, Record<string, string>]>([
      ['/auth-of', '/guard', {}],
      ['/user-of', '/guard', {}],
      ['/auth-of', '/guard', bearer('not.a.token')],
      ['/auth-of-member', '/guard-member', { as: 'bob' }],
      ['/auth-of-member', '/guard-member', {}],
    ])('%s answers who may not pass as %s does (%j)', async (path, guard, { as, ...given }) => {
      const { clerk, bob } = await setUp()
      const origin = await serve({ clerk, service: () => null })
      const headers = as === undefined ? given : bearer(bob.token)
      const [narrowed, guarded] = await Promise.all(
        [path, guard].map(async (one) => answerOf(await request(`${origin}${one}`, { headers }))),
      )
      expect(guarded?.status).toBeGreaterThan(400)
      expect(narrowed).toEqual(guarded)
      // Once more: what was prepared for the first one serves the second.
      expect(answerOf(await request(`${origin}${path}`, { headers }))).toEqual(guarded)
    })

    test("the application's own error handler comes first", async () => {
      const { clerk } = await setUp()
      const origin = await serve({ clerk, service: () => currentAuth(clerk).userId, ownErrors: true })
      for (const path of ['/auth-of', '/run']) {
        const { status, text } = await request(`${origin}${path}`)
        expect([status, text]).toEqual([418, 'unauthenticated'])
      }
    })

    test('a refusal of currentAuth is answered as a guard would', async () => {
      const { clerk } = await setUp()
      const origin = await serve({ clerk, service: who(clerk) })
      const guarded = answerOf(await request(`${origin}/guard`))
      expect(answerOf(await request(`${origin}/run`))).toEqual(guarded)
    })

    test.each<[string, string, string]>([
      ["the framework's parser", 'application/json', '{"text":"hello"}'],
      ["listeners of the request's events", 'text/plain', 'hello'.repeat(100_000)],
    ])('currentAuth survives a body that is read by %s', async (_by, type, body) => {
      const { clerk, ada, bob } = await setUp()
      const origin = await serve({
        clerk,
        service: (parsed) => [currentAuth(clerk).userId, typeof parsed === 'string' ? parsed.length : parsed],
      })
      const expected = type === 'text/plain' ? body.length : JSON.parse(body)
      await Promise.all(
        [ada, bob, ada, bob].map(async ({ token, id }) => {
          const headers = { ...bearer(token), origin: PAGE, 'content-type': type }
          const answer = await request(`${origin}/run`, { method: 'POST', headers, body })
          expect(json(answer)).toEqual([id, expected])
        }),
      )
    })

    test('currentAuth survives timers, streams and promises', async () => {
      const { clerk, ada } = await setUp()
      const self = fileURLToPath(import.meta.url)
      const service = async () => {
        const seen = [currentAuth(clerk).userId]
        await setTimeout(1)
        seen.push(currentAuth(clerk).userId)
        await new Promise<void>((resolve, reject) => {
          createReadStream(self)
            .on('data', () => seen.push(currentAuth(clerk).userId))
            .on('end', resolve)
            .on('error', reject)
        })
        await setImmediate()
        return [...seen, currentAuth(clerk).userId].every((id) => id === ada.id)
      }
      const origin = await serve({ clerk, service })
      expect(json(await request(`${origin}/run`, { headers: bearer(ada.token) }))).toBe(true)
    })

    test('currentAuth survives an error, in the error handler', async () => {
      const { clerk, ada } = await setUp()
      const origin = await serve({ clerk, service: who(clerk) })
      const answer = await request(`${origin}/throws`, { headers: bearer(ada.token) })
      expect([answer.status, json(answer)]).toEqual([500, ada.id])
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
      expect(error).toBeInstanceOf(CurrentAuthError)
      expect(error).toMatchObject({ code: 'current-auth-ended', message: expect.stringContaining('before') })
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
      expect(json(await request(`${origin}/run`, { headers: bearer(ada.token) }))).toBe('no-current-auth')
      expect(() => currentAuth(clerk)).toThrow(/context: true/)
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
          expect(json(answer)).toEqual(expected)
        }
      }
    })

    test('requests that interleave never see the auth of each other', { timeout: 120_000 }, async () => {
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
      const people = { ada, bob, nobody: null }
      const call = fc.record({
        who: fc.constantFrom('ada', 'bob', 'nobody'),
        steps: fc.string({ unit: fc.constantFrom('t', 'i', 'p', 'n'), minLength: 1, maxLength: 8 }),
        isText: fc.boolean(),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 8 }), async (calls) => {
          await Promise.all(
            calls.map(async ({ who: name, steps, isText }) => {
              const person = people[name as keyof typeof people]
              const answer = await request(`${origin}/run`, {
                method: 'POST',
                headers: {
                  ...(person === null ? {} : bearer(person.token)),
                  origin: PAGE,
                  'content-type': isText ? 'text/plain' : 'application/json',
                },
                body: isText ? steps : JSON.stringify(steps),
              })
              expect(json(answer)).toEqual([person?.id ?? 'unauthenticated'])
            }),
          )
        }),
        { numRuns: process.env['THOROUGH'] === '1' ? 300 : 25 },
      )
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
      expect((await reader?.read())?.value).toBe('"org:admin"\n')
      offline.updateMembership(orgId, ada.id, 'org:member')
      await deliverLast(harness)
      await expect
        .poll(async () => {
          return ((await reader?.read())?.value ?? '').trim().split('\n').at(-1)
        })
        .toBe('"org:member"')
    })
  })
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
  expect(status).toBe(200)
}
