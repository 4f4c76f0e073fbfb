import { describeConformanceOn } from './testing/describe-conformance.js'

await describeConformanceOn('v7-postgresql')
