import { createClerk } from '@acme/clerk-core'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import { expect, onTestFinished, test } from 'vitest'
import { request } from './http.js'

/** An application with the routes at `/`, told to believe one proxy or none; its origin, and how it is ended. */
export type ProxiedApp = (
  clerk: AnyClerk,
  trusted: 0 | 1,
) => Promise<{ readonly origin: string; close(): Promise<unknown> }>

/**
 * Where a person comes back to after signing in, by what proxies say. `docs/production.md` has a table of it.
 *
 * @param ofList what the framework takes of `https, http` and `outer.example.com, inner.example.com`; `null`: no origin
 */
export function runProxySuite(start: ProxiedApp, ofList: string | null): void {
  const backTo = async (trusted: 0 | 1, headers: Record<string, string>): Promise<string | null> => {
    const key = Buffer.from('clerk.example.com$').toString('base64')
    const clerk = createClerk({ publishableKey: `pk_test_${key}`, authorizedParties: 'any' })
    const { origin, close } = await start(clerk, trusted)
    onTestFinished(async () => {
      await close()
      await clerk.close()
    })
    const { status, headers: answer } = await request(`${origin}/sign-in`, { headers })
    expect(status).toBe(303)
    const back = new URL(answer.location ?? '').searchParams.get('redirect_url')
    return back === null ? null : new URL(back).origin.replace(origin, 'itself')
  }
  const one = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' }
  const list = {
    'x-forwarded-proto': 'https, http',
    'x-forwarded-host': 'outer.example.com, inner.example.com',
  }

  test('what one proxy says is believed', async () => {
    expect(await backTo(1, one)).toBe('https://app.example.com')
  })

  test('where no proxy is trusted, what a client says of itself is not', async () => {
    expect(await backTo(0, one)).toBe('itself')
    expect(await backTo(0, list)).toBe('itself')
  })

  test('of a list the framework takes its own end', async () => {
    expect(await backTo(1, list)).toBe(ofList)
  })
}
