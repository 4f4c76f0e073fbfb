import { deepStrictEqual as deepEqual, strictEqual as equal, match, ok } from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AuditEntry } from '@acme/clerk-core'
import type { AdapterBinding, AppSpec, RunningApp } from './binding.js'
import { eventually, expectIncludes, isNumber, isThere } from './expect.js'
import { createHarness, type Harness } from './harness.js'
import { request } from './http.js'
import { onTestFinished, type RunnerWithClerk } from './runner.js'
import { startApp } from './start.js'

/** What is visible inside the process: logs, errors, a second instance. */
export function processTests({ test, offline }: RunnerWithClerk, binding: AdapterBinding): void {
  if (binding.standsAlone === undefined) {
    test('the audit log says who did what, by pattern, without a token or a query', async () => {
      const entries: AuditEntry[] = []
      const { app, harness } = await open({ audit: (entry) => entries.push(entry), trustProxy: true })
      const { ada, bob, orgId } = harness
      const send = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
        const count = entries.length
        await request(`${app.origin}${path}`, { method, headers })
        await eventually(() => equal(entries.length, count + 1))
        return entries.at(-1)
      }
      const bearer = { authorization: `Bearer ${ada.token}` }

      expectIncludes(await send('/users/42?token=secret', { ...bearer, 'x-forwarded-for': '203.0.113.9' }), {
        kind: 'user',
        userId: ada.id,
        localUserId: isThere,
        orgId,
        actorId: null,
        method: 'GET',
        route: '/users/:id',
        status: 200,
        completed: true,
        ip: '203.0.113.9',
        durationMs: isNumber,
        time: /^\d{4}-\d\d-\d\dT/,
      })
      expectIncludes(await send('/private'), {
        kind: 'anonymous',
        userId: null,
        route: '/private',
        status: 401,
      })
      expectIncludes(await send('/auth/me', bearer), { userId: ada.id, route: '/auth/me', status: 200 })
      expectIncludes(await send(`/nowhere/${bob.token}`, { authorization: `Bearer ${bob.token}` }), {
        userId: bob.id,
        route: null,
        status: 404,
      })
      expectIncludes(await send('/auth/sign-in?returnTo=//evil', {}), {
        route: '/auth/sign-in',
        status: 400,
      })
      expectIncludes(await send('/broken', bearer), { userId: ada.id, route: '/broken', status: 500 })
      const written = JSON.stringify(entries)
      for (const secret of [ada.token, bob.token, 'secret', '@example.com', 'evil'])
        ok(!written.includes(secret))
    })

    test('a client that disconnects is in the audit log too', async () => {
      const entries: AuditEntry[] = []
      const { app } = await open({
        audit: (entry) => entries.push(entry),
        webhook: { bodyTimeoutSeconds: 60 },
      })
      const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
      socket.write(
        'POST /hooks/clerk HTTP/1.1\r\nHost: app\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
      )
      ok(String((await once(socket, 'data'))[0]).includes('100 Continue'))
      socket.destroy()
      await eventually(() => expectIncludes(entries, [{ completed: false, route: '/hooks/clerk' }]))
    })

    test('an audit log that takes lines gets JSON, and one that fails harms no request', async () => {
      const lines: string[] = []
      const first = await open({ audit: { write: (line) => lines.push(line) } })
      await request(`${first.app.origin}/open`)
      await eventually(() => equal(lines.length, 1))
      match(lines[0] ?? '', /^\{.*"kind":"anonymous".*\}\n$/)

      const warnings: Error[] = []
      const listen = (warning: Error) => warnings.push(warning)
      process.on('warning', listen)
      onTestFinished(() => {
        process.off('warning', listen)
      })
      for (const audit of [
        () => {
          throw Object.assign(new Error('ada@example.com: disk full'), { code: 'ENOSPC' })
        },
        async () => {
          throw Object.assign(new Error('ada@example.com: disk full'), { code: 'ENOSPC' })
        },
      ]) {
        const { app } = await open({ audit })
        const count = warnings.length
        equal((await request(`${app.origin}/open`)).status, 200)
        await eventually(() => ok(warnings.length > count))
        equal(warnings.at(-1)?.message, 'The audit log could not be written (Error ENOSPC).')
      }
    })
  }

  test('the browser is sent back to the host that the proxy names, only if the proxy is trusted', async () => {
    const headers = {
      host: 'inside:8080',
      'x-forwarded-host': 'app.example.com',
      'x-forwarded-proto': 'https',
    }
    const back = async (trustProxy: boolean, more = {}) => {
      const { app } = await open({ trustProxy })
      const { headers: got } = await request(`${app.origin}/auth/sign-in`, {
        headers: { ...headers, ...more },
      })
      return new URL(got.location ?? '').searchParams.get('redirect_url')
    }
    equal(await back(true), 'https://app.example.com/auth/callback?returnTo=%2F')
    equal(await back(false), 'http://inside:8080/auth/callback?returnTo=%2F')
    equal(await back(true, { 'x-forwarded-host': 'not a host' }), null)
  })

  test('two Clerk instances in one process share no authentication', async () => {
    const other = await createHarness(offline(), { authorizedParties: ['https://other.example'] })
    onTestFinished(() => other.close())
    const { app, harness } = await open({ other: other.clerk })
    const headers = { authorization: `Bearer ${harness.ada.token}` }
    equal((await request(`${app.origin}/auth/me`, { headers })).status, 200)
    equal((await request(`${app.origin}/other/me`, { headers })).status, 401)
  })

  test('an error of the application’s own login is a 500, not an anonymous request', async () => {
    const broken = [
      () => {
        throw new Error('no database')
      },
      async () => {
        throw new Error('no database')
      },
    ]
    for (const localUser of broken) {
      const { app } = await open({ localUser })
      const { status, text } = await request(`${app.origin}/open`)
      equal(status, 500)
      ok(!text.includes('anonymous'))
    }
  })

  test('the application’s own login may be asynchronous', async () => {
    const { app } = await open({ localUser: async () => ({ id: 7 }) })
    deepEqual(JSON.parse((await request(`${app.origin}/open`)).text), { kind: 'local', id: 7 })
    for (const signedOut of [null, false, undefined]) {
      const { app: empty } = await open({ localUser: async () => signedOut })
      expectIncludes(JSON.parse((await request(`${empty.origin}/open`)).text), { kind: 'anonymous' })
    }
  })

  async function open(spec: Partial<AppSpec>): Promise<{ app: RunningApp; harness: Harness }> {
    const harness = await createHarness(offline())
    const app = await startApp(binding, harness, spec)
    onTestFinished(async () => {
      await app.stop()
      await harness.close()
    })
    return { app, harness }
  }
}
