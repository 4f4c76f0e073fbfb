import { request } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'
import { runServerSnippet, typecheckSnippets } from './readme.js'

/**
 * What every README promises: pasted into an empty project, its server answers 401, 200, 403 and takes webhooks. The guides'
 * blocks are compiled here, and run in tests of their own.
 */
export function runReadmeSuite(
  readme: URL,
  guides: readonly URL[],
  { unwrap = (body: unknown) => body, webhook = true } = {},
): void {
  const cwd = new URL('.', readme)

  test.each([readme, ...guides].map((file) => [file.pathname.split('/').slice(-2).join('/'), file] as const))(
    'the code of %s compiles',
    { timeout: 120_000 },
    (_name, file) => typecheckSnippets(file, cwd),
  )

  test('the README’s server works unchanged', { timeout: 60_000 }, async () => {
    const { origin, offline, signIn } = await runServerSnippet(readme, 'server.ts', cwd)
    const ada = await signIn('Ada')
    const eve = await signIn('Eve', 'admin')

    expect((await request(`${origin}/hello`)).status).toBe(401)
    const hello = await request(`${origin}/hello`, { headers: ada })
    expect([hello.status, unwrap(JSON.parse(hello.text))]).toEqual([200, { hello: 'Ada' }])
    expect((await request(`${origin}/admin`, { headers: ada })).status).toBe(403)
    const admin = await request(`${origin}/admin`, { headers: eve })
    expect([admin.status, unwrap(JSON.parse(admin.text))]).toEqual([200, { secret: 42 }])
    if (!webhook) return

    offline.webhooks.sendTo(`${origin}/clerk/webhook`)
    const me = JSON.parse((await request(`${origin}/clerk/me`, { headers: ada })).text)
    offline.updateUser(me.clerkId, { firstName: 'Augusta' })
    await offline.webhooks.settled()
    expect(offline.webhooks.deliveries.at(-1)).toMatchObject({ status: 'succeeded' })
    expect(JSON.parse((await request(`${origin}/hello`, { headers: ada })).text)).toEqual({
      hello: 'Augusta',
    })
    offline.banUser(me.clerkId)
    await offline.webhooks.settled()
    expect((await request(`${origin}/hello`, { headers: ada })).status).toBe(401)
  })
}
