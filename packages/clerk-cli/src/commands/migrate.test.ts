import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { application, offlineClerk } from '../testing/offline.js'
import { run } from '../testing/run.js'
import { scratchProject } from '../testing/scratch.js'

const BCRYPT = '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
const CSV = [
  'external_id,email_address,first_name,password_digest,password_hasher,public_metadata',
  `1,ada@example.com,"Ada, ""the countess""",${BCRYPT},bcrypt,"{""plan"":""free""}"`,
  '2,not an address,Eve,,,',
  '3,grace@example.com,Grace,,,',
  '4,linus@example.com,Linus,too,many,{},columns',
].join('\r\n')

async function migration(files: Readonly<Record<string, string>> = { 'users.csv': CSV }) {
  const offline = await offlineClerk()
  const { config } = application(offline)
  const cwd = scratchProject(files)
  const migrate = (...args: string[]) => run(['migrate', 'users', ...args], { config, cwd })
  const atClerk = async () =>
    (await config.clerk().api.listUsers({}, { limit: 100, orderBy: '+created_at' })).map(
      ({ externalId }) => externalId,
    )
  return { offline, config, cwd, migrate, atClerk }
}

describe('migrate users', () => {
  test('creates what is valid, reports what is not by its line, and writes every outcome to the log', async () => {
    const { migrate, atClerk, config, cwd } = await migration()
    const { code, stdout, stderr } = await migrate('--from', 'users.csv', '--log', 'log.ndjson')
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /^invalid line 3: email_address .*\ninvalid line 5: The row has not as many columns as the header\.\n2 created, 2 invalid\.\n$/,
    )
    expect(stderr).toContain('Every row is in log.ndjson.')
    expect(await atClerk()).toEqual(['1', '3'])
    const [ada] = await config.clerk().api.listUsers({ externalId: ['1'] })
    expect(ada).toMatchObject({ firstName: 'Ada, "the countess"', publicMetadata: { plan: 'free' } })
    const log = readFileSync(join(cwd, 'log.ndjson'), 'utf8')
    expect(log.trim().split('\n')).toHaveLength(4)
    expect(log + stdout + stderr).not.toMatch(/@example|not an address|\$2a|countess/)
    expect(statSync(join(cwd, 'log.ndjson')).mode & 0o077).toBe(0)
  })

  test('with --dry-run creates nobody and writes no log', async () => {
    const { migrate, atClerk, cwd } = await migration()
    const { code, stdout } = await migrate('--from', 'users.csv', '--dry-run', '--log', 'log.ndjson')
    expect(code).toBe(1)
    expect(stdout).toMatch(/2 valid, 2 invalid\.\n$/)
    expect(await atClerk()).toEqual([])
    expect(() => statSync(join(cwd, 'log.ndjson'))).toThrow('ENOENT')
  })

  test('again it is a failure of each, unless that is to be skipped', async () => {
    const { migrate } = await migration({ 'users.csv': 'external_id\n1\n2\n' })
    expect(await migrate('--from', 'users.csv')).toMatchObject({ code: 0, stdout: '2 created.\n' })
    expect(await migrate('--from', 'users.csv')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^failed line 2: already-exists\n/),
    })
    expect(await migrate('--from', 'users.csv', '--skip-existing')).toMatchObject({
      code: 0,
      stdout: '2 exists.\n',
    })
  })

  test('resumes after a run that was killed while it wrote a line', async () => {
    const { migrate, atClerk, cwd } = await migration({
      'users.ndjson': '{"external_id":"1"}\n{"external_id":"2"}\n',
    })
    await migrate('--from', 'users.ndjson', '--log', 'log.ndjson')
    const [first = '', second = ''] = readFileSync(join(cwd, 'log.ndjson'), 'utf8').split('\n')
    writeFileSync(join(cwd, 'log.ndjson'), `${first}\n${second.slice(0, 20)}`)
    const { code, stdout } = await migrate('--from', 'users.ndjson', '--resume', 'log.ndjson')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 exists, 1 resumed.\n' })
    expect(await atClerk()).toEqual(['1', '2'])
    const lines = readFileSync(join(cwd, 'log.ndjson'), 'utf8').trim().split('\n')
    expect(lines.slice(0, 2)).toEqual([first, second.slice(0, 20)])
  })

  test('says how to go on when Clerk goes out in the middle', async () => {
    const { migrate, offline, atClerk } = await migration({ 'users.csv': 'external_id\n1\n2\n3\n' })
    offline.faults.set('*', { status: 401 })
    const { code, stderr } = await migrate('--from', 'users.csv', '--log', 'log.ndjson')
    expect(code).toBe(2)
    expect(stderr).toContain('To go on: acme-clerk migrate users --from users.csv --resume log.ndjson\n')
    offline.faults.clear()
    expect(await migrate('--from', 'users.csv', '--resume', 'log.ndjson')).toMatchObject({ code: 0 })
    expect(await atClerk()).toEqual(['1', '2', '3'])
  })

  test('takes JSON, standard input, and a function of the configuration', async () => {
    const { migrate, config, cwd, atClerk } = await migration({
      'users.json':
        '[{"external_id":"1"}, 7, {"external_id":"2","email_address":["a@example.com","b@example.com"]}]',
    })
    expect(await migrate('--from', 'users.json')).toMatchObject({
      code: 1,
      stdout: 'invalid line 2: It is no JSON object.\n2 created, 1 invalid.\n',
    })
    const piped = await run(['migrate', 'users', '--from', '-', '--format', 'ndjson'], {
      config,
      cwd,
      input: '{"external_id":"3"}\n\n{"external_id":\n',
    })
    expect(piped).toMatchObject({
      code: 1,
      stdout: 'invalid line 3: It is no JSON object.\n1 created, 1 invalid.\n',
    })
    const table = { ...config, migrate: { users: () => [{ external_id: 4 }] } }
    expect(await run(['migrate', 'users'], { config: table, cwd })).toMatchObject({
      code: 0,
      stdout: '1 created.\n',
    })
    expect((await atClerk()).sort()).toEqual(['1', '2', '3', '4'])
  })

  test.each([
    [['--from', 'none.csv'], /There is no file none\.csv/],
    [['--from', 'users.txt'], /not known what users\.txt holds[\s\S]*--format/],
    [['--from', '-'], /not known what - holds/],
    [[], /There are no rows to migrate[\s\S]*migrate: \{ users/],
    [['--from', 'users.csv', '--resume', 'none.ndjson'], /There is no log none\.ndjson/],
    [['--from', 'users.csv', '--resume', 'a', '--log', 'b'], /exclude each other/],
    [['--from', 'users.csv', '--log', 'no/such/folder'], /The log no\/such\/folder cannot be written/],
    [['--from', 'quotes.csv'], /The CSV cannot be read from line \d+ on/],
    [['--from', 'users.txt', '--format', 'json'], /no list of objects/],
  ])('%j is one sentence with a remedy', async (args, message) => {
    const { migrate } = await migration({
      'users.csv': 'external_id\n1\n',
      'users.txt': 'x',
      'quotes.csv': 'external_id\n"1\n2\n',
    })
    const { code, stderr } = await migrate(...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})
