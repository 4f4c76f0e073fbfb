import { once } from 'node:events'
import { connect } from 'node:net'
import type { AuditEntry } from '@acme/clerk-core'
import type { OfflineClerk } from '@acme/clerk-testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { AppBinding, AppSpec, RunningApp } from './binding.js'
import { createHarness, type Harness } from './harness.js'
import { request } from './http.js'
import { startApp } from './start.js'

/** What is visible inside the process: logs, errors, a second instance. */
export function processTests(binding: AppBinding, offline: () => OfflineClerk): void {
  const hasLog = binding.standsAlone === undefined
  test.runIf(hasLog)('the audit log says who did what, by pattern, without a token or a query', async () => {
    const entries: AuditEntry[] = []
    const { app, harness } = await open({ audit: (entry) => entries.push(entry), trustProxy: true })
    const { ada, bob, orgId } = harness
    const send = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const count = entries.length
      await request(`${app.origin}${path}`, { method, headers })
      await vi.waitFor(() => expect(entries.length).toBe(count + 1))
      return entries.at(-1)
    }
    const bearer = { authorization: `Bearer ${ada.token}` }

    expect(
      await send('/users/42?token=secret', { ...bearer, 'x-forwarded-for': '203.0.113.9' }),
    ).toMatchObject({
      kind: 'user',
      userId: ada.id,
      localUserId: expect.anything(),
      orgId,
      actorId: null,
      method: 'GET',
      route: '/users/:id',
      status: 200,
      completed: true,
      ip: '203.0.113.9',
      durationMs: expect.any(Number),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    expect(await send('/private')).toMatchObject({
      kind: 'anonymous',
      userId: null,
      route: '/private',
      status: 401,
    })
    expect(await send('/auth/me', bearer)).toMatchObject({ userId: ada.id, route: '/auth/me', status: 200 })
    expect(await send(`/nowhere/${bob.token}`, { authorization: `Bearer ${bob.token}` })).toMatchObject({
      userId: bob.id,
      route: null,
      status: 404,
    })
    expect(await send('/auth/sign-in?returnTo=//evil', {})).toMatchObject({
      route: '/auth/sign-in',
      status: 400,
    })
    expect(await send('/broken', bearer)).toMatchObject({ userId: ada.id, route: '/broken', status: 500 })
    const written = JSON.stringify(entries)
    for (const secret of [ada.token, bob.token, 'secret', '@example.com', 'evil'])
      expect(written).not.toContain(secret)
  })

  test.runIf(hasLog)('a client that disconnects is in the audit log too', async () => {
    const entries: AuditEntry[] = []
    const { app } = await open({ audit: (entry) => entries.push(entry), webhook: { bodyTimeoutSeconds: 60 } })
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1')
    socket.write(
      'POST /hooks/clerk HTTP/1.1\r\nHost: app\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(String((await once(socket, 'data'))[0])).toContain('100 Continue')
    socket.destroy()
    await vi.waitFor(() => expect(entries).toMatchObject([{ completed: false, route: '/hooks/clerk' }]))
  })

  test.runIf(hasLog)(
    'an audit log that takes lines gets JSON, and one that fails harms no request',
    async () => {
      const lines: string[] = []
      const first = await open({ audit: { write: (line) => lines.push(line) } })
      await request(`${first.app.origin}/open`)
      await vi.waitFor(() => expect(lines).toHaveLength(1))
      expect(lines[0]).toMatch(/^\{.*"kind":"anonymous".*\}\n$/)

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
        expect((await request(`${app.origin}/open`)).status).toBe(200)
        await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(count))
        expect(warnings.at(-1)?.message).toBe('The audit log could not be written (Error ENOSPC).')
      }
    },
  )

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
    expect(await back(true)).toBe('https://app.example.com/auth/callback?returnTo=%2F')
    expect(await back(false)).toBe('http://inside:8080/auth/callback?returnTo=%2F')
    expect(await back(true, { 'x-forwarded-host': 'not a host' })).toBe(null)
  })

  test('two Clerk instances in one process share no authentication', async () => {
    const other = await createHarness(offline(), { authorizedParties: ['https://other.example'] })
    onTestFinished(() => other.close())
    const { app, harness } = await open({ other: other.clerk })
    const headers = { authorization: `Bearer ${harness.ada.token}` }
    expect((await request(`${app.origin}/auth/me`, { headers })).status).toBe(200)
    expect((await request(`${app.origin}/other/me`, { headers })).status).toBe(401)
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
      expect(status).toBe(500)
      expect(text).not.toContain('anonymous')
    }
  })

  test('the application’s own login may be asynchronous', async () => {
    const { app } = await open({ localUser: async () => ({ id: 7 }) })
    expect(JSON.parse((await request(`${app.origin}/open`)).text)).toEqual({ kind: 'local', id: 7 })
    for (const signedOut of [null, false, undefined]) {
      const { app: empty } = await open({ localUser: async () => signedOut })
      expect(JSON.parse((await request(`${empty.origin}/open`)).text)).toMatchObject({ kind: 'anonymous' })
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
