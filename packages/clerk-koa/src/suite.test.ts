import { createRequire } from 'node:module'
import { runAdapterSuite } from '@acme/adapter-suite'
import Koa from 'koa'
import { koaBinding } from './testing/app.js'

// Koa 2 has no types beside those of 3; the application of the suite is valid in both.
const Koa2 = createRequire(import.meta.url)('koa2') as typeof Koa

runAdapterSuite(koaBinding('Koa 3', () => new Koa()))
runAdapterSuite(koaBinding('Koa 2', () => new Koa2()))
