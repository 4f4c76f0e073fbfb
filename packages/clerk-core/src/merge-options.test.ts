import fc from 'fast-check'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import type { Clerk } from './clerk.js'
import { createClerk } from './create-clerk.js'
import type { MemoryMembership, MemoryOrganization } from './domain/store/memory/memory-organizations.js'
import { memoryStore } from './domain/store/memory/memory-store.js'
import type { MemoryUser } from './domain/store/memory/memory-users.js'
import type { OrganizationRecord } from './domain/store/organization.js'
import { fromEnv } from './env.js'
import { ConfigurationError } from './ground/errors.js'
import { Problems } from './ground/options/problems.js'
import { mergeOptions } from './merge-options.js'
import type { ClerkOptions, ClerkOptionsPart } from './options.js'
import { OPTION_GROUPS } from './options-table.js'

const ENV = {
  CLERK_PUBLISHABLE_KEY: `pk_test_${Buffer.from('clerk.example.com$').toString('base64')}`,
  CLERK_SECRET_KEY: 'sk_test_abc',
  CLERK_AUTHORIZED_PARTIES: 'https://app.example.com',
}
const SECONDS = { ...ENV, CLERK_SESSION_REVALIDATION_SECONDS: '60' }

const merge = (...parts: object[]) => mergeOptions(parts as ClerkOptionsPart[], new Problems())
/** What a plain JavaScript caller may write. */
const create = (...parts: unknown[]) => createClerk(...(parts as [ClerkOptions]))

function problemsOf(...parts: unknown[]): string[] {
  try {
    create(...parts)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { message, remedy } of error.problems)
      expect([message, remedy].join()).not.toMatch(/undefined:/)
    return error.problems.map(({ option, message, remedy }) => `${option} ${message} ${remedy}`)
  }
}

describe('parts', () => {
  it('are merged, in groups too', () => {
    const store = memoryStore()
    expect({
      ...merge(fromEnv(SECONDS), store, { session: { graceSeconds: 60 }, cache: { users: 5 } }),
    }).toEqual({
      publishableKey: ENV.CLERK_PUBLISHABLE_KEY,
      secretKey: 'sk_test_abc',
      authorizedParties: ['https://app.example.com'],
      session: { revalidateAfterSeconds: 60, graceSeconds: 60 },
      cache: { users: 5 },
      ...store,
    })
  })

  it('of which a later one wins, and undefined overwrites nothing', () => {
    const first = { secretKey: 'a', session: { graceSeconds: 1, keepClaims: ['x'] } }
    const second = {
      secretKey: undefined,
      session: { graceSeconds: undefined, keepClaims: ['y'] },
      cache: undefined,
    }
    expect({ ...merge(first, second) }).toEqual({
      secretKey: 'a',
      session: { graceSeconds: 1, keepClaims: ['y'] },
    })
    expect({ ...merge(second, first) }).toEqual({
      secretKey: 'a',
      session: { graceSeconds: 1, keepClaims: ['x'] },
    })
  })

  it('are what a merge of their leaves is, whatever they hold', () => {
    const group = [...OPTION_GROUPS].find(([name]) => name === 'cache')?.[1] ?? []
    const field = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined })
    const part = fc.record(
      {
        clockToleranceSeconds: field,
        cache: fc.option(
          fc.record(Object.fromEntries(group.map((name) => [name, field])), { requiredKeys: [] }),
          {
            nil: undefined,
          },
        ),
      },
      { requiredKeys: [] },
    )
    const leaves = (options: { clockToleranceSeconds?: unknown; cache?: object | undefined }) => [
      ['clockToleranceSeconds', options.clockToleranceSeconds] as const,
      ...Object.entries(options.cache ?? {}).map(([name, value]) => [`cache.${name}`, value] as const),
    ]
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const before = structuredClone(parts)
        const expected = new Map(parts.flatMap(leaves).filter(([, value]) => value !== undefined))
        const merged = leaves(merge(...parts)).filter(([, value]) => value !== undefined)
        expect(new Map(merged)).toEqual(expected)
        expect(parts).toEqual(before)
      }),
    )
  })

  it('the empty list of an environment without parties overwrites none', () => {
    const { CLERK_AUTHORIZED_PARTIES: _, ...env } = ENV
    const parties = { authorizedParties: ['https://app.example.com'] }
    expect(problemsOf(parties, fromEnv(env))).toEqual([])
    expect(problemsOf(fromEnv(env), parties)).toEqual([])
    expect(problemsOf(fromEnv(env))).toEqual([expect.stringContaining('authorizedParties is missing')])
  })

  it('an invalidation is taken as it is, with the seconds of another part beside it', () => {
    class Push {
      #listeners = 0
      publish = async () => undefined
      async subscribe() {
        this.#listeners += 1
        return async () => {
          if (this.#listeners > 0) this.#listeners -= 1
        }
      }
    }
    const push = new Push()
    for (const parts of [
      [{ invalidation: push }, { invalidation: { pollSeconds: 7 } }],
      [{ invalidation: { pollSeconds: 7 } }, { invalidation: push }],
    ]) {
      expect(merge(...parts)).toMatchObject({ invalidation: push, 'invalidation.pollSeconds': 7 })
      expect(problemsOf(fromEnv(ENV), ...parts)).toEqual([])
    }
  })

  it('nothing is read that they inherit', () => {
    class Settings {
      get allowMissingAzp() {
        return true
      }
    }
    expect(problemsOf(fromEnv(ENV), new Settings())).toEqual([
      expect.stringMatching(/^options, part 2 is an object of a class/),
    ])
    Object.defineProperty(Object.prototype, 'allowMissingAzp', { value: 'x', configurable: true })
    try {
      // Read, it would be a problem: it is not true or false.
      expect(problemsOf(fromEnv(ENV))).toEqual([])
    } finally {
      Reflect.deleteProperty(Object.prototype, 'allowMissingAzp')
    }
  })

  it.each<[string, unknown, RegExp]>([
    ['a promise', Promise.resolve(memoryStore()), /part 2 is a promise\. Await it first\./],
    ['undefined', undefined, /part 2 is undefined\. Give plain objects/],
    ['a list', [], /part 2 is an array/],
    ['a database', new (class Database {})(), /part 2 is .*a database by its store: .*Store\(/],
  ])('%s is none', (_name, part, message) => {
    expect(problemsOf(fromEnv(ENV), part)).toEqual([expect.stringMatching(message)])
  })
})

