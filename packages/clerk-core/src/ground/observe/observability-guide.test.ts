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
import { createClerk } from '@acme/clerk-core'
export const clerk = createClerk({
  issuer: 'https://clerk.example.com',
  jwtKey: ${JSON.stringify(pem)},
  authorizedParties: ['https://app.example.com'],
  logger: false,
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

  it('counts for OpenTelemetry', async () => {
    const counted = await run(
      'otel.ts',
      `import { countEvents } from './otel.js'
       const add = (_: number, attributes: object) => console.log(JSON.stringify(attributes))
       countEvents({ createCounter: () => ({ add }), createHistogram: () => ({ record() {} }) } as never)`,
    )
    expect(counted.split('\n')[0]).toBe('{"clerk.event":"auth.failure","clerk.reason":"no-credentials"}')
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
