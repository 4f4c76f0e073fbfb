import { describe, expect, test } from 'vitest'
import { webhookTypes } from '../fixtures/webhook-fixture.js'
import { bindings } from '../resources/index.js'
import { events } from '../tables/schemas.js'
import { operations } from './operation.js'

const bound = new Set(bindings.map(({ operation }) => operation.id))

describe('the table of operations', () => {
  test('has a handler for each of the 249', () => {
    expect(operations).toHaveLength(249)
    expect(operations.map(({ id }) => id).filter((id) => !bound.has(id))).toEqual([])
  })

  test('binds none twice', () => {
    expect(bindings).toHaveLength(bound.size)
  })

  test('has a fixture for every event of the document', () => {
    expect(Object.keys(events)).toHaveLength(45)
    expect(Object.keys(events).filter((type) => !webhookTypes.some((one) => one === type))).toEqual([])
  })
})
