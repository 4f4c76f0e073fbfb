// Published with the kit for adapters, which measures by it too.
export { startStopwatch, timed } from '../../packages/clerk-testing/src/adapters/timed.js'
