import { describeConformance } from '@acme/clerk-testing/conformance'
import { describeWith } from '@acme/tools/services/vitest'
import * as vitest from 'vitest'
import { mongoSubject, type Variant } from './testing/harness.js'

const VARIANTS: Variant[] = [
  { driver: 'driver 6', unique: true, processes: true, ids: 'string' },
  { driver: 'driver 7', unique: true, processes: true, ids: 'ObjectId' },
  { driver: 'driver 7', unique: false, processes: false, ids: 'ObjectId' },
  { driver: 'driver 7', unique: true, processes: false, ids: 'ObjectId', mapped: true },
]

for (const variant of VARIANTS) {
  const { driver, unique, ids, mapped } = variant
  const title = `mongoStore() on ${driver}, ids ${ids}${unique ? ', unique columns' : ''}${mapped ? ', names of the application' : ''}`
  await describeWith('mongodb', title, (server) => describeConformance(vitest, mongoSubject(server, variant)))
}
