import { deepStrictEqual as deepEqual, match } from 'node:assert'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { signWebhook } from '../webhooks/sign.js'
import type { AdapterBinding, AppSpec, RunningApp } from './binding.js'
import { createHarness, type Harness } from './harness.js'
import { request, sendRaw } from './http.js'
import type { RunnerWithClerk } from './runner.js'
import { startApp } from './start.js'

/** What can only be seen on the wire. */
export function connectionTests({ test, offline }: RunnerWithClerk, binding: AdapterBinding): void {
  test('requests on one connection share nothing', async () => {
    await withApp({}, async ({ origin }, { ada, bob }) => {
      const get = (token: string | null, close = false) =>
        `GET /open HTTP/1.1\r\nHost: app\r\n${token === null ? '' : `Authorization: Bearer ${token}\r\n`}${close ? 'Connection: close\r\n' : ''}\r\n`
      const answer = binding.oneAtATime
        ? await oneAfterTheOther(origin, [ada.token, null, bob.token])
        : await sendRaw(origin, `${get(ada.token)}${get(null)}${get(bob.token, true)}`)
      const said = [...answer.matchAll(/"(?:userId|reason)":"([^"]+)"/g)].map((match) => match[1])
      deepEqual(said, [ada.id, 'no-credentials', bob.id])
    })
  })

  for (const path of ['/hooks/clerk', '/auth/webhook']) {
    test(`${path} refuses a body that is announced too large without reading it`, async () => {
      await withApp({}, async ({ origin }) => {
        const head = `POST ${path} HTTP/1.1\r\nHost: app\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n`
        const answer = await sendRaw(origin, head)
        match(answer, /^HTTP\/1\.1 413 /)
        match(answer, /\r\nconnection: close\r\n/i)
      })
    })

    test(`${path} does not wait for ever for a slow client`, async () => {
      const webhook = { bodyTimeoutSeconds: 0.05 }
      await withApp({ webhook, routes: webhook }, async ({ origin }) => {
        const head = `POST ${path} HTTP/1.1\r\nHost: app\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`
        match(await sendRaw(origin, head), /^HTTP\/1\.1 408 [\s\S]*"code":"webhook-timeout"/)
      })
    })

    test(`${path} survives a client that disconnects half-way`, async () => {
      await withApp({}, async ({ origin }, harness) => {
        const { port } = new URL(origin)
        await new Promise<void>((resolve) => {
          const socket = connect(Number(port), '127.0.0.1', () => {
            socket.write(`POST ${path} HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\n{`, () =>
              socket.resetAndDestroy(),
            )
          })
          socket.on('close', () => resolve())
        })
        const { headers, body } = signWebhook(
          { type: 'email.created', data: {}, object: 'event', timestamp: 1 },
          harness.offline.webhookSecret,
        )
        const lines = Object.entries({
          ...headers,
          'content-length': String(body.length),
          connection: 'close',
        })
        const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
        match(
          await sendRaw(origin, `POST ${path} HTTP/1.1\r\nHost: app\r\n${text}\r\n${body}`),
          /^HTTP\/1\.1 200 /,
        )
      })
    })
  }

  async function withApp(
    spec: Partial<AppSpec>,
    run: (app: RunningApp, harness: Harness) => Promise<void>,
  ): Promise<void> {
    const harness = await createHarness(offline())
    const app = await startApp(binding, harness, spec)
    try {
      await run(app, harness)
    } finally {
      await app.stop()
      await harness.close()
    }
  }
}

async function oneAfterTheOther(origin: string, tokens: readonly (string | null)[]): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let answers = ''
  for (const token of tokens) {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    answers += (await request(`${origin}/open`, { headers, agent })).text
  }
  agent.destroy()
  return answers
}
