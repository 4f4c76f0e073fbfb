import { signWebhook, webhookFixture } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import { application, offlineClerk } from '../testing/offline.js'
import { run } from '../testing/run.js'

/** Three events, of which the handler fails for the users until it is told otherwise. */
async function inbox() {
  const offline = await offlineClerk()
  const app = application(offline)
  const state = { works: false }
  app.clerk.on(
    'user.created',
    () => {
      if (!state.works) throw new Error('the mail server of ada@example.com is away')
    },
    { name: 'welcome' },
  )
  const events = ['user.created', 'organization.created', 'user.created'].map((type, index) => {
    const data = { first_name: `Person${index}` }
    const fixture = webhookFixture(type as 'user.created', type === 'user.created' ? { data } : {})
    return signWebhook(fixture, offline.webhookSecret, { id: `msg_${index}` })
  })
  for (const event of events) await app.deliver(event)
  const command = (...args: string[]) => run(['webhooks', ...args], { config: app.config })
  return { ...app, state, command }
}

describe('webhooks list', () => {
  test('shows events newest first, without what they say of a person', async () => {
    const { command } = await inbox()
    const { code, stdout } = await command('list')
    expect(code).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => / (msg_\d)/.exec(line)?.[1])).toEqual(['msg_2', 'msg_1', 'msg_0'])
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z open +1× user\.created +msg_2/)
    expect(stdout).not.toMatch(/Person|ada@/)
    const { records } = await command('list', '--json')
    expect(records[0]).toMatchObject({ type: 'event', id: 'msg_2', event: 'user.created', status: 'open' })
    expect(records.at(-1)).toEqual({ type: 'summary', interrupted: false, listed: 3 })
    expect(JSON.stringify(records)).not.toContain('Person')
  })

  test('by status, type and time, and no more than asked for', async () => {
    const { command } = await inbox()
    const ids = async (...args: string[]) =>
      (await command('list', '--json', ...args)).records.flatMap(({ id }) => id ?? [])
    expect(await ids('--status', 'open')).toEqual(['msg_2', 'msg_0'])
    expect(await ids('--type', 'organization.created')).toEqual(['msg_1'])
    expect(await ids('--limit', '1')).toEqual(['msg_2'])
    expect(await ids('--since', '1h')).toHaveLength(3)
    expect(await ids('--since', '2999-01-01')).toEqual([])
  })
})

describe('webhooks show', () => {
  test('shows what is known of an event, and its body with --reveal alone', async () => {
    const { command } = await inbox()
    const shown = await command('show', 'msg_0')
    expect(shown.stdout).toMatch(/^id +msg_0\ntype +user\.created\nstatus +open\n/)
    expect(shown.stdout).not.toContain('Person0')
    expect((await command('show', 'msg_0', '--json')).records[0]).not.toHaveProperty('data')
    const revealed = await command('show', 'msg_0', '--reveal')
    expect(revealed.stdout).toContain('"first_name": "Person0"')
    const { records } = await command('show', 'msg_0', '--reveal', '--json')
    expect(records[0]).toMatchObject({ data: { data: { first_name: 'Person0' } } })
  })

  test('says that the body of a finished event is gone, and that an event is not there', async () => {
    const { command } = await inbox()
    const done = await command('show', 'msg_1', '--reveal')
    expect(done).toMatchObject({ code: 0, stderr: 'Its body is gone: the event is finished.\n' })
    expect(await command('show', 'msg_9')).toMatchObject({
      code: 2,
      stderr: 'error There is no event "msg_9".\n  `acme-clerk webhooks list` shows the ids.\n',
    })
  })
})

describe('webhooks replay', () => {
  test('processes what a filter finds, oldest first, and is 1 while something fails', async () => {
    const { command, state, clerk } = await inbox()
    const failing = await command('replay', '--status', 'open')
    expect(failing).toMatchObject({ code: 1, stdout: 'failed msg_0\nfailed msg_2\n' })
    state.works = true
    const { code, records } = await command('replay', '--status', 'open', '--json')
    expect(code).toBe(0)
    expect(records.filter(({ type }) => type === 'item')).toEqual([
      { type: 'item', outcome: 'processed', id: 'msg_0' },
      { type: 'item', outcome: 'processed', id: 'msg_2' },
    ])
    expect(records.at(-1)).toEqual({ type: 'summary', interrupted: false, done: 2, failed: 0 })
    expect((await clerk.webhooks.list({ status: 'open' })).events).toEqual([])
  })

  test('processes what is named, leaves what is done, and says what is not there', async () => {
    const { command, state } = await inbox()
    state.works = true
    const { code, stdout } = await command('replay', 'msg_0', 'msg_1', 'msg_9')
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'processed msg_0\nduplicate msg_1\nmissing msg_9\n' })
  })

  test('of everything is asked for in so many words', async () => {
    const { command } = await inbox()
    expect(await command('replay')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No event is named.'),
    })
  })

  test('stops between two events, and says how to go on', async () => {
    const { config, state } = await inbox()
    state.works = true
    const stopping = new AbortController()
    config.clerk().on('user.created', () => stopping.abort(), { name: 'stop' })
    const { code, records } = await run(['webhooks', 'replay', '--status', 'open', '--json'], {
      config,
      signal: stopping.signal,
    })
    expect(code).toBe(1)
    expect(records.at(-1)).toMatchObject({
      interrupted: true,
      done: 1,
      resume: expect.stringContaining('again'),
    })
  })
})

test('webhooks discard gives up what is open, and prune removes what is old', async () => {
  const { command, clerk } = await inbox()
  expect(await command('discard', 'msg_0', 'msg_1')).toMatchObject({
    code: 1,
    stdout: 'discarded msg_0\nleft msg_1\n',
  })
  expect(await clerk.webhooks.show('msg_0', { reveal: true })).toMatchObject({
    status: 'discarded',
    body: '',
  })
  expect(await command('prune', '--older-than', '90d')).toMatchObject({
    code: 0,
    stdout: '0 events removed.\n',
  })
})
