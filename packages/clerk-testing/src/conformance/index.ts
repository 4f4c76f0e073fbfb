export type { NodeTestApi, VitestApi } from '../test-api.js'
export type { ConformanceCase, Entity } from './case.js'
export { conformanceCases } from './cases/index.js'
export {
  type ConformancePlan,
  type ConformanceReport,
  type ConformanceSubject,
  checkConformance,
  conformancePlan,
} from './check.js'
export { describeConformance } from './describe.js'
export * from './harness.js'
export { type RaceOptions, runRaces } from './races/processes.js'
