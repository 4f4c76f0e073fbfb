import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { errorsGuide } from '../../testing/errors-guide.js'
import type { ConnectionEndReason } from '../flows/authentication/connection.js'
import { CODES, type Code, type CodeEntry, type CodesIn } from './codes.js'

const PACKAGES = new URL('../../../', import.meta.url)
const GUIDE = fileURLToPath(new URL('../docs/errors.md', PACKAGES))

/** The sources of all packages that are published, but for the offline Clerk: its codes are Clerk's own. */
const sources = readdirSync(PACKAGES)
  .filter((name) => name !== 'clerk-testing')
  .flatMap((name) => {
    const folder = new URL(`${name}/src/`, PACKAGES)
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.ts$/.test(file) && !/\.test(-d)?\.ts$|(^|\/)testing/.test(file))
      .map((file) => ({ file: `${name}/src/${file}`, text: readFileSync(new URL(file, folder), 'utf8') }))
  })
  .filter(({ file }) => !file.endsWith('/ground/codes.ts'))

describe('the table of codes', () => {
  it('is what docs/errors.md says, word for word', async () => {
    await expect(errorsGuide()).toMatchFileSnapshot(GUIDE)
  })

  it('explains every code in sentences that stand in a table', () => {
    for (const [code, { metIn, meaning, remedy }] of Object.entries<CodeEntry>(CODES)) {
      expect(metIn.length, code).toBeGreaterThan(0)
      for (const sentence of [meaning, remedy]) expect(sentence, code).toMatch(/^[A-Z`][^\n|]+\.$/)
    }
  })

  it('knows every code that a source gives to an error, a body, a finding or a warning', () => {
    const given = sources.flatMap(({ file, text }) =>
      [...text.matchAll(/\bcode(?:: | = )'([\w-]+)'|\b(ACME_CLERK_\w+)\b/g)].map(([, code, warning]) => ({
        file,
        code: code ?? warning ?? '',
      })),
    )
    expect(given.length).toBeGreaterThan(20)
    // Prisma's own codes (P2002) are Prisma's to explain.
    expect(given.filter(({ code }) => !(code in CODES) && !/^P\d{4}$/.test(code))).toEqual([])
  })

  it('has no code that no source uses', () => {
    const everything = sources.map(({ text }) => text).join('\n')
    const used = (code: string) =>
      new RegExp(`(?<![\\w-])${code}(?![\\w-])`).test(everything) ||
      everything.includes(`\`${code.replace(/-[a-z]+$/, '-$')}{`)
    expect(Object.keys(CODES).filter((code) => !used(code))).toEqual([])
  })

  it('gives every union its codes', () => {
    expectTypeOf<ConnectionEndReason>().toEqualTypeOf<CodesIn<'connection'> | CodesIn<'anonymous'>>()
    expectTypeOf<CodesIn<'unavailable'>>().toEqualTypeOf<
      | 'keys-unavailable'
      | 'clerk-unavailable'
      | 'store-unavailable'
      | 'store-fault'
      | 'changes-unavailable'
      | 'session-unavailable'
    >()
    expectTypeOf<CodesIn<'denial'>>().not.toEqualTypeOf<Code>()
  })
})
