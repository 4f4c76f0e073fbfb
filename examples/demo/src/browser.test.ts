import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describeWith } from '@acme/tools/services/vitest'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { readOptions } from './options.js'
import { type Demo, runDemo } from './run.js'

const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url))
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const BROWSER_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

await describeWith('chromium', 'the demo in a browser', ({ path }) => {
  let browser: Browser
  let shared: Demo
  let demo: Demo

  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true })
    browser = await chromium.launch({ executablePath: path, args: BROWSER_ARGS })
  }, 60_000)
  afterAll(() => browser?.close())

  // For tests that ban or rename no one that others look for; the rest begin with an instance of their own.
  beforeAll(async () => {
    shared = await runDemo(readOptions(['--port', '0']), { PATH: process.env['PATH'] })
    demo = shared
  }, 60_000)
  afterAll(() => shared?.stop())
  beforeEach(() => {
    demo = shared
  })

  async function fresh(...options: string[]): Promise<void> {
    const own = await runDemo(readOptions(['--port', '0', ...options]), { PATH: process.env['PATH'] })
    onTestFinished(() => own.stop())
    demo = own
  }

  // Time passes by itself and can be moved: what the library does after ten seconds does not make a test wait so long.
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true })
  })
  afterAll(() => {
    vi.useRealTimers()
  })
  const passing = (seconds: number) => () => {
    vi.setSystemTime(Date.now() + seconds * 1000)
  }

  async function open(
    options: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Visit> {
    const { width = 1440, height = 960, colorScheme = 'light' } = options
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
    })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const visit = new Visit(page)
    await page.goto(demo.url)
    await page.locator('#demo-clerk').waitFor()
    return visit
  }

  test('within one visit a reversed webhook is ignored and a ban takes effect', {
    timeout: 180_000,
  }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    expect(await page.locator('#verdict').textContent()).toContain('You are signed out')
    await page.screenshot({ path: `${ARTIFACTS}signed-out.png` })
    await visit.signIn('Maya Okafor in Harbour Bakery')
    expect(await page.locator('#person-name').textContent()).toBe('Maya Okafor')
    expect(await page.locator('#notes-list').textContent()).toContain('Rye starter')
    expect(await page.locator('#notes-list').textContent()).not.toContain('Logo drafts')

    expect(await visit.act('Deliver backwards')).toBe(
      'Renamed to “Maya 2”, then “Maya 3”; the webhooks came last first. Your row says “Maya 3”: 1 ignored as stale.',
    )
    await visit.proof('Deliver backwards · Maya Okafor', 'older than the row: stale webhook ignored')
    await visit.shows('#person-name', 'Maya 3 Okafor')
    expect(await visit.act('Deliver twice')).toContain('1 applied, 1 ignored as a duplicate')
    await visit.log('webhook user.updated came before: duplicate ignored')
    await page.evaluate('scrollTo(0, 0)')
    await page.screenshot({ path: `${ARTIFACTS}signed-in.png` })

    expect(await visit.act('Ban')).toMatch(
      /^The same token, good for another minute, was answered 200 before and 401 after/,
    )
    await visit.shows('#verdict', 'Your access has ended')
    await visit.log('the application’s session was ended')
    expect(await page.locator('tr', { hasText: 'Maya' }).textContent()).toMatch(/banned[\s\S]*no/)
    await page.screenshot({ path: `${ARTIFACTS}banned.png` })

    await visit.proof('Ban · Maya 4 Okafor', 'refused: ')
    expect(await page.locator('.result:visible .next').textContent()).toContain('Unban')
    expect(await visit.whyNot('Change role')).toBe('Maya 4 Okafor is banned: press Unban first.')

    expect(await visit.act('Unban')).toContain('A new sign-in is answered 200')
    // What to do now is said where the access has ended, and where the button was pressed.
    await visit.shows(
      '#verdict',
      'A session that has ended stays ended, also when a ban is lifted: sign in again.',
    )
    expect(await page.locator('.result:visible').getByRole('link', { name: 'Sign in again' }).count()).toBe(1)
    await visit.signIn('Maya 4 Okafor in Harbour Bakery')
    expect(visit.errors).toEqual([])
  })

  test('a change of role and a revocation are felt at once', { timeout: 180_000 }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    await visit.signIn('Jonas Lindqvist in Harbour Bakery')
    await visit.shows('#person-role', 'Member')
    expect(await page.getByRole('button', { name: /^Delete/ }).count()).toBe(0)
    expect(await visit.act('Change role')).toBe(
      'The same token, which still says Member, was answered as Member before and as Administrator after.',
    )
    await visit.shows('#person-role', 'Administrator')
    await page.getByRole('button', { name: 'Delete “Rye starter fed at six, ready for tomorrow.”' }).click()
    await visit.shows('#status', 'Note deleted.')

    await page.getByLabel('New note').fill('<img src=x onerror=alert(1)> is only text')
    await page.getByRole('button', { name: 'Add note' }).click()
    await visit.shows('#notes-list', '<img src=x onerror=alert(1)> is only text')

    expect(await visit.act('Revoke sessions')).toContain('200 before and 401 after')
    await visit.shows('#verdict', 'Your access has ended')
    expect(visit.errors).toEqual([])
  })

  test('an outage of Clerk signs no user out, and a rotation of its keys costs one request', {
    timeout: 180_000,
  }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    await visit.signIn('Maya Okafor in Harbour Bakery')
    // The application's session does without the token, which lives for a minute only.
    await page.context().clearCookies({ name: /^__session/ })
    await page.getByRole('button', { name: 'Ask again' }).click()
    await visit.shows('#person-source', 'without a token')
    await visit.log('no token was needed')

    expect(await visit.act('Take Clerk down')).toMatch(/trusted: answered 200 .* answered 503, .* not 401/)
    await visit.proof('Take Clerk down · Maya Okafor', 'signed in by Clerk’s token')
    await visit.proof('Take Clerk down · Maya Okafor', 'answered 503, not “signed out”')
    await visit.shows('#clerk-status', 'Clerk is down')
    await page.getByRole('button', { name: 'Ask again' }).click()
    await visit.shows('#person-name', 'Maya Okafor')
    for (const label of ['Ban', 'Rename', 'Rotate keys', 'Use an API key'])
      expect(await visit.whyNot(label)).toBe('Not while Clerk is down: bring it back first.')
    await page.screenshot({ path: `${ARTIFACTS}outage.png` })
    expect(await visit.act('Bring Clerk back', passing(3))).toMatch(
      /A new token is answered 200.* The newcomer is fetched from Clerk: answered 200/,
    )
    await visit.shows('#clerk-status', 'Clerk is up')
    // Once in ten seconds an unknown key may cause a fetch.
    expect(await visit.act('Rotate keys', passing(11))).toMatch(
      /answered 200.* 1 fetch of the key set; one of the old key, still published, 200/,
    )
    await visit.proof('Rotate keys · Maya Okafor', 'a token names an unknown key')
    expect(await visit.act('Use an API key')).toContain('answered 200, with 2 notes')
    expect(visit.errors).toEqual([])
  })

  test('organisations are switched, and the administration needs no Clerk', {
    timeout: 180_000,
  }, async () => {
    const visit = await open()
    const { page } = visit
    await visit.signIn('Priya Raman in North Pier Studio')
    await visit.shows('#notes-list', 'Logo drafts')
    await page.getByLabel('Organisation', { exact: true }).selectOption({ label: 'Harbour Bakery' })
    await visit.shows('#notes-list', 'Rye starter')
    expect(await page.locator('#notes-list').textContent()).not.toContain('Logo drafts')
    await visit.shows('#person-role', 'Member')

    const password = await page.locator('#demo-clerk code').last().textContent()
    await page.locator('#admin-link').click()
    await page.getByLabel('E-mail address').fill('admin@example.com')
    await page.getByLabel('Password').fill('not this')
    await page.getByRole('button', { name: 'Sign in here' }).click()
    await visit.shows('#problem', 'Address or password is wrong')
    await page.getByLabel('Password').fill(password ?? '')
    await page.getByRole('button', { name: 'Sign in here' }).click()
    await visit.shows('#overview', 'On the free plan')
    expect(await visit.violations()).toEqual([])
  })

  test('with tRPC, a note of another user appears by itself', { timeout: 180_000 }, async () => {
    await fresh('--example', 'trpc')
    const writer = await open()
    const reader = await open()
    await writer.signIn('Maya Okafor in Harbour Bakery')
    await reader.signIn('Jonas Lindqvist in Harbour Bakery')
    await writer.page.getByLabel('New note').fill('Seen without asking')
    await writer.page.getByRole('button', { name: 'Add note' }).click()
    await reader.shows('#notes-list', 'Seen without asking')
    expect([...writer.errors, ...reader.errors]).toEqual([])
  })

  test('with Hono, whose session lies sealed in a cookie, a person signs in and writes a note', {
    timeout: 180_000,
  }, async () => {
    await fresh('--example', 'hono-drizzle')
    const visit = await open()
    await visit.signIn('Maya Okafor in Harbour Bakery')
    await visit.page.getByLabel('New note').fill('Kept in SQLite')
    await visit.page.getByRole('button', { name: 'Add note' }).click()
    await visit.shows('#notes-list', 'Kept in SQLite')
    const cookies = await visit.page.context().cookies()
    expect(cookies.find(({ name }) => name === 'team-notes')).toMatchObject({
      httpOnly: true,
      sameSite: 'Lax',
    })
    expect(visit.errors).toEqual([])
  })

  test('everything can be done with the keyboard alone', { timeout: 180_000 }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    await page.keyboard.press('Tab')
    expect(await visit.focused()).toBe('Skip to content')
    await visit.tabTo('Sign in')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/sign-in/)
    await visit.tabTo('Maya Okafor in Harbour Bakery')
    await page.keyboard.press('Enter')
    await visit.shows('#person-name', 'Maya Okafor')
    await page.locator('#demo-clerk').waitFor()

    await visit.tabTo('New note')
    await page.keyboard.type('Typed')
    await page.keyboard.press('Enter')
    await visit.shows('#notes-list', 'Typed')
    expect(await visit.focused()).toBe('New note')

    await visit.tabTo('Maya Okafor (you)')
    await page.keyboard.press('ArrowDown')
    expect(await visit.focused()).toBe('Jonas Lindqvist')
    await visit.tabTo('Ban')
    await page.keyboard.press('Enter')
    await visit.shows('#status', '200 before and 401 after')
    // The opposite button takes its place, and the focus.
    expect(await visit.focused()).toBe('Unban')
    await page.keyboard.press('Enter')
    await visit.shows('#status', 'Unbanned')
    await visit.tabTo('Pause')
    await page.keyboard.press('Space')
    expect(await page.getByRole('button', { name: 'Pause' }).getAttribute('aria-pressed')).toBe('true')
  })

  test('the log shows what a click has caused, with the routine folded', { timeout: 180_000 }, async () => {
    const visit = await open()
    const { page } = visit
    await visit.signIn('Priya Raman in North Pier Studio')
    const asked = page.waitForResponse(/\/api\/notes$/)
    await page.getByRole('button', { name: 'Ask again' }).click()
    await asked
    const group = visit.group('Ask again')
    await group.locator('.entry ul li', { hasText: 'cache hit' }).first().waitFor({ state: 'attached' })
    expect(await group.locator('.entry ul li:visible', { hasText: 'cache hit' }).count()).toBe(0)
    // Said once for both requests of the click.
    expect(await group.locator('li.good:visible', { hasText: /^✓signed in by/ }).count()).toBe(1)
    await group.getByRole('button', { name: /^Show \d+ routine lines$/ }).click()
    expect(await group.locator('.entry ul li:visible', { hasText: 'cache hit' }).count()).toBeGreaterThan(0)
    await group.getByRole('button', { name: /^Hide \d+ routine lines$/ }).click()
    expect(await group.locator('.entry ul li:visible', { hasText: 'cache hit' }).count()).toBe(0)
    // A reload tells the same.
    await page.reload()
    await visit.group('Ask again').waitFor()
    expect(visit.errors).toEqual([])
  })

  test('each card links to the file that does it', { timeout: 180_000 }, async () => {
    const visit = await open()
    await visit.signIn('Priya Raman in North Pier Studio')
    const links = visit.page.locator('a.source')
    const hrefs = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href))
    expect(hrefs.map((href) => href.split('/').at(-1))).toEqual([
      'app.ts',
      'notes.ts',
      'actions.ts',
      'receive.ts',
      'evaluate.ts',
      'remote-key-source.ts',
      'activity.ts',
    ])
    for (const href of hrefs) {
      const file = await fetch(href)
      expect([href, file.status, file.headers.get('content-type')]).toEqual([
        href,
        200,
        'text/plain; charset=utf-8',
      ])
      const path = href.slice(`${demo.url}/demo/source/`.length)
      expect(await file.text()).toBe(await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8'))
    }
    for (const path of [
      'package.json',
      '../../package.json',
      '%2e%2e/package.json',
      'examples/demo/src/run.ts',
    ])
      expect((await fetch(`${demo.url}/demo/source/${path}`)).status).toBe(404)
  })

  test('nothing that a person types is run as markup', { timeout: 180_000 }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    const markup = '<img src=x onerror="document.title=`run`"><script>document.title=`run`</script>'
    const dashboard = await page.locator('#demo-clerk a', { hasText: 'dashboard' }).getAttribute('href')
    await page.goto(dashboard ?? '')
    await page.getByRole('link', { name: 'Jonas Lindqvist' }).click()
    await page.getByLabel('First name').fill(markup)
    await page.getByLabel('Public metadata').fill(JSON.stringify({ markup: `</textarea>${markup}` }))
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('link', { name: 'Harbour Bakery' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill(markup)
    await page.getByRole('button', { name: 'Save' }).click()
    for (const path of ['', '/organizations', '/sessions', '/webhooks']) {
      await page.goto(`${dashboard}${path}`)
      expect(await page.title()).not.toBe('run')
      expect(await page.locator('img[src=x]').count()).toBe(0)
    }
    await page.goto(demo.url)
    await visit.shows('#demo-clerk .local', '<img src=x')
    await page.locator('#sign-in').click()
    await page.getByRole('button', { name: `${markup} Lindqvist in ${markup}`, exact: true }).click()
    await visit.shows('#person-name', '<img src=x')
    await page.getByLabel('New note').fill(markup)
    await page.getByRole('button', { name: 'Add note' }).click()
    await visit.shows('#notes-list', '<img src=x')
    expect(await visit.act('Rename')).toContain('Clerk says')
    await page.reload()
    await visit.shows('#demo-log', '<img src=x')
    expect(await page.title()).toBe('Team Notes')
    expect(await page.locator('img[src=x]').count()).toBe(0)
    expect(visit.errors).toEqual([])
  })

  const LOOKS = [390, 1280, 1440].flatMap((width) =>
    (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
  )

  test('is accessible at 390, 1280 and 1440 pixels, light and dark, and scrolls one way only', {
    timeout: 180_000,
  }, async () => {
    await fresh()
    const visit = await open()
    const { page } = visit
    const lookEverywhere = async (state: string) => {
      for (const { width, colorScheme } of LOOKS) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        await page.evaluate('scrollTo(0, 0)')
        const look = `${state}-${colorScheme}-${width}`
        expect([look, await visit.violations()]).toEqual([look, []])
        expect([look, await page.evaluate('document.documentElement.scrollWidth <= innerWidth')]).toEqual([
          look,
          true,
        ])
        const [application, people, log] = await Promise.all(
          ['#application', '#demo-clerk', '#demo-log'].map((part) => page.locator(part).boundingBox()),
        )
        // Side by side on a screen, the log beside the buttons; one below the other on a phone.
        const axis = width > 1000 ? 'x' : 'y'
        expect(application?.[axis]).toBeLessThan(people?.[axis] ?? 0)
        expect(people?.[axis]).toBeLessThan(log?.[axis] ?? 0)
        if (axis === 'x') expect(log?.y).toBe(people?.y)
        if (state !== 'outage') continue
        await page.screenshot({ path: `${ARTIFACTS}${look}.png`, fullPage: width < 1000 })
      }
    }
    await lookEverywhere('signed-out')
    await visit.signIn('Maya Okafor in Harbour Bakery')
    await visit.act('Deliver backwards')
    await visit.log('stale webhook ignored')
    await visit.act('Take Clerk down')
    await lookEverywhere('outage')
    await visit.act('Bring Clerk back', passing(3))
    await visit.act('Ban')
    await visit.shows('#verdict', 'Your access has ended')
    await lookEverywhere('banned')
  })
})

