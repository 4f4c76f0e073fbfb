import { webSuite } from '../web/suite.js'

export const webHono = webSuite('hono', {
  noOp: 0.8,
  official: { who: '@clerk/hono', ratio: 5 },
  sessions: false,
})
