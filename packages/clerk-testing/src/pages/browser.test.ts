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

  test('people are grouped with their organisations, and each button says the whole of it', async () => {
    offline.createOrganization({ name: 'Looms', createdBy: offline.createUser({ username: 'joan' }).id })
    const page = await (await openContext({ javaScriptEnabled: false })).newPage()
    await page.goto(`${offline.url}/sign-in`)
    const ada = page.getByRole('listitem').filter({ hasText: 'Ada Lovelace' })
    expect(await ada.locator('strong').allTextContents()).toEqual(['Ada Lovelace'])
    expect(
      (await ada.getByRole('button').allInnerTexts()).map((text) => text.split('\n').at(-1)?.trim()),
    ).toEqual([expect.stringMatching(/in Acme$/), expect.stringMatching(/without organisation$/)])
    for (const name of ['Ada Lovelace in Acme', 'Ada Lovelace without organisation', 'joan in Looms'])
      expect([name, await page.getByRole('button', { name, exact: true }).count()]).toEqual([name, 1])
    await page.getByRole('button', { name: 'Ada Lovelace without organisation', exact: true }).click()
    await page.getByText('Signed in as Ada Lovelace').waitFor()
    const [session] = offline.webhooks.deliveries.slice(-1).map(({ event }) => event.data as { id: string })
    expect(offline.getSession(session?.id ?? '').last_active_organization_id).toBeNull()
  })

  test('the settings are for the application that is named, and each value can be copied', async () => {
    const context = await openContext()
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: offline.url })
    const page = await context.newPage()
    const copied = () => page.evaluate<string>('navigator.clipboard.readText()')
    await page.goto(`${offline.url}/dashboard/settings`)
    expect(await page.locator('#dotenv').textContent()).toBe(offline.dotenv)
    await page.getByRole('button', { name: 'Copy the environment' }).click()
    await page.getByText('Copied the environment').waitFor({ state: 'attached' })
    expect(await copied()).toBe(offline.dotenv)

    await page.getByLabel('Your application is at').fill('http://localhost:5173/some/page')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.getByText('One by one').click()
    await page.getByRole('button', { name: 'Copy CLERK_AUTHORIZED_PARTIES' }).click()
    await page.getByText('Copied CLERK_AUTHORIZED_PARTIES').waitFor({ state: 'attached' })
    expect(await copied()).toBe('http://localhost:5173')
    expect(await page.locator('#dotenv').textContent()).toBe(
      offline.dotenv.replace(
        /^CLERK_AUTHORIZED_PARTIES=.*$/m,
        'CLERK_AUTHORIZED_PARTIES=http://localhost:5173',
      ),
    )

    for (const wrong of ['javascript:alert(1)', '<script>document.title="run"</script>']) {
      await page.getByLabel('Your application is at').fill(wrong)
      await page.getByRole('button', { name: 'Show' }).click()
      await page.getByText('That is no address').waitFor()
      expect(await page.locator('#dotenv').textContent()).toBe(offline.dotenv)
      expect(await page.title()).toContain('Settings')
    }
  })

  test('where the clipboard may not be used, the text is selected', async () => {
    const page = await (await openContext()).newPage()
    await page.addInitScript('Object.defineProperty(navigator, "clipboard", { value: undefined })')
    await page.goto(`${offline.url}/dashboard/settings`)
    await page.getByRole('button', { name: 'Copy the environment' }).click()
    await page.getByText('Selected the environment').waitFor({ state: 'attached' })
    expect(await page.evaluate('getSelection().toString()')).toContain(offline.secretKey)
  })

  test('the parts of a form stand in line', async () => {
    const page = await (await openContext({ viewport: { width: 1280, height: 900 } })).newPage()
    const organization = offline.createOrganization({ name: 'Mills' })
    for (const path of ['/webhooks', '/settings', `/organizations/${organization.id}`, '']) {
      await page.goto(`${offline.url}/dashboard${path}`)
      const lines = await page.locator('form.inline').evaluateAll((forms) =>
        forms.map((form) =>
          [...form.querySelectorAll('input:not([type=checkbox]):not([type=hidden]), select, button')].map(
            (part) => {
              const { bottom, height } = part.getBoundingClientRect()
              return [Math.round(bottom), Math.round(height)].join()
            },
          ),
        ),
      )
      expect(lines.length).toBeGreaterThan(0)
      // One bottom edge and one height.
      for (const line of lines) expect([path, new Set(line).size]).toEqual([path, 1])
    }
  })

  test('what happens appears without a reload, runs nothing, and leaves what is being typed', async () => {
    const page = await (await openContext()).newPage()
    const problems: string[] = []
    page.on('console', (message) => problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(`${offline.url}/dashboard`)
    await page.evaluate('window.loaded = true')
    const search = page.getByRole('searchbox', { name: 'Search users' })
    await search.fill('half a wor')
    const name = '<img src=x onerror="window.pwned=1">'
    const user = offline.createUser({ firstName: name, username: 'hostile' })
    await page.getByRole('link', { name }).waitFor()
    // A row that has the focus stays as it is; once it is left, it follows.
    const row = page.getByRole('row').filter({ hasText: name })
    await row.getByRole('button', { name: 'Ban' }).focus()
    offline.banUser(user)
    offline.createUser({ username: 'after-the-ban' })
    await page.getByRole('link', { name: 'after-the-ban' }).waitFor()
    expect(await row.getByText('active').count()).toBe(1)
    await search.focus()
    await row.getByText('banned').waitFor()
    expect(await search.inputValue()).toBe('half a wor')
    expect(await page.evaluate('[window.loaded, window.pwned]')).toEqual([true, undefined])
    await page.getByRole('button', { name: 'Pause live updates' }).press('Enter')
    await page.getByRole('status').getByText('Paused').waitFor()
    offline.createUser({ username: 'unseen' })
    await page.getByRole('button', { name: 'Resume live updates' }).press('Enter')
    await page.getByRole('link', { name: 'unseen' }).waitFor()
    expect(problems).toEqual([])
  })

  test('the keyboard alone breaks a delivery and turns a page', async () => {
    offline.webhooks.sendTo(`http://127.0.0.1:${app.port}/nowhere`)
    for (let index = 0; index < 51; index++) offline.webhooks.send('session.created', { id: `sess_${index}` })
    await offline.webhooks.settled()
    const page = await (await openContext({ javaScriptEnabled: false })).newPage()
    await page.goto(`${offline.url}/dashboard/webhooks`)
    await page.getByRole('link', { name: 'Next' }).press('Enter')
    await page.getByText(/^Page 2 of/).waitFor()
    await page.goto(`${offline.url}/dashboard/webhooks/${offline.webhooks.deliveries.at(-1)?.id}`)
    await page.getByRole('button', { name: 'Wrong signature' }).press('Enter')
    await page.getByRole('heading', { name: /Attempt 2.*wrong signature/ }).waitFor()
    offline.webhooks.sendTo(undefined)
  })

  test.each(['light', 'dark'] as const)(
    'every page is accessible in %s, and fits a phone and a screen',
    async (colorScheme) => {
      const user = offline.createUser({ firstName: 'Grace', publicMetadata: { a: 'x'.repeat(80) } })
      const organization = offline.createOrganization({ name: 'Engines', createdBy: user.id })
      const session = offline.createSession(user)
      offline.revokeSession(session)
      await offline.createM2MToken({ machine: offline.createMachine({ name: 'worker' }) })
      offline.createApiKey({ subject: user, name: 'deploys' })
      offline.createOAuthToken({ user })
      offline.call('CreateOAuthApplication', { body: { name: 'Editor', scopes: 'profile' } })
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
        '/dashboard/machines',
        '/dashboard/oauth',
        '/dashboard/roles',
        '/dashboard/settings',
        '/dashboard/users/user_nobody',
      ]) {
        await page.goto(`${offline.url}${path}`)
        if (path.endsWith('settings')) await page.getByText('One by one').click()
        await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core') })
        for (const width of [360, 390, 1280, 1440]) {
          await page.setViewportSize({ width, height: 844 })
          expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width])
          // The narrowest phone: nothing is cut off.
          if (width === 360) continue
          const problems = await page.evaluate(
            'axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(" ")))',
          )
          expect([path, width, problems]).toEqual([path, width, []])
        }
      }
    },
    120_000,
  )
})