/** One person at one browser. */
class Visit {
  readonly page: Page
  /** What went wrong in the page; refusals by the API are no errors. */
  readonly errors: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('pageerror', (error) => this.errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
        this.errors.push(message.text())
    })
  }

  async signIn(as: string): Promise<void> {
    await this.page.locator('#sign-in').click()
    await this.page.getByRole('button', { name: as, exact: true }).click()
    await this.page.locator('#person-name').waitFor()
    await this.page.locator('#demo-clerk').waitFor()
  }

  /** Presses a button at Clerk and returns the result that the panel shows. */
  async act(label: string, meanwhile?: () => void): Promise<string | null> {
    const before = await this.page.locator('#status').textContent()
    await this.page.getByRole('button', { name: label, exact: true }).click()
    meanwhile?.()
    await this.page.waitForFunction(
      (was) =>
        document.getElementById('status')?.textContent !== was &&
        document.querySelector('.result:not([hidden])'),
      before,
    )
    return this.page.locator('.result:visible').textContent()
  }

  async shows(selector: string, text: string): Promise<void> {
    await this.page.locator(selector, { hasText: text }).waitFor({ state: 'attached' })
  }

  async log(text: string): Promise<void> {
    await this.page.locator('#demo-log li', { hasText: text }).first().waitFor({ state: 'attached' })
  }

  /** What the log shows of one click. */
  group(title: string): Locator {
    return this.page
      .locator('#demo-log .group', { has: this.page.locator('strong', { hasText: title }) })
      .first()
  }

  /** A line of this click that is marked as the proof, and is not folded. */
  async proof(title: string, text: string): Promise<void> {
    await this.group(title)
      .locator('.entry.proof li', { hasText: text })
      .filter({ has: this.page.locator('.chip', { hasText: 'proof' }) })
      .first()
      .waitFor()
  }

  /** The reason that a disabled button gives, and that it is read aloud with the button. */
  async whyNot(label: string): Promise<string | null> {
    const button = this.page.getByRole('button', { name: label, exact: true })
    expect([label, await button.getAttribute('aria-disabled')]).toEqual([label, 'true'])
    return this.page.locator(`#${await button.getAttribute('aria-describedby')}`).textContent()
  }

  /** The accessible name, near enough, of what has the focus. */
  focused(): Promise<string> {
    return this.page.evaluate(() => {
      const active = document.activeElement
      const named = active instanceof HTMLInputElement ? active.labels?.[0] : active
      return active?.getAttribute('aria-label') ?? named?.textContent?.trim() ?? ''
    })
  }

  async tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await this.page.keyboard.press('Tab')
      if ((await this.focused()) === name) return
    }
    throw new Error(`The Tab key does not lead to “${name}”.`)
  }

  async violations(): Promise<unknown[]> {
    // Not as an inline script: the page's policy refuses those, as it should.
    if (!(await this.page.evaluate('"axe" in window'))) await this.page.evaluate(AXE)
    return this.page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const { violations } = await axe.run({ resultTypes: ['violations'] })
      return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }))
    })
  }
}
