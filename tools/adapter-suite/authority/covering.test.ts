import { expect, test } from 'vitest'
import { cover } from './covering.js'

const ROWS = ['a', 'b', 'c', 'd']
const COLUMNS = [1, 2, 3, 4, 5]
const STORES = ['x', 'y', 'z']
const pairs = (cells: ReturnType<typeof cover<string, number, string>>) => ({
  'row and column': new Set(cells.map(({ row, column }) => `${row}${column}`)).size,
  'row and store': new Set(cells.map(({ row, store }) => `${row}${store}`)).size,
  'column and store': new Set(cells.map(({ column, store }) => `${column}${store}`)).size,
})

test('every pair of row, column and store is met, with no more cells than there are rows and columns', () => {
  const cells = cover(ROWS, COLUMNS, STORES, false)
  expect(cells).toHaveLength(20)
  expect(pairs(cells)).toEqual({ 'row and column': 20, 'row and store': 12, 'column and store': 15 })
})

test('both turns are taken by every row, every column and every store', () => {
  const cells = cover(ROWS, COLUMNS, STORES, false)
  for (const [name, values] of [
    ['row', ROWS],
    ['column', COLUMNS],
    ['store', STORES],
  ] as const) {
    for (const value of values) {
      const turns = new Set(cells.filter((cell) => cell[name] === value).map(({ turn }) => turn % 2))
      expect(turns.size, `${name} ${value}`).toBe(2)
    }
  }
})

test('in full every cell is there', () => {
  expect(
    new Set(cover(ROWS, COLUMNS, STORES, true).map((cell) => Object.values(cell).slice(0, 3).join())),
  ).toHaveProperty('size', 60)
})
