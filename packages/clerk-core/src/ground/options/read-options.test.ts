import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../errors.js'
import { type OptionRules, readOptions, rule } from './read-options.js'

interface Options {
  signInUrl?: string
  context?: boolean
  times?: number
  names?: readonly string[]
  write?: () => void
  prune?: false | { olderThanSeconds?: number }
  clerk?: object
}

const RULES: OptionRules<Options> = {
  signInUrl: rule.text,
  context: rule.flag,
  times: rule.number({ least: 1, most: 9 }),
  names: rule.texts,
  write: rule.code,
  prune: rule.group<{ olderThanSeconds?: number }>(
    { olderThanSeconds: rule.number({ least: 1, most: 9 }) },
    false,
  ),
  clerk: { ...rule.object, definite: true },
}
const read = (given: unknown) => readOptions('doIt', given as Options, RULES)

function problemsOf(given: unknown): readonly string[] {
  try {
    read(given)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ option, message, remedy }) => `${option} ${message} ${remedy}`)
  }
}

describe('options of a function', () => {
  it('are a copy of what is written in the object', () => {
    const given = { signInUrl: '/in', context: undefined }
    const options = read(given)
    expect({ ...options }).toEqual({ signInUrl: '/in', context: undefined })
    given.signInUrl = '/other'
    expect(options.signInUrl).toBe('/in')
    expect({ ...read(undefined) }).toEqual({})
    expect(Object.getPrototypeOf(options)).toBeNull()
  })

  it.each<[unknown, readonly RegExp[]]>([
    [{ signinUrl: '/in' }, [/^doIt signinUrl is no option\. Write `signInUrl`, if that was meant\.$/]],
    [{ signIn: '/in' }, [/Write `signInUrl`/]],
    [{ colour: 'red' }, [/`doIt` has signInUrl, context, times, names, write, prune, clerk\.$/]],
    [{ signInUrl: 1, times: '2' }, [/^doIt signInUrl /, /^doIt times is not a number from 1 to 9/]],
    [{ context: 'true' }, [/^doIt context is not true or false/]],
    [{ names: 'a' }, [/^doIt names is not a list/]],
    [{ names: ['a', 1] }, [/^doIt names has an entry/]],
    [{ write: {} }, [/^doIt write is not a function/]],
    [
      { prune: true },
      [/^doIt prune is a boolean\. Give a plain object: `\{ olderThanSeconds \}`, or `false`\.$/],
    ],
    [{ prune: { olderThan: 1 } }, [/^doIt prune\.olderThan .*Write `prune\.olderThanSeconds`/]],
    [{ prune: { hours: 1 } }, [/`prune` has olderThanSeconds/]],
    [{ clerk: undefined }, [/^doIt clerk is undefined/]],
    [null, [/^doIt options is null/]],
    ['x', [/^doIt options is a string/]],
    [Promise.resolve({}), [/^doIt options is a promise\. Await it first/]],
    [new Map(), [/^doIt options is a Map/]],
    [Object.create({ context: true }), [/inherits/]],
  ])('%o are refused', (given, expected) => {
    const problems = problemsOf(given)
    expect(problems).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern)
  })

  it.each([{}, undefined, { prune: false }, { prune: {} }, { names: [] }, { times: 1, context: false }])(
    '%o are read',
    (given) => expect(problemsOf(given)).toEqual([]),
  )

  it('that are required are missing where they are left out, and where they are undefined', () => {
    const rules: OptionRules<{ write: string }> = { write: { ...rule.text, required: 'Give one.' } }
    for (const given of [{}, { write: undefined }, undefined])
      expect(() => readOptions('doIt', given as { write: string } | undefined, rules)).toThrow(
        'doIt write: is missing. Give one.',
      )
  })

  it('are refused wherever a name is unknown, whatever the name and whatever stands beside it', () => {
    const known = Object.keys(RULES)
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty'),
      fc.constantFrom(...known).map((one) => `${one}s`),
    )
    fc.assert(
      fc.property(name, fc.anything(), (unknown, value) => {
        fc.pre(!known.includes(unknown))
        const given = Object.defineProperty({ context: true }, unknown, {
          value,
          enumerable: true,
          writable: true,
          configurable: true,
        })
        const problems = problemsOf(given)
        expect(problems).toHaveLength(1)
        expect(problems[0]?.startsWith(`doIt ${unknown} is no option.`)).toBe(true)
      }),
    )
  })
})
