import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Call } from '../../server/route.js'
import { list, pageOf, pageSize } from './list.js'

const draw = (all: readonly string[], query: Record<string, string>, prefix = '') =>
  list({ query: new URLSearchParams(query) } as Call, {
    name: 'things',
    one: 'thing',
    prefix,
    all,
    matches: (entry, needle) => entry.toLowerCase().includes(needle),
    headings: ['Name'],
    key: (entry) => entry,
    row: (entry) => [entry],
  }).text
const keysOf = (markup: string) => [...markup.matchAll(/data-key="([^"]*)"/g)].map(([, key]) => key)

test('the pages together hold every row once, newest first', () => {
  fc.assert(
    fc.property(fc.nat(4 * pageSize), (length) => {
      const all = Array.from({ length }, (_, index) => `n${index}`)
      const { pages } = pageOf(null, length)
      const rows = Array.from({ length: pages }, (_, index) => keysOf(draw(all, { page: String(index + 1) })))
      expect(rows.flat()).toEqual([...all].reverse())
      expect(Math.max(...rows.map((page) => page.length))).toBeLessThanOrEqual(pageSize)
    }),
    { numRuns: 20 },
  )
})

test('whatever stands for the page in the address, a page that exists is shown', () => {
  const numbers = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String))
  fc.assert(
    fc.property(numbers, fc.nat(100_000), (given, length) => {
      const { page, pages } = pageOf(given, length)
      expect(Number.isInteger(page) && page >= 1 && page <= pages).toBe(true)
    }),
  )
})

test('a search is kept from page to page, and says how many it found of how many', () => {
  const all = Array.from({ length: 300 }, (_, index) => (index < 120 ? `Ada & ${index}` : `Bob ${index}`))
  const markup = draw(all, { query: 'ADA &' })
  expect(markup).toContain('120 of 300 things')
  expect(markup).toContain('value="ADA &amp;"')
  expect(markup).toContain('href="?query=ADA+%26&amp;page=2"')
  expect(markup).toContain('Page 1 of 3')
  expect(keysOf(draw(all, { query: 'ada &', page: '3' }))).toHaveLength(20)
})

test('two lists of one page are searched and turned apart', () => {
  const all = Array.from({ length: 120 }, (_, index) => `n${index}`)
  const markup = draw(all, { query: 'nothing', page: '9', more_page: '2' }, 'more_')
  expect(markup).toContain('Page 2 of 3')
  expect(markup).toContain('href="?query=nothing&amp;page=9&amp;more_page=3"')
})
