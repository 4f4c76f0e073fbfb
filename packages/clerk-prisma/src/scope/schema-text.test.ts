import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSchemaText } from './schema-text.js'

test('relations are read however a schema is written', () => {
  const models = readSchemaText(`
    generator client { provider = "prisma-client" }
    /* model Hidden { id String @id } */
    enum Kind { A B }
    /// model Commented { id String }
    model A { // } not the end
      id    String @id @default("} // model X {")
      bs    B[]    @relation("x")
      title String? @db.VarChar(20) @map("the { title")
      @@map("as")
      @@index([id, title(sort: Desc)])
    }
    model B {
      aId   String
      org   String
      a     A      @relation(name: "x", fields: [
        aId, // the column
        org
      ], references: [id, org], onDelete: Cascade, onUpdate: NoAction, map: "fk")
      e     Unsupported("circle")?
      @@id([aId])
      @@unique(fields: [aId, org], name: "u")
    }
    view V { id Int @unique }`)
  expect([...models.keys()]).toEqual(['A', 'B', 'V'])
  expect([...(models.get('A')?.fields.values() ?? [])]).toMatchObject([
    { name: 'id', type: 'String', unique: true, list: false, optional: false, relation: null },
    { name: 'bs', type: 'B', list: true, relation: { fields: [], references: [] } },
    { name: 'title', optional: true, unique: false },
  ])
  expect(models.get('B')?.fields.get('a')).toMatchObject({
    relation: {
      fields: ['aId', 'org'],
      references: ['id', 'org'],
      onDelete: 'Cascade',
      onUpdate: 'NoAction',
    },
  })
  expect(models.get('B')?.fields.get('aId')?.unique).toBe(true)
  expect(models.get('B')?.fields.get('org')?.unique).toBe(false)
})

test('any text is read or refused as no schema', () => {
  const piece = fc.constantFrom(
    ...[
      'model ',
      'A',
      ' {',
      '}',
      '\n',
      '@relation',
      '(',
      ')',
      '[',
      ']',
      'fields: ',
      '"',
      '//',
      '/*',
      '*/',
      '@@',
      '?',
    ],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        readSchemaText(pieces.join(''))
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError)
      }
    }),
  )
})
