import { APP, createTokenBench, SECRET_KEY } from '../token-bench.js'

/** Everything a server under load has to know; sent to its process as a message. */
export interface Setup {
  readonly publishableKey: string
  readonly issuer: string
  readonly pem: string
  readonly secretKey: string
  readonly authorizedParties: readonly string[]
  readonly tokens: readonly string[]
  /** How long the clock takes, in rounds of SHA-256: shows that the floors notice a slower hit. Default 0. */
  readonly slowClock?: number
}

export async function createSetup(): Promise<Setup> {
  const { issuer, tokens } = await createTokenBench(100)
  return {
    publishableKey: issuer.publishableKey,
    issuer: issuer.issuer,
    pem: issuer.pem,
    secretKey: SECRET_KEY,
    authorizedParties: [APP],
    tokens,
  }
}

/** What authenticates requests: this library, hooks that do nothing, nothing at all, or Clerk's own SDK. */
export type Variant = 'ours' | 'no-op' | 'bare' | 'official' | 'ours-session' | 'session-alone'
export type Framework = 'express' | 'koa' | 'fastify' | 'hono'
