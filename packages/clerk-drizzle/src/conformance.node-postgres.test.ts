import { describeConformanceOn } from './testing/describe-conformance.js'

await describeConformanceOn('node-postgres')
