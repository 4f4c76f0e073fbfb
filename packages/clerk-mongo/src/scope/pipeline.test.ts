import { expect, test } from 'vitest'
import { confinePipeline } from './pipeline.js'

const tenant = { field: 'orgId', id: 'org_a' }
const own = { orgId: { $eq: 'org_a' } }

// What MongoDB demands of the first stage; not every server that speaks its protocol knows these searches.
test('a search for text stays in the first stage, beside the tenant', () => {
  const search = { $text: { $search: 'coffee' } }
  expect(confinePipeline(tenant, [{ $match: search }, { $count: 'n' }])).toEqual([
    { $match: { $and: [own, search] } },
    { $count: 'n' },
  ])
})

test('a search by place stays the first stage, with the tenant in its own query', () => {
  const near = { near: [0, 0], distanceField: 'd', query: { orgId: 'org_b' } }
  expect(confinePipeline(tenant, [{ $geoNear: near }, { $count: 'n' }])).toEqual([
    { $geoNear: { ...near, query: { $and: [own, { orgId: 'org_b' }] } } },
    { $count: 'n' },
  ])
  expect(() => confinePipeline(tenant, [{ $match: {} }, { $geoNear: near }])).toThrow('$geoNear')
})

test('any other pipeline starts with the tenant', () => {
  expect(confinePipeline(tenant, [])).toEqual([{ $match: { $and: [own, {}] } }])
  expect(confinePipeline(tenant, [{ $count: 'n' }])).toEqual([
    { $match: { $and: [own, {}] } },
    { $count: 'n' },
  ])
})