describe('an unknown option is refused, with the name that was probably meant', () => {
  it.each<[object, RegExp]>([
    [{ secretkey: 'x' }, /^secretkey is no option\. Write `secretKey`/],
    [{ authorisedParties: [] }, /^authorisedParties is no option\. Write `authorizedParties`/],
    [{ session: { graceSecond: 1 } }, /^session\.graceSecond is no option\. Write `session\.graceSeconds`/],
    [{ session: { zzz: 1 } }, /`session` has revalidateAfterSeconds, graceSeconds, remember, keepClaims\./],
    [{ graceSeconds: 1 }, /^graceSeconds is no option\. Write `session\.graceSeconds`/],
    [{ session: { secretKey: 'x' } }, /^session\.secretKey is no option\. Write `secretKey`/],
    [{ accept: { apikeys: true } }, /^accept\.apikeys is no option\. Write `accept\.apiKeys`/],
    [{ cache: { userTTLSeconds: 1 } }, /Write `cache\.userTtlSeconds`/],
    [{ store: { timeout: 1 } }, /^store\.timeout is no option\. Write `store\.timeoutSeconds`/],
    [
      { invalidation: { pollSecond: 1 } },
      /^invalidation\.pollSecond is no option\. Write `invalidation\.pollSeconds`/,
    ],
    [{ zzz: undefined }, /^zzz is no option\. docs\/configuration\.md/],
    [{ 'session.graceSeconds': 1 }, /^session\.graceSeconds is no option/],
    [{ 'invalidation.pollSeconds': 1 }, /is no option/],
    [{ constructor: 1 }, /^constructor is no option/],
    [{ hasOwnProperty: 1 }, /^hasOwnProperty is no option/],
    [{ session: { toString: 1 } }, /^session\.toString is no option/],
    [JSON.parse('{"__proto__":{"allowMissingAzp":true}}'), /^__proto__ is no option/],
    [JSON.parse('{"session":{"__proto__":{"graceSeconds":1}}}'), /^session\.__proto__ is no option/],
    [{ session: null }, /^session is null\. Give an object/],
    [{ session: 5 }, /^session is a number/],
    [{ cache: [] }, /^cache is an array/],
    [{ webhook: new Map() }, /^webhook is a Map/],
  ])('%j', (part, message) => {
    expect(problemsOf(fromEnv(ENV), part)).toEqual([expect.stringMatching(message)])
    expect(problemsOf({ ...fromEnv(ENV), ...part })[0]).toMatch(message)
  })
})

