import { mcpTests } from '@acme/adapter-suite'
import { fastifyBinding } from './testing/app.js'

mcpTests(fastifyBinding('Fastify', 'onRequest'))
