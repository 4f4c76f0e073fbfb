import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { configurationGuide } from '../testing/configuration-guide.js'
import { createSigner } from '../testing/signer.js'
import { resolveOptions } from './configure.js'
import { fromEnv, VARIABLES } from './env.js'
import { OPTION_DEFAULTS } from './ground/options/read.js'
import { defaultOf, OPTION_CHAPTERS, OPTIONS, type OptionName } from './options-table.js'

const { pem: PEM } = createSigner()
const NAMES = Object.keys(OPTIONS) as OptionName[]
const source = new URL('./options.ts', import.meta.url)

/** Every option that `ClerkOptions` declares, those in an object literal with their group in front. */
function declaredOptions(): string[] {
  const [, body = ''] =
    /^export interface ClerkOptions<[^{]*> \{\n(.*?)^\}/ms.exec(
      readFileSync(source, 'utf8').replace(/\/\*.*?\*\//gs, ''),
    ) ?? []
  return body
    .split(/^ {2}(?=\w)/m)
    .slice(1)
    .flatMap((member) => {
      const [, name = '', type = ''] = /^(\w+)\??: *(.*)$/s.exec(member) ?? []
      const [literal = ''] = /\{.*\}/s.exec(type) ?? []
      const nested = [...literal.matchAll(/(\w+)\??:/g)].map(([, field]) => `${name}.${field}`)
      const other = type.replace(literal, '').replace(/undefined|[|\s]/g, '')
      return nested.length === 0 || other !== '' ? [name, ...nested] : nested
    })
}

describe('the table of options', () => {
  it('is what docs/configuration.md says, word for word', async () => {
    const guide = fileURLToPath(new URL('../../../docs/configuration.md', import.meta.url))
    await expect(configurationGuide()).toMatchFileSnapshot(guide)
  })

  it('has every option that ClerkOptions declares: add a new one to src/options-table.ts', () => {
    const declared = declaredOptions()
    expect(declared.length).toBeGreaterThan(40)
    expect(declared.filter((name) => !Object.hasOwn(OPTIONS, name))).toEqual([])
    expect(NAMES.filter((name) => !declared.includes(name))).toEqual([])
  })

  it('has every number and every word that the code reads', () => {
    expect(Object.keys(OPTION_DEFAULTS).filter((name) => !Object.hasOwn(OPTIONS, name))).toEqual([])
    for (const name of NAMES) {
      const ofCode = Object.hasOwn(OPTION_DEFAULTS, name)
      const depends = 'default' in OPTIONS[name] && / for a (?:live|test) key/.test(defaultOf(name))
      expect('default' in OPTIONS[name] && ofCode && !depends, `${name} has two defaults`).toBe(false)
    }
  })

  it('says what the code does where nothing is given', () => {
    const { issuer: _, ...resolved } = resolveOptions({
      authorizedParties: 'any',
      jwksUrl: 'https://clerk.example.com/jwks',
    })
    const at = (name: OptionName): unknown =>
      name
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], resolved)
    const told = NAMES.filter((name) => /^`(?:false|\[\]|https:.*)`$/.test(defaultOf(name)))
    expect(told.length).toBeGreaterThan(7)
    for (const name of told) {
      if (name === 'allowOfflineClerk') continue
      const value = at(name)
      const written = typeof value === 'string' ? value : JSON.stringify(value)
      expect(`\`${written}\``, name).toBe(defaultOf(name))
    }
  })

  it('explains each in sentences that stand in a table, under a chapter that is there', () => {
    for (const name of NAMES) {
      const { chapter, effect } = OPTIONS[name]
      expect(Object.keys(OPTION_CHAPTERS)).toContain(chapter)
      expect(effect, name).toMatch(/^[A-Z`'][^\n|]+\.$/)
      expect(/(?<!10)Seconds$/.test(name), name).toBe(
        'unit' in OPTIONS[name] && OPTIONS[name].unit === 'seconds',
      )
    }
  })
})

describe('the table of variables', () => {
  it('names each variable once, and an option of the table', () => {
    const names = VARIABLES.flatMap((variable) => variable.names)
    expect(new Set(names).size).toBe(names.length)
    expect(VARIABLES.filter(({ option }) => !Object.hasOwn(OPTIONS, option))).toEqual([])
  })

  it.each(VARIABLES.map(({ option, names }) => ({ option, names })))(
    '$names set $option',
    ({ option, names }) => {
      const value = valueFor(option)
      for (const name of names) {
        const read = fromEnv({ [name]: value }) as object as Record<string, unknown>
        const [first = '', second] = option.split('.')
        const found = second === undefined ? read[first] : (read[first] as Record<string, unknown>)[second]
        expect(String(found)).toBe(value)
      }
    },
  )

  function valueFor(option: OptionName): string {
    const key = (host: string) => Buffer.from(`${host}$`).toString('base64')
    const values: Partial<Record<OptionName, string>> = {
      secretKey: 'sk_test_abc',
      publishableKey: `pk_test_${key('clerk.example.com')}`,
      machineSecretKey: 'ak_abc',
      machineId: 'mch_abc',
      jwtKey: PEM.trim(),
      webhookSecrets: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
    }
    return values[option] ?? (option.endsWith('Seconds') ? '60' : 'https://app.example.com')
  }
})
