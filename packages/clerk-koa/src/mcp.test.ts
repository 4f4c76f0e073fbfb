import { mcpTests } from '@acme/adapter-suite'
import Koa from 'koa'
import { koaBinding } from './testing/app.js'

mcpTests(koaBinding('Koa', () => new Koa()))
