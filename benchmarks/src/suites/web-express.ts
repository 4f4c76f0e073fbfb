import { webSuite } from '../web/suite.js'

export const webExpress = webSuite('express', { noOp: 0.95, official: { who: '@clerk/express', ratio: 5 } })