describe('a spread that leaves out what the environment says', () => {
  it('is refused', () => {
    expect(problemsOf({ ...fromEnv(SECONDS), session: { graceSeconds: 60 } })).toEqual([
      expect.stringMatching(/^CLERK_SESSION_REVALIDATION_SECONDS is set, and `session: \{ … \}` without/),
    ])
    expect(
      problemsOf({
        ...fromEnv({ ...ENV, CLERK_CACHE_TIMEOUT: '1', CLERK_ORG_CACHE_TIMEOUT: '2' }),
        cache: { users: 1 },
      }),
    ).toHaveLength(2)
  })

  it.each<[string, (env: ReturnType<typeof fromEnv>) => unknown[]]>([
    ['gives the same leaf', (env) => [{ ...env, session: { revalidateAfterSeconds: 5, graceSeconds: 60 } }]],
    [
      'overrides whole values',
      (env) => [{ ...env, secretKey: 'sk_test_x', authorizedParties: ['https://x.example'] }],
    ],
    [
      'gives it in another part',
      (env) => [{ ...env, session: {} }, { session: { revalidateAfterSeconds: 5 } }],
    ],
    ['spreads the group too', (env) => [{ ...env, session: { ...env.session, graceSeconds: 60 } }]],
    [
      'says undefined itself',
      (env) => [{ ...env, secretKey: undefined, session: { revalidateAfterSeconds: undefined } }],
    ],
    ['says undefined for the group', (env) => [{ ...env, session: undefined }]],
    ['takes the group out', ({ session: _, ...env }) => [env]],
    ['gives parts', (env) => [env, { session: { graceSeconds: 60 } }]],
  ])('is silent where it %s', (_name, parts) => {
    expect(problemsOf(...parts(fromEnv(SECONDS)))).toEqual([])
  })
})

describe('what is dropped is named', () => {
  const warningsOf = (...parts: unknown[]) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      create(...parts)
      return warn.mock.calls.map(([message, options]) => [message, options])
    } finally {
      warn.mockRestore()
    }
  }

  it('by a warning, where nothing else is wrong', () => {
    const env = fromEnv({
      ...ENV,
      CLERK_AUTHORIZED_PARTIES: 'https://app.example.com,your_domain',
      CLERK_JWKS_URL: '<url>',
      CLERK_WEBHOOK_DEDUP_TIMEOUT: '45',
    })
    const expected = [
      [expect.stringMatching(/^CLERK_WEBHOOK_DEDUP_TIMEOUT has no effect/), { code: 'ACME_CLERK_ENV' }],
      ...['CLERK_JWKS_URL', '"your_domain" in CLERK_AUTHORIZED_PARTIES', 'machineSecretKey'].map((name) => [
        `${name} holds a placeholder and counts as missing.`,
        { code: 'ACME_CLERK_PLACEHOLDER' },
      ]),
    ]
    const code = { machineSecretKey: 'ak_...' }
    for (const parts of [[env, code], [{ ...env, ...code }]]) {
      const warnings = warningsOf(...parts)
      expect(warnings).toHaveLength(expected.length)
      expect(warnings).toEqual(expect.arrayContaining(expected))
    }
    expect(warningsOf(fromEnv(ENV))).toEqual([])
  })

  it('beside what is missing because of it', () => {
    expect(
      problemsOf(fromEnv({ ...ENV, CLERK_PUBLISHABLE_KEY: 'pk_test_...', CLERK_SECRET_KEY: '' })),
    ).toEqual([
      expect.stringMatching(/^publishableKey is missing/),
      expect.stringMatching(/^CLERK_PUBLISHABLE_KEY holds a placeholder and counts as missing\./),
    ])
  })
})

describe('types', () => {
  it('the rows of the store that some part brings are exact', () => {
    type Exact = Clerk<MemoryUser, MemoryMembership, MemoryOrganization>
    const made = () => createClerk(fromEnv(ENV), memoryStore(), { session: { graceSeconds: 60 } })
    expectTypeOf(made).returns.toEqualTypeOf<Exact>()
    const linking = () =>
      createClerk(fromEnv(ENV), { canLink: (row) => row.isActive && row.version > 0 }, memoryStore())
    expectTypeOf(linking).returns.toEqualTypeOf<Exact>()
    const spread = () => createClerk({ ...fromEnv(ENV), ...memoryStore() })
    expectTypeOf(spread).returns.toEqualTypeOf<Exact>()
    const storeless = () => createClerk(fromEnv(ENV), { session: { remember: 'never' } })
    expectTypeOf(storeless).returns.toEqualTypeOf<Clerk<never, never, OrganizationRecord>>()
    expect(made().users.get).toBeTypeOf('function')
  })

  it('what is no option does not compile', () => {
    // @ts-expect-error -- misspelt
    expect(() => createClerk(fromEnv(ENV), { sesion: {} })).toThrow(/session/)
    // @ts-expect-error -- misspelt in a group
    expect(() => createClerk(fromEnv(ENV), { session: { grace: 1 } })).toThrow(/session\.grace: is no option/)
    // @ts-expect-error -- one argument has to be complete
    expect(() => createClerk({ secretKey: 'sk_test_abc' })).toThrow(/authorizedParties/)
  })
})
