import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet } from '@acme/tools/snippets'
import { type Browser, chromium, type Page } from 'playwright-core'
import { createServer as createVite } from 'vite'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

interface Application {
  readonly server: Server
  readonly clerk: { users: { get(id: string): Promise<{ email: string | null } | null> } }
  stop(): Promise<void>
}
// Not by a literal name: its types declare the user of every file of a program, and other guides have users of their own.
const example = '@acme/example-express-prisma'
const { start }: { start(env: Readonly<Record<string, string>>): Promise<Application> } = await import(
  example
)

const guide = new URL('../../docs/offline-clerk.md', import.meta.url)
const password = 'correct horse battery'
/** Names that people have typed. */
const hostile = '<img src=x onerror=alert(1)>'

// The page of the guide, at the origin of the example, with Clerk's own script and components from `node_modules`.
await describeWith('chromium', "Clerk's own script, the offline Clerk and the application", ({ path }) => {
  let browser: Browser
  let folder: string
  let server: Server
  let application: Application
  let offline: OfflineClerk
  let home: string
  /** What no page may do: run what was typed, break its policy, or ask another machine. */
  const wrongs: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] })
    folder = await mkdtemp(join(tmpdir(), 'clerk-js-'))
    let files: Record<string, { type: string; text: string }> = {}
    let headers: Record<string, string> = {}
    server = createServer((req, res) => {
      const file = files[req.url?.split('?')[0] ?? '']
      if (file) res.writeHead(200, { ...headers, 'content-type': file.type }).end(file.text)
      else application.server.emit('request', req, res)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    home = `http://localhost:${(server.address() as AddressInfo).port}`
    offline = await startClerk({ appUrl: home })
    files = {
      '/': { type: 'text/html; charset=utf-8', text: await code('index.html') },
      '/clerk.js': { type: 'text/javascript', text: await code('clerk.js') },
    }
    headers = { 'content-security-policy': (await code('Content-Security-Policy')).trim() }
    application = await start({
      ...offline.env,
      SESSION_SECRET: 'a secret that is only for this test, of many letters',
      DATABASE_URL: `file:${join(folder, 'notes.db').replaceAll('\\', '/')}`,
    })
    offline.webhooks.sendTo(`${home.replace('localhost', '127.0.0.1')}/webhook`)
    offline.plant({
      users: [
        {
          emailAddress: 'ada@example.com',
          username: 'ada_l',
          firstName: hostile,
          lastName: 'Lovelace',
          password,
        },
        { emailAddress: 'joan@example.com', firstName: 'Joan', password },
      ],
      organizations: [{ name: 'Acme', members: [{ user: 'ada_l', role: 'org:admin' }] }],
    })
    await offline.webhooks.settled()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    server?.close()
    server?.closeAllConnections()
    await application?.stop()
    await offline?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  afterEach(() => {
    expect(wrongs.splice(0)).toEqual([])
  })

  /** A file of the guide, for this server and its key. */
  async function code(title: string): Promise<string> {
    const { code: text } = await readSnippet(guide, title)
    const { port } = new URL(offline.url)
    return text
      .replaceAll(':4400', `:${port}`)
      .replaceAll('pk_test_MTI3LjAuMC4xOjQ0MDAk', offline.publishableKey)
  }

  async function newPage(): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: 'reduce' })
    onTestFinished(() => context.close())
    context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url())
      if (protocol.startsWith('http') && !['localhost', '127.0.0.1'].includes(hostname))
        wrongs.push(request.url())
    })
    context.on('dialog', (dialog) => {
      wrongs.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    context.on('console', (message) => {
      if (/Content Security Policy|CORS policy/.test(message.text())) wrongs.push(message.text())
    })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    return page
  }

  const open = async () => visit(await newPage())

  /** Asked from outside: the page's policy lets nothing be evaluated within it. */
  const until = (page: Page, expression: string) =>
    // A page that is being left has no answer.
    expect.poll(() => page.evaluate(expression).catch(() => false), { timeout: 30_000 }).toBe(true)

  async function visit(page: Page): Promise<Page> {
    await page.goto(home)
    await until(page, 'window.Clerk?.loaded === true')
    return page
  }

  const mount = (page: Page, component: string) =>
    page.evaluate(
      `Clerk['mount${component}'](document.body.appendChild(Object.assign(document.createElement('div'), { id: 'own' })), { routing: 'hash' })`,
    )
  const show = async (page: Page, component: string) => mount(await visit(page), component)

  /** Clerk has sent an event of this type, about this user. */
  const announced = (type: string, about = '') => {
    const sent = () =>
      offline.webhooks.deliveries.some(
        ({ event }) => event.type === type && JSON.stringify(event).includes(about),
      )
    return expect.poll(sent, { timeout: 30_000 }).toBe(true)
  }

  const proceed = (page: Page) => page.getByRole('button', { name: 'Continue', exact: true }).click()
  const typeCode = (page: Page) => page.locator('input[data-input-otp]').first().fill('424242')
  const signedIn = (page: Page, name: string) =>
    until(page, `window.Clerk?.user?.firstName === ${JSON.stringify(name)}`)

  async function signIn(page: Page, identifier: string, name: string): Promise<void> {
    await page.locator('input[name=identifier]').fill(identifier)
    await proceed(page)
    await page.locator('input[name=password]').fill(password)
    await proceed(page)
    await signedIn(page, name)
  }

  /** What the application answers to the page, with the cookie that Clerk's script keeps. */
  const workspace = (page: Page) =>
    page.evaluate<{
      status: number
      body: { user?: { id: string }; organization?: { role: string; name: string } } | null
    }>(
      `fetch('/api/workspace').then(async (answer) => ({ status: answer.status, body: answer.ok ? await answer.json() : null }))`,
    )

  test('the page of the guide signs in, has fresh tokens for itself, and signs out', async () => {
    const page = await open()
    expect((await workspace(page)).status).toBe(401)
    await signIn(page, 'ada_l', hostile)
    await page.getByRole('button', { name: /user/i }).waitFor()
    const claims = await page.evaluate<{ azp: string; exp: number; iat: number; sub: string }>(
      `Clerk.session.getToken().then((token) => JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))))`,
    )
    expect([claims.azp, claims.exp - claims.iat]).toEqual([home, 60])
    expect((await workspace(page)).body?.user?.id).toBe(claims.sub)

    await page.getByRole('button', { name: /user/i }).click()
    expect(await page.getByText(`${hostile} Lovelace`).count()).toBeGreaterThan(0)
    await page.getByText('Sign out').click()
    await until(page, 'window.Clerk?.user === null')
    await page.locator('input[name=identifier]').waitFor()
    await offline.webhooks.settled()
    expect((await workspace(page)).status).toBe(401)
  }, 120_000)

  test('the hosted page signs the same browser in and returns to the page, and nowhere else', async () => {
    const page = await open()
    await page.evaluate('void Clerk.redirectToSignIn()')
    await page.getByRole('button', { name: 'Continue as Joan' }).click()
    await signedIn(page, 'Joan')
    expect(page.url()).toBe(`${home}/`)
    expect((await workspace(page)).status).toBe(200)
    await page.goto(`${offline.url}/sign-in#/?redirect_url=https://evil.example/`)
    await page.getByRole('heading', { name: 'Invalid redirect_url' }).waitFor()
  }, 120_000)

  test('a token is renewed before its minute is over, while the page is open', async () => {
    const page = await open()
    await page.clock.install()
    await signIn(await visit(page), 'joan@example.com', 'Joan')
    const renewed = page.waitForRequest(/\/sessions\/sess_\w+\/tokens/)
    await page.clock.fastForward(55_000)
    expect((await (await renewed).response())?.status()).toBe(200)
  }, 120_000)

  test('a sign-up in the page makes a row; a role that is changed and a ban reach page and application', async () => {
    const grace = await open()
    // Two forms in one page would share its hash.
    await grace.evaluate(`Clerk.unmountSignIn(document.getElementById('clerk'))`)
    await mount(grace, 'SignUp')
    const form = grace.locator('#own')
    await form.locator('input[name=emailAddress]').fill('grace@example.com')
    await form.locator('input[name=password]').fill(password)
    await form.getByRole('button', { name: 'Continue', exact: true }).click()
    await typeCode(grace)
    await until(grace, 'Boolean(window.Clerk?.user)')
    await offline.webhooks.settled()
    const id = await grace.evaluate<string>('Clerk.user.id')
    expect(
      offline.webhooks.deliveries.filter(({ event }) => event.type === 'user.created').at(-1),
    ).toMatchObject({
      event: { data: { id } },
      status: 'succeeded',
    })
    expect((await application.clerk.users.get(id))?.email).toBe('grace@example.com')
    expect(await workspace(grace)).toMatchObject({ status: 200, body: { user: { id }, organization: null } })

    // An administrator invites her in the page, and she accepts it there.
    const ada = await open()
    await signIn(ada, 'ada@example.com', hostile)
    await show(ada, 'OrganizationSwitcher')
    await ada.locator('#own button').first().click()
    await ada.getByText('Acme').click()
    await until(ada, 'Boolean(window.Clerk?.organization)')
    await show(ada, 'OrganizationProfile')
    const profile = ada.locator('#own')
    await profile.getByRole('button', { name: 'Members' }).click()
    await profile.getByRole('button', { name: 'Invite' }).click()
    await profile.locator('textarea, input[data-testid="tag-input"]').first().fill('grace@example.com,')
    await profile.getByRole('button', { name: 'Send invitations' }).click()
    await announced('organizationInvitation.created')
    await show(grace, 'OrganizationSwitcher')
    await grace.locator('#own button').first().click()
    await grace.getByRole('button', { name: 'Join' }).click()
    await announced('organizationMembership.created', id)
    await grace.evaluate(
      `Clerk.user.reload().then(() => Clerk.setActive({ organization: Clerk.user.organizationMemberships[0].organization.id }))`,
    )
    await offline.webhooks.settled()
    expect((await workspace(grace)).body?.organization).toMatchObject({ name: 'Acme', role: 'org:member' })

    // The administrator gives her another role.
    await show(ada, 'OrganizationProfile')
    await profile.getByRole('button', { name: 'Members' }).click()
    const row = profile.getByRole('row').filter({ hasText: 'grace@example.com' })
    await row.getByRole('button', { name: 'Member' }).click()
    await ada.getByRole('option', { name: 'Admin' }).click()
    await announced('organizationMembership.updated')
    await offline.webhooks.settled()
    await grace.evaluate('Clerk.session.getToken({ skipCache: true })')
    expect((await workspace(grace)).body?.organization?.role).toBe('org:admin')

    offline.banUser(id)
    await offline.webhooks.settled()
    expect((await workspace(grace)).status).toBe(401)
    await grace.evaluate('Clerk.session.getToken({ skipCache: true }).catch(() => null)')
    await until(grace, 'window.Clerk?.user === null')
    expect((await workspace(ada)).status).toBe(200)
  }, 180_000)

  test('a forgotten password is reset, a second account added and switched to, an account managed', async () => {
    const page = await open()
    await page.locator('input[name=identifier]').fill('joan@example.com')
    await proceed(page)
    await page.getByText('Forgot password?').click()
    await page.getByRole('button', { name: /reset your password/i }).click()
    await typeCode(page)
    await page.locator('input[name=password]').fill('another password')
    await page.locator('input[name=confirmPassword]').fill('another password')
    await page.getByRole('button', { name: 'Reset Password' }).click()
    await signedIn(page, 'Joan')

    await show(page, 'SignIn')
    await page.locator('#own input[name=identifier]').fill('ada_l')
    await proceed(page)
    await page.getByText('Use another method').click()
    await page.getByRole('button', { name: /email code/i }).click()
    await typeCode(page)
    await signedIn(page, hostile)
    expect(await page.evaluate('Clerk.client.sessions.length')).toBe(2)
    await visit(page)
    await page.getByRole('button', { name: /user/i }).click()
    await page.getByText('joan@example.com').click()
    await signedIn(page, 'Joan')

    await show(page, 'UserProfile')
    const profile = page.locator('#own')
    const save = () => profile.getByRole('button', { name: 'Save' }).click()
    await profile.getByRole('button', { name: 'Update profile' }).click()
    await profile.locator('input[name=lastName]').fill(hostile)
    await save()
    await until(page, `Clerk.user.lastName === ${JSON.stringify(hostile)}`)
    await profile.getByRole('button', { name: 'Add email address' }).click()
    await profile.locator('input[name=emailAddress]').fill('clarke@example.com')
    await profile.getByRole('button', { name: 'Add', exact: true }).click()
    await typeCode(page)
    await until(page, `Clerk.user.emailAddresses[1]?.verification.status === 'verified'`)
    await profile.getByRole('button', { name: 'Security' }).click()
    await profile.getByRole('button', { name: 'Update password' }).click()
    await profile.locator('input[name=currentPassword]').fill('another password')
    await profile.locator('input[name=newPassword]').fill(password)
    await profile.locator('input[name=confirmPassword]').fill(password)
    await save()
    await profile.locator('input[name=newPassword]').waitFor({ state: 'detached' })
    await offline.webhooks.settled()
    expect(offline.getUser(await page.evaluate<string>('Clerk.user.id'))).toMatchObject({
      last_name: hostile,
      email_addresses: [{}, { email_address: 'clarke@example.com' }],
    })
  }, 180_000)

  test("the React page of the guide works behind a development server's proxy, with @clerk/testing", async () => {
    const scratch = fileURLToPath(new URL('./.snippets/', import.meta.url))
    await mkdir(scratch, { recursive: true })
    const root = await mkdtemp(join(scratch, 'react-'))
    onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 5 }))
    const write = (name: string, text: string) => writeFile(join(root, name), text)
    await write('index.html', '<div id="root"></div><script type="module" src="/clerk-app.tsx"></script>')
    await write('clerk-app.tsx', await code('clerk-app.tsx'))
    await write('vite.config.js', await code('vite.config.js'))
    await write('.env', `VITE_CLERK_PUBLISHABLE_KEY=${offline.publishableKey}\n`)
    const vite = await createVite({
      root,
      logLevel: 'error',
      cacheDir: join(root, '.vite'),
      server: { port: 0 },
    })
    onTestFinished(() => vite.close())
    await vite.listen()

    // Playwright's own runner is not here: its two functions that the guide uses are these.
    type Body = (given: { page: Page }) => Promise<void>
    const steps: { before?: () => Promise<void>; body?: Body } = {}
    Object.assign(globalThis, {
      playwrightTest: Object.assign(
        (_: string, body: Body) => {
          steps.body = body
        },
        {
          beforeAll: (before: () => Promise<void>) => {
            steps.before = before
          },
        },
      ),
    })
    const spec = (await code('sign-in.spec.js'))
      .replace("import { test } from '@playwright/test'", 'const test = globalThis.playwrightTest')
      .replace('http://localhost:5173/', vite.resolvedUrls?.local[0] ?? '')
    await write('spec.mjs', spec)
    for (const [name, value] of Object.entries(offline.env)) vi.stubEnv(name, value)
    onTestFinished(() => void vi.unstubAllEnvs())
    await import(pathToFileURL(join(root, 'spec.mjs')).href)
    await steps.before?.()
    await steps.body?.({ page: await newPage() })
    expect(offline.webhooks.deliveries.at(-1)?.event.type).toBe('session.removed')
  }, 180_000)
})
