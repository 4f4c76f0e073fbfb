import { webSuite } from '../web/suite.js'

export const webFastify = webSuite('fastify', { noOp: 0.8, official: { who: '@clerk/fastify', ratio: 7 } })
