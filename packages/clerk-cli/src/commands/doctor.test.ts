import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { expect, test } from 'vitest'
import { application, envOf, offlineClerk } from '../testing/offline.js'
import { run } from '../testing/run.js'

test('an application that is well is 0', async () => {
  const { config } = application(await offlineClerk())
  expect(await run(['doctor'], { config })).toMatchObject({
    code: 0,
    stdout: 'Nothing is wrong.\n',
    stderr: '',
  })
})

test('what is wrong is told with its remedy, errors first, and is 1', async () => {
  const offline = await offlineClerk()
  const { config } = application(offline)
  offline.faults.set('*', { status: 401 })
  const { code, stdout } = await run(['doctor'], { config })
  expect(code).toBe(1)
  expect(stdout).toMatch(/^error {3}.*secret-key-refused\n {8}\S.*\n/m)
  const { records } = await run(['doctor', '--json'], { config })
  expect(records).toContainEqual({
    type: 'finding',
    severity: 'error',
    code: 'secret-key-refused',
    message: expect.any(String),
    remedy: expect.any(String),
  })
  expect(records.at(-1)).toMatchObject({ type: 'summary', errors: expect.any(Number) })
  const severities = records.flatMap(({ severity }) => severity ?? [])
  expect(severities).toEqual([...severities].sort())
})

test('warnings alone are 0', async () => {
  const offline = await offlineClerk()
  const { CLERK_WEBHOOK_SIGNING_SECRET: _, ...env } = envOf(offline)
  const clerk = createClerk(fromEnv(env), memoryStore(), { logger: false })
  const { code, stdout } = await run(['doctor'], { config: { clerk: () => clerk } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^warning .*webhook-secret-missing\n.*\n0 errors, 1 warning\.\n$/)
})

test('a configuration that cannot be used is a list of findings', async () => {
  const config = { clerk: () => createClerk(fromEnv({}), memoryStore()) }
  const { code, records } = await run(['doctor', '--json'], { config })
  expect(code).toBe(1)
  expect(records.map(({ type, code: which }) => which ?? type)).toEqual([
    'configuration',
    'configuration',
    'configuration',
    'summary',
  ])
})

test('keys of an offline Clerk in production are a finding', async () => {
  const env = envOf(await offlineClerk())
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    const { code, stdout } = await run(['doctor'], {
      config: { clerk: () => createClerk(fromEnv(env), memoryStore()) },
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^error .*offline Clerk/m)
    expect(stdout).not.toContain(env['CLERK_SECRET_KEY'])
  } finally {
    process.env['NODE_ENV'] = before
  }
})
