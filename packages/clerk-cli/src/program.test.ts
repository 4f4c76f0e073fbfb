import { describe, expect, test } from 'vitest'
import { CliError } from './cli-error.js'
import { COMMANDS } from './commands/table.js'
import { run } from './testing/run.js'
import { scratchProject } from './testing/scratch.js'

describe('the help', () => {
  test.each(COMMANDS.map(({ path }) => path))('of %s fits one screen and has an example', async (path) => {
    const { code, stdout, stderr } = await run([...path.split(' '), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines.filter((line) => line.length > 120)).toEqual([])
    expect(stdout).toMatch(/Examples:\n {2}\$ .*acme-clerk /)
  })

  test('of the program names every command, the options of all, and the exit codes', async () => {
    const { stdout } = await run(['--help'])
    for (const { path } of COMMANDS) expect(stdout).toContain(`  ${path.split(' ')[0]}`)
    for (const word of [
      '--config',
      '--env-file',
      '--json',
      '--quiet',
      '--debug',
      '0 done, 1 ',
      'docs/cli.md',
    ])
      expect(stdout).toContain(word)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(30)
  })

  test('every option that an example uses exists', async () => {
    for (const { path, examples, options, passThrough } of COMMANDS) {
      const known = [...Object.keys(options), 'config', 'env-file', 'json', 'quiet', 'debug']
      const used = examples.flatMap((line) => [...line.matchAll(/ --([\w-]+)/g)].map(([, flag = '']) => flag))
      if (!passThrough)
        expect(
          used.filter((flag) => !known.includes(flag)),
          path,
        ).toEqual([])
    }
  })
})

describe('a command line that cannot be run', () => {
  test.each([[[]], [['webhooks']]])(
    '%j names no command: the help is shown, and the exit code is 2',
    async (args) => {
      const { code, stdout, stderr } = await run(args)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^Usage: acme-clerk/)
    },
  )

  test.each([
    [['nonsense'], /Unknown command 'nonsense'\.\n {2}`acme-clerk --help`/],
    [['docter'], /Did you mean doctor\?/],
    [['webhooks', 'list', '--nonsense'], /Unknown option '--nonsense'/],
    [['webhooks', 'show'], /Missing required argument 'id'/],
    [['webhooks', 'list', '--limit', '0'], /--limit is not a whole number/],
    [
      ['webhooks', 'list', '--status', 'shut'],
      /--status has no value "shut"\.\n {2}Write one of open, failed/,
    ],
    [['webhooks', 'list', '--since', 'soon'], /--since is not a date/],
    [['webhooks', 'prune', '--older-than', '30'], /--older-than is not a duration/],
    [['doctor', '--config', 'none.ts'], /There is no file none\.ts/],
    [['doctor', '--env-file', '.env.none'], /There is no file \.env\.none/],
    [['doctor'], /There is no acme-clerk\.config\.ts here\.\n.*acme-clerk init/],
    [['administrators', 'create', '--password', 'secret'], /Unknown option '--password'/],
  ])('%j is one sentence with a remedy, and exit code 2', async (args, message) => {
    const cwd = scratchProject({})
    const { code, stdout, stderr } = await run(args, { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error [^\n]+\n {2}[^\n]+\n$/)
    const { records } = await run([...args, '--json'], { cwd })
    expect(records).toEqual([
      { type: 'error', code: 'usage', message: expect.any(String), remedy: expect.any(String) },
    ])
  })
})

describe('the configuration', () => {
  test('may use enums, aliases and top-level await, and its errors are those of core itself', async () => {
    const cwd = scratchProject({
      'tsconfig.json': JSON.stringify({
        compilerOptions: { module: 'nodenext', paths: { '~/*': ['./src/*'] } },
      }),
      'src/clerk.ts': `
        import { ConfigurationError, createClerk, memoryStore } from '@acme/clerk-core'
        export enum Plan { Free, Paid }
        await Promise.resolve()
        export const options = { ...memoryStore(), issuer: 'http://127.0.0.1:1', jwksUrl: 'http://127.0.0.1:1/jwks',
          authorizedParties: 'any', provisioning: 'off', logger: false } as const
        export const clerk = createClerk(options)
        try { createClerk({} as never) } catch (error) {
          if (!(error instanceof ConfigurationError)) throw new Error('there are two copies of core', { cause: error })
        }`,
      'acme-clerk.config.ts': `
        import { defineConfig } from '@acme/clerk-cli'
        import { clerk, Plan } from '~/clerk'
        export default defineConfig({ clerk: () => clerk, close: () => { console.log('closed', Plan.Paid) } })`,
    })
    const { code, records, stderr } = await run(['webhooks', 'list', '--json'], { cwd })
    expect({ code, records, stderr }).toEqual({
      code: 0,
      records: [{ type: 'summary', interrupted: false, listed: 0 }],
      stderr: 'closed 1\n',
    })
  })

  test('that exports something else says what to write', async () => {
    const cwd = scratchProject({ 'acme-clerk.config.mjs': 'export default {}' })
    expect((await run(['doctor'], { cwd })).stderr).toMatch(
      /is no configuration\.\n {2}Write: export default/,
    )
  })

  test.each([
    ["import './none.js'", /^error Cannot find module '\.\/none\.js'.*\.\n {2}Correct the import/],
    ["import 'not-installed'", /^error Cannot find module 'not-installed'.*\n {2}.*install the package/],
    [
      "const url = 1\nthrow new Error('DATABASE_URL is missing')",
      /^error Error: DATABASE_URL is missing \(.*acme-clerk\.config\.ts:2\)\n/,
    ],
    ['const a = 1\nconst b = {', /^error ParseError: [^\n]+ \(.*acme-clerk\.config\.ts:2\)\n/],
    ["throw 'sk_test_abcdefgh'", /^error What was thrown is no error: sk_test_…\n/],
    ['export default { clerk: () => undefined }', /^error `clerk` of the configuration gives no clerk\.\n/],
    [
      'export default { clerk: () => {\n  throw new TypeError("x is not a function")\n} }',
      /^error TypeError: x is not a function \(.*acme-clerk\.config\.ts:2\)\n/,
    ],
  ])('that is %j says what and where it is', async (text, message) => {
    const cwd = scratchProject({ 'acme-clerk.config.ts': text })
    const { code, stdout, stderr } = await run(['doctor'], { cwd })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(2)
  })

  test('that throws is one sentence, its stack is there with --debug, and no secret is in either', async () => {
    const failing = {
      clerk: () => {
        throw new Error(
          'connect ECONNREFUSED postgres://shop:hunter2@db/shop as ada@example.com\nwith sk_live_abcdef',
        )
      },
    }
    const told = await run(['doctor'], { config: failing })
    expect(told.stderr).toMatch(
      /^error Error: connect ECONNREFUSED postgres:\/\/…@db\/shop as \(address\)\n {2}.*--debug/,
    )
    const debugged = await run(['doctor', '--debug'], { config: failing })
    expect(debugged.stderr).toMatch(/\n {4}at /)
    for (const { stderr } of [told, debugged]) expect(stderr).not.toMatch(/hunter2|ada@|abcdef/)
  })

  test('is not waited for after Ctrl-C, where a request of the clerk has no answer', async () => {
    const closed: string[] = []
    const stop = new AbortController()
    const config = {
      clerk: () =>
        ({
          check: async () => [],
          close() {
            stop.abort()
            return new Promise(() => undefined)
          },
        }) as never,
      close: () => void closed.push('database'),
    }
    expect(await run(['doctor'], { config, signal: stop.signal })).toMatchObject({ code: 0, stderr: '' })
    expect(closed).toEqual(['database'])
  })

  test('is closed at the end, and what fails then is told', async () => {
    const closed: string[] = []
    const config = {
      clerk: () => ({ check: async () => [], close: async () => void closed.push('clerk') }) as never,
      close: () => {
        closed.push('database')
        throw new CliError('The pool does not close.', 'Wait.')
      },
    }
    const { code, stderr } = await run(['doctor'], { config })
    expect(closed).toEqual(['clerk', 'database'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'error The pool does not close.\n  Wait.\n' })
  })
})
