import * as vitest from 'vitest'
import { describeConformance } from './describe.js'
import { memorySubject } from './testing/memory-subject.js'

vitest.describe('memoryStore()', () => describeConformance(vitest, memorySubject()))

vitest.describe('memoryStore() with unique columns', () =>
  describeConformance(vitest, memorySubject({ unique: true })),
)
