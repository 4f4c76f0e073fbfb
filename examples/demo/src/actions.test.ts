import type { Database, DatabaseServer } from '@acme/tools/services'
import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ACTIONS } from './actions.js'
import type { Activity } from './activity.js'
import { readOptions } from './options.js'
import { type Demo, runDemo } from './run.js'

interface Finding {
  readonly text: string
  readonly asPromised: boolean
}

interface State {
  readonly example: string
  readonly people: readonly { readonly id: string; readonly atClerk: { readonly name: string } }[]
}

// Time passes by itself and can be moved: what the library does after ten seconds does not make a test wait so long.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true })
})
afterAll(() => {
  vi.useRealTimers()
})
/** Seconds that pass while an action waits for the library to ask Clerk again. */
const WAITS: Partial<Record<keyof typeof ACTIONS, number>> = { 'bring-back': 3, 'rotate-keys': 11 }

/** Every button of the panel, on a person of their own where it matters; each checks its own result. */
const PLAN: readonly [keyof typeof ACTIONS, string][] = [
  ['rename', 'Maya'],
  ['deliver-twice', 'Maya'],
  ['deliver-backwards', 'Maya'],
  ['change-role', 'Jonas'],
  ['revoke-sessions', 'Jonas'],
  ['take-down', 'Maya'],
  ['bring-back', 'Maya'],
  ['rotate-keys', 'Maya'],
  ['service-account', 'Maya'],
  ['ban', 'Priya'],
  ['unban', 'Priya'],
]

describe('express-prisma, on its embedded database', () => everyAction('express-prisma', async () => ({})))
describe('hono-drizzle, on its embedded database', () => everyAction('hono-drizzle', async () => ({})))
describe('trpc', () => everyAction('trpc', async () => ({})))
await describeWith('mongodb', 'koa-mongo', (server) =>
  everyAction(
    'koa-mongo',
    onDatabase(server, (database) => ({ MONGODB_URL: database.url })),
  ),
)
await describeWith('postgres', 'fastify-postgres', (server) =>
  everyAction(
    'fastify-postgres',
    onDatabase(server, (database) => ({ DATABASE_URL: database.url })),
  ),
)

function everyAction(example: string, env: () => Promise<Record<string, string>>): void {
  let demo: Demo
  let state: State

  beforeAll(async () => {
    demo = await runDemo(readOptions(['--example', example, '--port', '0']), await env())
    state = await firstState(demo.url)
  }, 60_000)
  afterAll(() => demo?.stop())

  test('is the one that was asked for', () => {
    expect(state.example).toBe(example)
    expect(PLAN.map(([name]) => name).sort()).toEqual(Object.keys(ACTIONS).sort())
  })

  // In order: what is taken down is brought back.
  test.sequential.each(PLAN)(
    '%s (%s) does what the product promises',
    { timeout: 30_000 },
    async (name, who) => {
      const person = state.people.find(({ atClerk }) => atClerk.name.startsWith(who))
      const pressed = fetch(`${demo.url}/demo/act/${name}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: demo.url,
          'x-demo-click': `click-${name} ${encodeURIComponent(`“${name}”`)}`,
        },
        body: JSON.stringify({ person: person?.id }),
      })
      vi.setSystemTime(Date.now() + (WAITS[name] ?? 0) * 1000)
      const answer = await pressed
      const { text, asPromised } = (await answer.json()) as Finding
      expect([answer.status, text, asPromised]).toEqual([200, expect.any(String), true])
      if (text.includes('no route')) return
      expect((await proofOf(demo.url, `click-${name}`)).click?.label).toBe(`“${name}”`)
    },
  )
}

function onDatabase(server: DatabaseServer, env: (database: Database) => Record<string, string>) {
  let database: Database | undefined
  afterAll(() => database?.drop())
  return async () => {
    database = await server.createDatabase('demo')
    return env(database)
  }
}

const firstState = (url: string): Promise<State> => firstEvent(url, 'state', () => true)

/** The first request of a click that shows what the action is meant to show. */
const proofOf = (url: string, click: string): Promise<Activity> =>
  firstEvent<Activity>(
    url,
    'activity',
    (activity) => activity.click?.id === click && activity.lines.some(({ isProof }) => isProof),
  )

async function firstEvent<T>(url: string, name: string, wanted: (event: T) => boolean): Promise<T> {
  const { body } = await fetch(`${url}/demo/events`)
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    for (const [, data = ''] of text.matchAll(new RegExp(`event: ${name}\\ndata: (.*)\\n`, 'g'))) {
      const event = JSON.parse(data) as T
      if (wanted(event)) return event
    }
  }
  throw new Error(`The demo has sent no such ${name}.`)
}
