import { fileURLToPath } from 'node:url'
import { startClerk } from '@acme/clerk-testing'
import { describeWith } from '@acme/tools/services/vitest'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { expect, test } from 'vitest'

const readme = new URL('../README.md', import.meta.url)
const guide = new URL('../../../docs/mongo.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))

await describeWith('mongodb', 'the documents', (server) => {
  async function output(file: URL, title: string, env: Record<string, string> = {}): Promise<string[]> {
    const database = await server.createDatabase('docs')
    const { code } = await readSnippet(file, title)
    const { finished } = await runSnippet(code, { cwd, env: { ...env, MONGODB_URL: database.url } })
    const { stdout, stderr } = await finished
    await database.drop()
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }

  test('the README signs a user in and gives them a row', { timeout: 60_000 }, async () => {
    const offline = await startClerk()
    const user = offline.createUser({ firstName: 'Ada' })
    const { authorization = '' } = await offline.authHeader(user, { azp: 'http://localhost:3000' })
    const env = {
      ...offline.env,
      CLERK_AUTHORIZED_PARTIES: 'http://localhost:3000',
      AUTHORIZATION: authorization,
    }
    expect(await output(readme, 'app.ts', env)).toEqual(['Ada has 10 credits'])
    await offline.stop()
  })

  test('the guide confines a collection to an organisation', { timeout: 60_000 }, async () => {
    expect(await output(guide, 'tenants.ts')).toEqual(['1 [ 10 ]', '1', 'tenant-scope'])
  })

  test('the guide goes together with Mongoose', { timeout: 60_000 }, async () => {
    expect(await output(guide, 'mongoose.ts')).toEqual(['Ada 10'])
  })
})
