import { createRequire } from 'node:module'
import { describeWith } from '@acme/tools/services/vitest'
import { createClerkClient } from '@clerk/backend'
import { clerkMiddleware, getAuth } from '@clerk/express'
import express from 'express'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type OfflineClerk, startClerk } from '../index.js'
import { listen } from '../testing/listen.js'

await describeWith('chromium', 'the pages in a real browser', ({ path: executablePath }) => {
  let browser: Browser
  let offline: OfflineClerk
  let app: Awaited<ReturnType<typeof listen>>

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
    offline = await startClerk({
      seed: {
        users: [{ emailAddress: 'ada@example.com', username: 'ada', firstName: 'Ada', lastName: 'Lovelace' }],
        organizations: [{ name: 'Acme', members: [{ user: 'ada', role: 'org:admin' }] }],
      },
    })
    const keys = { secretKey: offline.secretKey, publishableKey: offline.publishableKey, apiUrl: offline.url }
    const server = express()
    server.use(clerkMiddleware({ ...keys, clerkClient: createClerkClient(keys), proxyUrl: offline.url }))
    server.get('/', (req, res) => {
      const script =
        req.query.refresh === undefined ? '' : `<script src="${offline.url}/offline.js"></script>`
      res.type('html').send(`<title>app</title><p>${getAuth(req).userId}</p>${script}`)
    })
    app = await listen(server)
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    await app.close()
    await offline.stop()
  })

  const openContext = async (options: Parameters<Browser['newContext']>[0] = {}) => {
    const context = await browser.newContext(options)
    onTestFinished(() => context.close())
    return context
  }

  test.each(['localhost', '127.0.0.1'])(
    'a person signs in and out without JavaScript, for an application at %s',
    async (host) => {
      const home = `http://${host}:${app.port}/`
      const page = await (await openContext({ javaScriptEnabled: false })).newPage()
      await page.goto(home)
      expect(await page.textContent('p')).toBe('null')
      await page.goto(`${offline.url}/sign-in?redirect_url=${encodeURIComponent(home)}`)
      await page.getByLabel('E-mail address, phone number or username').fill('ada')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL(home)
      expect(await page.textContent('p')).toMatch(/^user_/)
      await page.goto(`${offline.url}/sign-out?redirect_url=${encodeURIComponent(home)}`)
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL(home)
      expect(await page.textContent('p')).toBe('null')
    },
  )

  test('a page of the application gets a fresh token for its own origin', async () => {
    const home = `http://localhost:${app.port}/`
    const page = await (await openContext()).newPage()
    await page.goto(`${offline.url}/sign-in?redirect_url=${encodeURIComponent(`${home}?refresh`)}`)
    await page.getByRole('button', { name: 'Ada Lovelace in Acme' }).click()
    await page.waitForURL(`${home}?refresh`)
    const token = await page.evaluate('offlineClerk.token()')
    const claims = JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ azp: `http://localhost:${app.port}`, o: { slg: 'acme' } })
  })

  test('forms of the dashboard are taken from the dashboard', async () => {
    const page = await (await openContext({ javaScriptEnabled: false })).newPage()
    await page.goto(`${offline.url}/dashboard`)
    await page.getByLabel('E-mail address').fill('browser@example.com')
    await page.getByRole('button', { name: 'Create user' }).click()
    await page.getByRole('link', { name: 'browser@example.com' }).click()
    await page.getByRole('button', { name: 'Ban', exact: true }).click()
    await page.getByText('banned').waitFor()
  })

  test.each(['light', 'dark'] as const)(
    'every page is accessible in %s, and fits a phone',
    async (colorScheme) => {
      const user = offline.createUser({ firstName: 'Grace', publicMetadata: { a: 'x'.repeat(80) } })
      const organization = offline.createOrganization({ name: 'Engines', createdBy: user.id })
      const session = offline.createSession(user)
      offline.revokeSession(session)
      const [delivery] = offline.webhooks.deliveries
      const context = await openContext({
        colorScheme,
        viewport: { width: 360, height: 740 },
        bypassCSP: true,
      })
      const page = await context.newPage()
      for (const path of [
        '/sign-in',
        '/sign-up',
        '/sign-out',
        '/account',
        '/dashboard',
        `/dashboard/users/${user.id}`,
        '/dashboard/organizations',
        `/dashboard/organizations/${organization.id}`,
        '/dashboard/sessions',
        '/dashboard/webhooks',
        `/dashboard/webhooks/${delivery?.id}`,
        '/dashboard/settings',
        '/dashboard/users/user_nobody',
      ]) {
        await page.goto(`${offline.url}${path}`)
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') })
        const problems = await page.evaluate(
          'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(" ")))',
        )
        expect([path, problems]).toEqual([path, []])
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, 360])
      }
    },
    60_000,
  )
})
