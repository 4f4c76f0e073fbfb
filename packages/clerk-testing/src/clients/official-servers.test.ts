import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createClerkClient } from '@clerk/backend'
import { clerkMiddleware, getAuth } from '@clerk/express'
import { clerkSetup } from '@clerk/testing/playwright'
import express from 'express'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { type OfflineClerk, startClerk } from '../index.js'
import { listen } from '../testing/listen.js'

const cwd = fileURLToPath(new URL('../..', import.meta.url))
let offline: OfflineClerk
beforeEach(async () => {
  offline = await startClerk()
})
afterEach(() => offline.stop())

test('@clerk/express signs a browser in by Clerk’s handshake', async () => {
  const clerkClient = createClerkClient({ ...keys(), apiUrl: offline.url })
  const app = express()
  app.use(clerkMiddleware({ ...keys(), clerkClient, proxyUrl: offline.url }))
  app.get('/', (req, res) => {
    res.json({ userId: getAuth(req).userId })
  })
  const server = await listen(app)
  onTestFinished(() => server.close())
  const page = `http://127.0.0.1:${server.port}/`
  const user = offline.createUser({ username: 'ada' })
  const jar = new Map<string, string>()
  const visit = async (url: string, headers: Record<string, string> = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const navigation = { accept: 'text/html', 'sec-fetch-dest': 'document' }
    const answer = await fetch(url, { redirect: 'manual', headers: { ...navigation, cookie, ...headers } })
    for (const one of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = one.split(';', 1)[0]?.split(/=(.*)/s) ?? []
      jar.set(name, value)
    }
    return answer
  }
  const form = new URLSearchParams({ identifier: 'ada', redirect_url: page })
  const signedIn = await fetch(`${offline.url}/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: form,
  })
  for (const one of signedIn.headers.getSetCookie()) {
    const [name = '', value = ''] = one.split(';', 1)[0]?.split(/=(.*)/s) ?? []
    // The session's token has run out while the browser was away.
    if (!name.startsWith('__session')) jar.set(name, value)
  }
  let answer = await visit(page)
  let hops = 0
  while (answer.status >= 300 && answer.status < 400 && hops++ < 6) {
    answer = await visit(new URL(answer.headers.get('location') ?? '', page).href)
  }
  expect(hops).toBeGreaterThan(0)
  expect(await answer.json()).toEqual({ userId: user.id })
})

test('@clerk/fastify needs nothing but the printed environment', async () => {
  const user = offline.createUser({ username: 'ada' })
  const code = `
    import { clerkPlugin, getAuth } from '@clerk/fastify'
    import Fastify from 'fastify'
    const app = Fastify()
    await app.register(clerkPlugin)
    app.get('/', async (request) => ({ userId: getAuth(request).userId }))
    console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd,
    env: { ...process.env, ...offline.env, CLERK_JWT_KEY: offline.tokens.pem },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill())
  const url = await new Promise<string>((resolve) =>
    child.stdout.once('data', (line) => resolve(String(line).trim())),
  )
  const answer = await fetch(url, { headers: await offline.authHeader(user) })
  expect(await answer.json()).toEqual({ userId: user.id })
  expect(await (await fetch(url)).json()).toEqual({ userId: null })
})

test('@clerk/testing gets its token', async () => {
  for (const [name, value] of Object.entries(offline.env)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
  await clerkSetup({ dotenv: false })
  expect(process.env.CLERK_TESTING_TOKEN).toMatch(/^\w{48}$/)
  expect(process.env.CLERK_FAPI).toBe(new URL(offline.url).host)
})

const keys = () => ({ secretKey: offline.secretKey, publishableKey: offline.publishableKey })
