import { webSuite } from '../web/suite.js'

export const webFastify = webSuite('fastify', { noOp: 0.88, official: { who: '@clerk/fastify', ratio: 15 } })
