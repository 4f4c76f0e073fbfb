import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, it } from 'vitest'
import { createSigner } from '../../../testing/signer.js'
import { originList } from '../options/origins.js'
import { explain } from './explain.js'
import { CLERK_EVENT_NAMES } from './observer.js'

const guide = new URL('../../../../../docs/observability.md', import.meta.url)
const cwd = fileURLToPath(new URL('../../..', import.meta.url))
const { pem } = createSigner()

const clerkTs = `
import { createClerk, memoryStore } from '@acme/clerk-core'
export const clerk = createClerk({
  issuer: 'https://clerk.example.com',
  jwtKey: ${JSON.stringify(pem)},
  authorizedParties: ['https://app.example.com'],
  logger: false,
  webhookSecrets: ['whsec_${Buffer.alloc(24, 1).toString('base64')}'],
  ...memoryStore(),
  provisioning: 'claims',
})
`

/** Runs a snippet of the guide beside a driver that makes three requests: no token, nonsense, nonsense. */
async function run(name: string, before: string, after = ''): Promise<string> {
  const { code } = await readSnippet(guide, name)
  const driver = `
import { clerk } from './clerk.js'
${before}
for (const authorization of [undefined, 'Bearer x', 'Bearer y']) await clerk.authenticate({ authorization })
${after}
`
  const running = await runSnippet(driver, { cwd, files: { 'clerk.ts': clerkTs, [name]: code } })
  const { stdout, stderr } = await running.finished
  expect(stderr).toBe('')
  return stdout
}

