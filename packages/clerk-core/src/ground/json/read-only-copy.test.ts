import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readOnlyCopy } from './read-only-copy.js'

const row = () => ({
  id: 7,
  name: 'Ada',
  metadata: { roles: ['a', { deep: [1] }], nothing: null },
  createdAt: new Date(1000),
})

describe('a read-only copy', () => {
  it('says the same as the row', () => {
    expect(readOnlyCopy(row())).toEqual(row())
    expect(JSON.stringify(readOnlyCopy(row()))).toBe(JSON.stringify(row()))
    expect(structuredClone(readOnlyCopy(row()))).toEqual(row())
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isDeepStrictEqual(readOnlyCopy(value), value)).toBe(true)
      }),
    )
  })

  it('cannot be changed at any depth', () => {
    const copy = readOnlyCopy(row()) as ReturnType<typeof row>
    const changes: (() => unknown)[] = [
      () => (copy.name = 'Mallory'),
      () => delete (copy as Partial<typeof copy>).name,
      () => Object.assign(copy, { admin: true }),
      () => (copy.metadata.nothing = true as never),
      () => copy.metadata.roles.push('admin'),
      () => ((copy.metadata.roles[1] as { deep: number[] }).deep[0] = 2),
      () => copy.createdAt.setTime(0),
      () => copy.createdAt.setHours(0, 0, 0, 0),
      () => copy.createdAt.setUTCFullYear(1999),
    ]
    for (const change of changes) expect(change, String(change)).toThrow(TypeError)
    expect(copy).toEqual(row())
  })

  it('leaves the row itself as it was: a store may keep it', () => {
    const original = row()
    readOnlyCopy(original)
    original.metadata.roles.push('b')
    original.createdAt.setTime(5)
    expect([original.metadata.roles.length, original.createdAt.getTime()]).toEqual([3, 5])
    expect(Object.isFrozen(original)).toBe(false)
  })

  it('does not follow the row when that changes later', () => {
    const original = row()
    const copy = readOnlyCopy(original)
    original.metadata.roles.length = 0
    original.createdAt.setTime(5)
    expect(copy).toEqual(row())
  })

  it('has dates that read, compare and copy as dates', () => {
    const { createdAt } = readOnlyCopy(row())
    expect(createdAt).toBeInstanceOf(Date)
    expect(Object.prototype.toString.call(createdAt)).toBe('[object Date]')
    expect(createdAt.constructor).toBe(Date)
    expect([createdAt.getTime(), createdAt.toISOString(), +createdAt]).toEqual([
      1000,
      new Date(1000).toJSON(),
      1000,
    ])
    const own = new (createdAt.constructor as DateConstructor)(createdAt)
    own.setTime(2000)
    expect([own.getTime(), createdAt.getTime()]).toEqual([2000, 1000])
    expect(Number.isNaN(readOnlyCopy(new Date(Number.NaN)).getTime())).toBe(true)
  })

  it('passes instances of other classes on as they are', () => {
    class ObjectId {
      readonly #hex = 'a1'
      toString() {
        return this.#hex
      }
    }
    const row = { id: new ObjectId(), bytes: Buffer.from('x'), tags: new Map([['a', 1]]) }
    const copy = readOnlyCopy(row)
    expect([copy.id, copy.bytes, copy.tags]).toEqual([row.id, row.bytes, row.tags])
    expect([copy.id === row.id, copy.bytes === row.bytes, String(copy.id)]).toEqual([true, true, 'a1'])
    const document = new ObjectId()
    expect(readOnlyCopy(document)).toBe(document)
  })

  it('keeps computed columns, circles, and what is in two places', () => {
    let computed = 0
    const address = { city: 'London' }
    const row: Record<string, unknown> = {
      home: address,
      work: address,
      get full() {
        computed += 1
        return 'Ada Lovelace'
      },
    }
    row['self'] = row
    const copy = readOnlyCopy(row)
    expect(computed).toBe(0)
    expect(copy['full']).toBe('Ada Lovelace')
    expect(copy['self']).toBe(copy)
    expect(copy['home']).toBe(copy['work'])
    expect(copy['home']).not.toBe(address)
  })
})
