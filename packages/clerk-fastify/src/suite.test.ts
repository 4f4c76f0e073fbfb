import { describeAdapter } from '@acme/clerk-testing/adapters'
import * as vitest from 'vitest'
import { fastifyBinding } from './testing/app.js'

describeAdapter(vitest, fastifyBinding('Fastify, onRequest', 'onRequest'))
describeAdapter(vitest, fastifyBinding('Fastify, preHandler', 'preHandler'))
