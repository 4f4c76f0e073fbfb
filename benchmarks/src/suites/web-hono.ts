import { webSuite } from '../web/suite.js'

export const webHono = webSuite('hono', { noOp: 0.9, official: { who: '@clerk/hono', ratio: 5 } })
