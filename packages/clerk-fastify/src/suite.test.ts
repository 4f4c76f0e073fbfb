import { runAdapterSuite } from '@acme/adapter-suite'
import { fastifyBinding } from './testing/app.js'

runAdapterSuite(fastifyBinding('Fastify, onRequest', 'onRequest'))
runAdapterSuite(fastifyBinding('Fastify, preHandler', 'preHandler'))
