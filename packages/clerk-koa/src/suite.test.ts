import { createRequire } from 'node:module'
import { describeAdapter } from '@acme/clerk-testing/adapters'
import Koa from 'koa'
import * as vitest from 'vitest'
import { koaBinding } from './testing/app.js'

// Koa 2 has no types beside those of 3; the application of the suite is valid in both.
const Koa2 = createRequire(import.meta.url)('koa2') as typeof Koa

describeAdapter(
  vitest,
  koaBinding('Koa 3', () => new Koa()),
)
describeAdapter(
  vitest,
  koaBinding('Koa 2', () => new Koa2()),
)
