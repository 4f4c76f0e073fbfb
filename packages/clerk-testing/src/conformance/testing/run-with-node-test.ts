import * as nodeTest from 'node:test'
import { describeConformance } from '../describe.js'
import type { Capability } from '../harness.js'
import { memorySubject } from './memory-subject.js'

const [, , undeclared] = process.argv
describeConformance(
  nodeTest,
  memorySubject(undeclared === undefined ? {} : { undeclared: undeclared as Capability }),
)
