import { describeConformanceOn } from './testing/describe-conformance.js'

await describeConformanceOn('v6-postgresql')
