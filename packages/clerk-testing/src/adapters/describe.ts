import { deepStrictEqual as deepEqual, strictEqual as equal, ok } from 'node:assert'
import { checkRunner, type NodeTestApi, type VitestApi } from '../test-api.js'
import {
  type AdapterBinding,
  type AppSpec,
  type RunningApp,
  readBinding,
  type SessionKind,
} from './binding.js'
import type { Case, Step } from './case.js'
import { accessCases } from './cases-access.js'
import { routeCases } from './cases-routes.js'
import { sessionCases } from './cases-session.js'
import { webhookCases } from './cases-webhook.js'
import { connectionTests } from './connections.js'
import { expectIncludes, expectSame } from './expect.js'
import { guardTests } from './guards.js'
import { createHarness, type Harness } from './harness.js'
import { type RawResponse, request } from './http.js'
import { outageTests } from './outages.js'
import { processTests } from './process.js'
import { describeWithClerk } from './runner.js'
import { signInTests } from './sign-in.js'
import { startApp } from './start.js'

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ['access', accessCases],
  ['session', sessionCases],
  ['routes', routeCases],
  ['webhook', webhookCases],
]

/**
 * Runs every case against the adapter, each in an application of its own, over real sockets.
 *
 * @param api `import * as vitest from 'vitest'`, or `import * as nodeTest from 'node:test'`
 * @throws {ConfigurationError} for a binding of which something is missing or not known: its tests would be left out unseen
 */
export function describeAdapter(api: VitestApi | NodeTestApi, binding: AdapterBinding): void {
  checkRunner(api)
  readBinding(binding)
  describeWithClerk(api, `${binding.name}: the behaviour all adapters share`, (runner) => {
    const { group, test, offline } = runner
    const groups = binding.unwrap === undefined ? GROUPS : GROUPS.slice(0, 1)
    for (const [name, cases] of groups) {
      const runs = cases.flatMap((one) => kindsOf(one, binding).map((sessions) => ({ one, sessions })))
      if (runs.length === 0) continue
      group(name, () => {
        for (const { one, sessions } of runs) {
          const title = sessions === 'none' ? one.title : `${one.title} (${sessions} session)`
          test(title, () => runCase(one, sessions))
        }
      })
    }
    guardTests(runner, binding)
    if (binding.unwrap === undefined) {
      connectionTests(runner, binding)
      processTests(runner, binding)
      signInTests(runner, binding)
      outageTests(runner, binding)
    }

    async function runCase(one: Case, sessions: AppSpec['sessions']): Promise<void> {
      const harness = await createHarness(offline(), one.options)
      const app = await startApp(binding, harness, {
        sessions,
        routes: { returnTo: ['https://app.example.com'] },
        ...one.app,
      })
      try {
        const jar = new Map<string, string>()
        for (const [i, step] of (await one.steps(harness)).entries()) {
          await runStep(adapted(step, binding), i, harness, app, jar, binding.unwrap)
        }
      } finally {
        await app.stop()
        await harness.close()
      }
    }
  })
}

function kindsOf(
  { sessions, app, routesOnly }: Case,
  binding: AdapterBinding,
): readonly ('none' | SessionKind)[] {
  if (routesOnly && binding.unwrap !== undefined) return []
  const parser = app?.bodyParser
  if (parser !== undefined && parser !== 'none' && !binding.bodyParsers.includes(parser)) return []
  if (sessions === undefined) return ['none']
  return sessions === 'every' ? binding.sessions : binding.sessions.filter((kind) => kind === 'server')
}

/** What an adapter without routes of its own can be asked. */
function adapted(step: Step, { unwrap }: AdapterBinding): Step {
  if (unwrap === undefined) return step
  if (step.request.includes(' /auth/')) return { request: 'GET /open', status: 200 }
  const { json, includes, responseHeaders, ...others } = step
  const rest = { ...others, headers: { 'content-type': 'application/json', ...others.headers } }
  return step.status === 200
    ? { ...rest, ...(json ? { json } : {}), ...(includes ? { includes } : {}) }
    : rest
}

async function runStep(
  step: Step,
  index: number,
  harness: Harness,
  app: RunningApp,
  jar: Map<string, string>,
  unwrap: (body: unknown) => unknown = (body) => body,
) {
  if (step.after !== undefined) harness.advance(step.after)
  await step.meanwhile?.()
  const [method = '', path = ''] = step.request.split(' ')
  const writes = app.writes()
  const response = await request(`${app.origin}${path}`, {
    method,
    headers: headersOf(step, jar),
    ...(step.body === undefined ? {} : { body: step.body }),
  })
  const cookies = response.headers['set-cookie'] ?? []
  if (step.browser !== false) for (const cookie of cookies) keep(cookie, jar)

  const where = `step ${index + 1}, ${step.request}: ${response.text}`
  expectSame(response.status, step.status, where)
  for (const [name, value] of Object.entries(step.responseHeaders ?? {}))
    checkHeader(response, name, value, where)
  if (step.json !== undefined) expectSame(unwrap(JSON.parse(response.text)), step.json, where)
  if (step.includes !== undefined) expectIncludes(unwrap(JSON.parse(response.text)), step.includes, where)
  if (step.request.startsWith('GET /auth/me') && step.status === 200) {
    deepEqual(Object.keys(JSON.parse(response.text)).toSorted(), ME_FIELDS)
  }
  if (step.session !== undefined) {
    const written = app.writes() > writes || cookies.length > 0
    equal(written, step.session === 'written', `${where}\nset-cookie: ${cookies}`)
  }
}

const ME_FIELDS = ['clerkId', 'email', 'firstName', 'id', 'imageUrl', 'lastName', 'organization', 'username']

function headersOf(step: Step, jar: ReadonlyMap<string, string>): Record<string, string | string[]> {
  const { bearer, cookie, clientUat, browser = true, headers = {} } = step
  const cookies = browser ? [...jar].map(([name, value]) => `${name}=${value}`) : []
  if (cookie !== undefined) cookies.push(`__session=${cookie}`)
  if (clientUat !== undefined) cookies.push(`__client_uat=${clientUat}`)
  return {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
    ...headers,
  }
}

function keep(setCookie: string, jar: Map<string, string>): void {
  const [pair = '', ...attributes] = setCookie.split(';')
  const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
  const gone = attributes.some((attribute) => /^\s*(expires=thu, 01 jan 1970|max-age=0)/i.test(attribute))
  if (gone) jar.delete(name)
  else jar.set(name, value)
}

function checkHeader(
  { headers }: RawResponse,
  name: string,
  expected: string | RegExp | null,
  where: string,
): void {
  const value = headers[name]
  if (typeof expected === 'object' && expected !== null)
    ok(expected.test(String(value ?? '')), `${where}\n${name}: ${value}`)
  else expectSame(value, expected ?? undefined, `${where}\n${name}`)
}
