import { webSuite } from '../web/suite.js'

export const webKoa = webSuite('koa', { noOp: 0.9 })