describe('the observability guide', { timeout: 60_000 }, () => {
  it('counts for Prometheus', async () => {
    const metrics = await run(
      'metrics.ts',
      `import { renderMetrics } from './metrics.js'`,
      'console.log(renderMetrics())',
    )
    expect(metrics.trim().split('\n')).toEqual([
      '# TYPE clerk_events_total counter',
      'clerk_events_total{event="auth.failure",reason="no-credentials"} 1',
      'clerk_events_total{event="cache.miss",cache="token"} 2',
      'clerk_events_total{event="auth.failure",reason="token-malformed"} 2',
    ])
  })

  it('counts for OpenTelemetry, read by its SDK', async () => {
    const counted = await run(
      'otel.ts',
      `import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader, AggregationTemporality } from '@opentelemetry/sdk-metrics'
       import { countEvents } from './otel.js'
       const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
       const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
       countEvents(provider.getMeter('clerk'))`,
      `await provider.forceFlush()
       for (const { descriptor, dataPoints } of exporter.getMetrics()[0].scopeMetrics[0].metrics)
         for (const { attributes, value } of dataPoints) console.log(descriptor.name, JSON.stringify(attributes), value)
       await provider.shutdown()`,
    )
    expect(counted.trim().split('\n')).toEqual([
      'clerk.events {"clerk.event":"auth.failure","clerk.reason":"no-credentials"} 1',
      'clerk.events {"clerk.event":"cache.miss"} 2',
      'clerk.events {"clerk.event":"auth.failure","clerk.reason":"token-malformed"} 2',
    ])
  })

  it('traces with OpenTelemetry: who was asking stands on the span of the request, a webhook has one of its own', async () => {
    const traced = await run(
      'traces.ts',
      `import { createHmac } from 'node:crypto'
       import { context, trace } from '@opentelemetry/api'
       import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
       import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
       import { traceEvents } from './traces.js'
       const exporter = new InMemorySpanExporter()
       const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
       trace.setGlobalTracerProvider(provider)
       context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
       const tracer = trace.getTracer('clerk')
       traceEvents(tracer)`,
      `await tracer.startActiveSpan('GET /invoices', async (span) => {
         await new Promise((resolve) => setImmediate(resolve))
         await clerk.authenticate({ authorization: 'Bearer nonsense' })
         span.end()
       })
       const now = Math.floor(Date.now() / 1000)
       const body = JSON.stringify({ object: 'event', type: 'email.created', timestamp: 1, instance_id: 'ins_1', data: {} })
       const mac = createHmac('sha256', Buffer.alloc(24, 1)).update('msg_1.' + now + '.' + body).digest('base64')
       clerk.on('email.created', () => undefined)
       await clerk.receiveWebhook({ id: 'msg_1', timestamp: String(now), signature: 'v1,' + mac, body: Buffer.from(body) })
       for (const { name, attributes } of exporter.getFinishedSpans()) console.log(name, JSON.stringify(attributes))`,
    )
    expect(traced.trim().split('\n')).toEqual([
      'GET /invoices {"clerk.auth":"anonymous","clerk.reason":"token-malformed"}',
      'clerk email.created {"clerk.webhook":"msg_1"}',
    ])
  })

  it('hands errors to Sentry, without secrets, one issue for each kind', async () => {
    const { code } = await readSnippet(guide, 'sentry.ts')
    const driver = `
import { createClerk } from '@acme/clerk-core'
import { reportingTo } from './sentry.js'
const captured: { message: string; fingerprint: string[]; extra: object }[] = []
const silent = { debug() {}, info() {}, warn() {}, error: (_: unknown, message: string) => console.log('console: ' + message) }
const logger = reportingTo({ captureEvent: (event) => captured.push(event) }, silent)
const clerk = createClerk({ issuer: 'https://clerk.example.com', jwtKey: ${JSON.stringify(pem)}, authorizedParties: 'any', logger, webhookSecrets: [] })
clerk.observe(() => { throw new TypeError('no listener for ada@example.com') })
await clerk.authenticate({ authorization: 'Bearer nonsense' })
for (const event of captured) console.log(JSON.stringify(event))
`
    const running = await runSnippet(driver, { cwd, files: { 'sentry.ts': code } })
    const { stdout, stderr } = await running.finished
    expect(stderr).toBe('')
    const [line = '', event = '', ...more] = stdout.trim().split('\n')
    expect(more).toEqual([])
    expect(line).toMatch(/^console: .* threw TypeError/)
    expect(JSON.parse(event)).toMatchObject({
      level: 'error',
      message: line.replace('console: ', ''),
      fingerprint: ['clerk', 'thrown', expect.any(String), 'TypeError'],
      extra: { error: { name: 'TypeError', stack: expect.any(String) } },
    })
    expect(stdout).not.toContain('ada@example.com')
  })

  it('gives the logger to pino', async () => {
    const { code } = await readSnippet(guide, 'logger.ts')
    const driver = `${code}\nawait clerk.authenticate({ authorization: 'Bearer nonsense' })`
    const env = {
      CLERK_JWT_KEY: pem,
      CLERK_ISSUER: 'https://clerk.example.com',
      CLERK_AUTHORIZED_PARTIES: 'https://app.example.com',
    }
    const { stdout, stderr } = await (await runSnippet(driver, { cwd, env })).finished
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'clerk',
      level: 40,
      reason: 'token-malformed',
      seen: 'length 8, parts 1',
      msg: expect.stringContaining('A request was refused (token-malformed).'),
    })
  })

  it('shows a refused request as it is printed', async () => {
    const text = (await readFile(guide, 'utf8')).replace(/\n/g, ' ')
    const detail = {
      seen: { azp: 'https://preview.example.com' },
      expected: {
        authorizedParties: originList([
          { origin: 'https://app.example.com', pattern: null, loopbackPorts: false },
        ]),
      },
    }
    expect(text).toContain(explain('authorized-party-mismatch', detail).text)
  })

  it('logs events with pino', async () => {
    const [first = '', second = ''] = (await run('logging.ts', `import './logging.js'`)).split('\n')
    expect(JSON.parse(first)).toEqual({
      level: 30,
      event: 'auth.failure',
      reason: 'no-credentials',
      tokenHash: null,
      msg: 'clerk auth.failure',
    })
    expect(JSON.parse(second)).toMatchObject({
      reason: 'token-malformed',
      tokenHash: expect.stringMatching(/^[\w-]{43}$/),
    })
  })

  it('listens from outside', async () => {
    const heard = await run('channels.ts', `import './channels.js'`)
    expect(heard).toBe('refused: no-credentials\nrefused: token-malformed\nrefused: token-malformed\n')
  })

  it('names every event', async () => {
    const text = await readFile(guide, 'utf8')
    for (const name of CLERK_EVENT_NAMES) expect(text).toContain(`\`${name}\``)
  })
})
