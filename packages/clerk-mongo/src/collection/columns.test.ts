import { expect, test } from 'vitest'
import { Columns } from './columns.js'
import { USERS } from './definitions.js'

const columns = new Columns(USERS, { email: 'mail', externalId: 'clerkExternalId', phone: null })
const document = {
  _id: 7,
  mail: 'a',
  email: 'theirs',
  externalId: 'their id',
  phone: 'their phone',
  legacyId: 1,
}

test('a field of the application’s that has a name of ours is told from ours', () => {
  const read = columns.read(document)
  expect(read).toMatchObject({ _id: 7, email: 'a', legacyId: 1 })
  expect(read).not.toHaveProperty('externalId')
  for (const [column, value] of Object.entries(document)) expect(columns.value(read, column)).toBe(value)
  expect(columns.named(read)).toEqual({ _id: 7, email: 'a', mail: 'a', legacyId: 1 })
})

test('any field of the documents can be searched by, and by the stores’ names only their own', () => {
  const filter = (column: string) => columns.filter({ [columns.field(column)]: { $eq: 1 } })
  for (const column of Object.keys(document)) expect(filter(column)).toEqual({ [column]: { $eq: 1 } })
  expect(columns.filter({ $or: [{ email: 1 }, { $and: [{ 'publicMetadata.plan': 2 }] }] })).toEqual({
    $or: [{ mail: 1 }, { $and: [{ 'publicMetadata.plan': 2 }] }],
  })
  expect(() => columns.filter({ legacyId: 1 })).toThrow('no field of users')
  expect(() => columns.filter({ phone: 1 })).toThrow('not stored')
})

test('a write of a field that the table does not have is refused', () => {
  expect(columns.update({ $set: { email: 1, phone: 2 }, $unset: { phone: '' } })).toEqual({
    $set: { mail: 1 },
  })
  expect(() => columns.update({ $set: { createdAt: 1 } })).toThrow('no field of users')
  expect(() => columns.update({ $rename: { email: 'x' } })).toThrow('no operator')
})
