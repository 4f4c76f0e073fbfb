import { readFileSync } from 'node:fs'
import { readSnippet, readSnippets } from '@acme/tools/snippets'
import { describe, expect, onTestFinished, test } from 'vitest'
import { COMMANDS } from './commands/table.js'
import type { RecordType } from './output/records.js'
import { envOf, offlineClerk } from './testing/offline.js'
import { run } from './testing/run.js'
import { scratchProject } from './testing/scratch.js'

const guide = new URL('../../../docs/cli.md', import.meta.url)
const text = readFileSync(guide, 'utf8')
const code = async (title: string) => (await readSnippet(guide, title)).code

/** Every type of record; one that is missing here does not compile. */
const TYPES: Readonly<Record<RecordType, true>> = {
  ...{ finding: true, event: true, item: true, progress: true },
  ...{ file: true, todo: true, summary: true, error: true },
}

describe('docs/cli.md', () => {
  test('walks through the commands as it says', async () => {
    const offline = await offlineClerk()
    const ada = offline.createUser({ emailAddress: ['ada@example.com'] })
    offline.createUser({ emailAddress: ['grace@example.com'] })
    offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const files = ['acme-clerk.config.ts', 'clerk.ts', 'users.csv']
    const cwd = scratchProject({
      ...Object.fromEntries(await Promise.all(files.map(async (name) => [name, await code(name)]))),
      // One store for all command lines, as a database is.
      'store.ts': `import { memoryStore } from '@acme/clerk-core'
        const shared = globalThis as { store?: ReturnType<typeof memoryStore> }
        shared.store ??= memoryStore()
        export const store = shared.store`,
    })
    const env = envOf(offline)
    const before = { ...process.env }
    Object.assign(process.env, env)
    onTestFinished(() => {
      for (const name of Object.keys(env)) delete process.env[name]
      Object.assign(process.env, before)
      delete (globalThis as { store?: unknown }).store
    })
    const written = await code('walk.console')
    let walked = ''
    for (const [, line = ''] of written.matchAll(/^\$ acme-clerk (.*)$/gm)) {
      const { code: exit, stdout, stderr } = await run(line.split(' '), { cwd })
      expect(exit, `${line}\n${stdout}${stderr}`).toBe(0)
      walked += `$ acme-clerk ${line}\n${stdout}`
    }
    expect(walked).toBe(written)
  })

  test('names every command and every type of record, and no other', () => {
    for (const { path } of COMMANDS) {
      const [first = '', second] = path.split(' ')
      expect(text, path).toMatch(
        new RegExp(`\\\`${first}${second === undefined ? '' : `[ \`\\w]*${second}`}\``),
      )
    }
    const [, table = ''] = /\| type \| fields \|\n.*\n((?:\|.*\n)+)/.exec(text) ?? []
    expect([...table.matchAll(/^\| `(\w+)` /gm)].map(([, type]) => type)).toEqual(Object.keys(TYPES))
  })

  test('every command line in it, and in the other documents, is one that the program takes', async () => {
    const documents = ['cli', 'existing-users', 'migrating-from-django'].map(
      (name) => new URL(`../../../docs/${name}.md`, import.meta.url),
    )
    const blocks = (
      await Promise.all([...documents, new URL('../README.md', import.meta.url)].map(readSnippets))
    ).flat()
    const lines = blocks
      .filter(({ language }) => language === 'sh' || language === 'console')
      .flatMap((block) =>
        [...block.code.matchAll(/^(?:\$ )?(?:npx --yes --package \S+ )?acme-clerk (.*)$/gm)].map(
          ([, line = '']) => line,
        ),
      )
    expect(lines.length).toBeGreaterThan(15)
    for (const line of lines) {
      const command = COMMANDS.find(({ path }) => `${line} `.startsWith(`${path} `))
      expect(command, line).toBeDefined()
      const known = [
        ...Object.keys(command?.options ?? {}),
        'config',
        'env-file',
        'json',
        'quiet',
        'debug',
        'help',
      ]
      const used = [...line.matchAll(/--([\w-]+)/g)].map(([, flag = '']) => flag)
      expect(command?.passThrough ? [] : used.filter((flag) => !known.includes(flag)), line).toEqual([])
    }
  })
})

/** What django-clerk-users 0.4.1 and django-clerk-sdk 1.0.0 have that an application names. */
const OF_DJANGO = `
CLERK_SECRET_KEY CLERK_WEBHOOK_SIGNING_KEY CLERK_FRONTEND_HOSTS CLERK_AUTH_PARTIES CLERK_SESSION_REVALIDATION_SECONDS
CLERK_CACHE_TIMEOUT CLERK_ORG_CACHE_TIMEOUT CLERK_API_TIMEOUT_MS CLERK_WEBHOOK_DEDUP_TIMEOUT CLERK_AUTO_GENERATE_USERNAME
CLERK_AUTO_GENERATE_USERNAME_PREFIX CLERK_DISABLE_PASSWORD_SYNC CLERK_SYNC_PASSWORDS CLERK_CLIENT_BACKEND CLERK_JWT_KEY
CLERK_AUDIENCE CLERK_API_URL CLERK_TIMEOUT_MS CLERK_CLOCK_SKEW_IN_MS AUTH_USER_MODEL
sync_clerk_users sync_clerk_organizations migrate_users_to_clerk createsuperuser
--all --limit --offset --dry-run --sync-members --source-model --email --created-before --skip-existing --skip-password-email
clerk_user_created clerk_user_updated clerk_user_deleted clerk_session_created clerk_session_ended
clerk_organization_created clerk_organization_updated clerk_organization_deleted
clerk_membership_created clerk_membership_updated clerk_membership_deleted
clerk_invitation_created clerk_invitation_accepted clerk_invitation_revoked
clerk_auth_success clerk_auth_failed clerk_cache_miss
clerk_user_required clerk_org_required clerk_staff_required clerk_superuser_required clerk_webhook_required
ClerkAuthMiddleware ClerkOrganizationMiddleware ClerkMiddleware ClerkBackend ClerkAuthentication ClerkSessionAuthentication
CsrfExemptSessionAuthentication clerk_webhook_view verify_clerk_webhook create_clerk_user get_clerk_user get_clerk_user_by_email
update_clerk_user update_clerk_user_public_metadata set_clerk_user_email create_clerk_sign_in_token build_clerk_sign_in_url
create_clerk_sign_in_link provision_clerk_user_access_link revoke_clerk_user_sessions send_clerk_invitation revoke_clerk_invitation
`

test('docs/migrating-from-django.md has a counterpart of everything, or why there is none', () => {
  const django = readFileSync(new URL('../../../docs/migrating-from-django.md', import.meta.url), 'utf8')
  const left = [...django.matchAll(/^\| ([^|]*) \| [^|]+ \|$/gm)].map(([, cell = '']) => cell)
  const named = new Set(left.flatMap((cell) => cell.match(/--[\w-]+|\w+/g) ?? []))
  expect(OF_DJANGO.split(/\s+/).filter((name) => name !== '' && !named.has(name))).toEqual([])
})
