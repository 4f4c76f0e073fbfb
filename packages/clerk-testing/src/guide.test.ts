import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readSnippet } from '@acme/tools/snippets'
import { createClerkClient } from '@clerk/backend'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { publishableKeyOf, startClerk } from './index.js'

const guide = new URL('../../../docs/offline-clerk.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
const code = async (title: string) => (await readSnippet(guide, title)).code

/** A folder below this package, so that imports are found, with these files of the guide. */
async function folderWith(...titles: string[]): Promise<string> {
  await mkdir(join(cwd, '.snippets'), { recursive: true })
  const folder = await mkdtemp(join(cwd, '.snippets', 'guide-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const title of titles) await writeFile(join(folder, title), await code(title))
  return folder
}

test('the tests of the guide pass in Vitest', async () => {
  const folder = await folderWith('vitest.config.ts', 'clerk.setup.ts', 'users.test.ts')
  const vitest = join(cwd, 'node_modules/vitest/vitest.mjs')
  const { VITEST: _, ...env } = process.env
  const { stdout } = await run(process.execPath, [vitest, 'run', '--root', folder], {
    env: { ...env, NO_COLOR: '1' },
  })
  expect(stdout).toMatch(/Tests {2}2 passed/)
}, 60_000)

test('the setup for Jest starts an instance for the environment, and its teardown ends it', async () => {
  const folder = await folderWith('jest.setup.mjs', 'jest.teardown.mjs')
  const script = `
    await (await import('./jest.setup.mjs')).default()
    const { CLERK_API_URL, CLERK_SECRET_KEY } = process.env
    const ask = () => fetch(CLERK_API_URL + '/v1/users', { headers: { authorization: 'Bearer ' + CLERK_SECRET_KEY } })
    console.log((await (await ask()).json())[0].username)
    await (await import('./jest.teardown.mjs')).default()
    console.log(await ask().then(() => 'still there', () => 'gone'))
  `
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  expect(stdout).toBe('ada\ngone\n')
})

test('the configurations for Playwright and Docker Compose name keys and options that there are', async () => {
  const folder = await folderWith('playwright.config.ts', 'seed.yaml')
  const { default: config } = (await import(join(folder, 'playwright.config.ts'))) as {
    default: { webServer: { command: string; env?: Record<string, string> }[] }
  }
  expect(config.webServer[1]?.env?.CLERK_PUBLISHABLE_KEY).toBe(publishableKeyOf('127.0.0.1:4400'))
  const compose = parse(await code('compose.yaml')) as {
    services: Record<string, { command: string; environment: Record<string, string> }>
  }
  const { CLERK_PUBLISHABLE_KEY: key, CLERK_PROXY_URL: proxyUrl = '' } =
    compose.services.app?.environment ?? {}
  expect(key).toBe(publishableKeyOf(new URL(proxyUrl).host))
  // Clerk's SDKs refuse the key of a host without a dot.
  const client = createClerkClient({ secretKey: 'sk_test_offline_compose', publishableKey: key ?? '' })
  const { status } = await client.authenticateRequest(new Request('http://localhost:3000/'), { proxyUrl })
  expect(status).toBe('signed-out')
  const help = await readFile(new URL('./cli/main.ts', import.meta.url), 'utf8')
  for (const command of [config.webServer[0]?.command, compose.services.clerk?.command]) {
    const options = [...(command?.split('clerk-offline ')[1] ?? '').matchAll(/--[a-z-]+/g)].map(
      ([option]) => option,
    )
    expect(options.length).toBeGreaterThan(2)
    expect(options.filter((option) => !help.includes(`  ${option} `))).toEqual([])
  }
  expect(parse(await code('ci.yml'))).toHaveProperty('jobs.test.steps')
})

test('the seed of the guide is planted', async () => {
  const folder = await folderWith('seed.yaml')
  await using offline = await startClerk({ seed: join(folder, 'seed.yaml') })
  expect(offline.getOrganization('acme').name).toBe('Acme')
})

test('the snippets of other languages are what their tests run', async () => {
  const read = (name: string) => readFile(new URL(`./testing/clients/${name}`, import.meta.url), 'utf8')
  const squeezed = (text: string) => text.replaceAll(/\s+/g, ' ')
  const python = await read('client.py')
  for (const line of (await code('client.py')).split('\n').filter((one) => one.startsWith('clerk = '))) {
    expect(squeezed(python)).toContain(squeezed(line))
  }
  expect(squeezed(await read('main.go'))).toContain(squeezed(await code('main.go')).trim())
})
