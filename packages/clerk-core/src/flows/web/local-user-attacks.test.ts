import { describe, expect, test } from 'vitest'
import { createClerk, PAGE } from '../../../testing/authority-harness.js'
import { createAuthenticator } from './authenticator.js'

async function kindOf(local: unknown): Promise<string> {
  // Nothing is asked of Clerk here.
  const clerk = createClerk({
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/jwks.json',
    authorizedParties: [PAGE],
  })
  const authenticate = createAuthenticator<object>(
    {
      credentialsOf: (_request, localUser) => ({ localUser }),
      webRequestOf: () => ({ method: 'GET', url: '/', origin: null, headers: {} }),
    },
    clerk,
    { localUser: () => local },
  )
  const { auth } = await authenticate({})
  return auth.kind
}

describe('what a login leaves when no row was found signs no user in', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['true', true],
    ['an empty list: a SELECT without rows', []],
    ['an empty object', {}],
    ['an empty string', ''],
    ['0', 0],
    ['-1', -1],
    ['NaN', Number.NaN],
    ['a function', () => ({ id: 7 })],
    ['a symbol', Symbol('user')],
    ['an empty map', new Map()],
    ['an object with inherited keys alone', Object.create({ id: 7 })],
    ['a promise of an empty list', Promise.resolve([])],
  ])('%s', async (_name, value) => {
    expect(await kindOf(value)).toBe('anonymous')
  })
})

describe('what is a user', () => {
  test.each<[string, unknown]>([
    ['an object with a property of its own', { id: 7 }],
    [
      'a class instance',
      new (class User {
        id = 7
      })(),
    ],
    ['a string', 'lea'],
    ['a positive number', 7],
    ['a bigint', 7n],
    ['a promise of one', Promise.resolve({ id: 7 })],
  ])('%s', async (_name, value) => {
    expect(await kindOf(value)).toBe('local')
  })
})

test('what is taken for no user is told', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  try {
    await kindOf([])
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings.map(({ message }) => message).join()).toMatch(/localUser/)
  } finally {
    process.off('warning', listen)
  }
})
