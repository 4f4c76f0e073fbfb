import type { Database, DatabaseServer } from '@acme/tools/services'
import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ACTIONS } from './actions.js'
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
      const answer = await fetch(`${demo.url}/demo/act/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: demo.url },
        body: JSON.stringify({ person: person?.id }),
      })
      const { text, asPromised } = (await answer.json()) as Finding
      expect([answer.status, text, asPromised]).toEqual([200, expect.any(String), true])
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

async function firstState(url: string): Promise<State> {
  const { body } = await fetch(`${url}/demo/events`)
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const data = /event: state\ndata: (.*)\n/.exec(text)?.[1]
    if (data) return JSON.parse(data) as State
  }
  throw new Error('The demo has sent no state.')
}
