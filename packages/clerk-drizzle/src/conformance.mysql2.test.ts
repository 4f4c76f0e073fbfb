import { describeConformanceOn } from './testing/describe-conformance.js'

await describeConformanceOn('mysql2')
