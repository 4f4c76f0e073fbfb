import { strictEqual as equal } from 'node:assert'
import { createClerk } from '@acme/clerk-core'
import type { AnyClerk } from '@acme/clerk-core/adapter'
import type { NodeTestApi, VitestApi } from '../test-api.js'
import { request } from './http.js'
import { describeTests, onTestFinished } from './runner.js'

/** An application with the routes of an adapter at `/`, behind proxies. */
export interface ProxyBinding {
  readonly name: string
  /** What the framework takes of `https, http` and `outer.example.com, inner.example.com`; `null`: no origin. */
  readonly ofList: string | null
  /** @param trusted how many proxies the application believes */
  start(clerk: AnyClerk, trusted: 0 | 1): Promise<{ readonly origin: string; close(): Promise<unknown> }>
}

/** Where a person comes back to after signing in, by what proxies say. */
export function describeProxies(api: VitestApi | NodeTestApi, { name, ofList, start }: ProxyBinding): void {
  const backTo = async (trusted: 0 | 1, headers: Record<string, string>): Promise<string | null> => {
    const key = Buffer.from('clerk.example.com$').toString('base64')
    const clerk = createClerk({ publishableKey: `pk_test_${key}`, authorizedParties: 'any' })
    const { origin, close } = await start(clerk, trusted)
    onTestFinished(async () => {
      await close()
      await clerk.close()
    })
    const { status, headers: answer } = await request(`${origin}/sign-in`, { headers })
    equal(status, 303)
    const back = new URL(answer.location ?? '').searchParams.get('redirect_url')
    return back === null ? null : new URL(back).origin.replace(origin, 'itself')
  }
  const one = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example.com' }
  const list = {
    'x-forwarded-proto': 'https, http',
    'x-forwarded-host': 'outer.example.com, inner.example.com',
  }

  describeTests(api, `${name}: behind proxies`, ({ test }) => {
    test('what one proxy says is believed', async () => {
      equal(await backTo(1, one), 'https://app.example.com')
    })

    test('where no proxy is trusted, what a client says of itself is not', async () => {
      equal(await backTo(0, one), 'itself')
      equal(await backTo(0, list), 'itself')
    })

    test('of a list the framework takes its own end', async () => {
      equal(await backTo(1, list), ofList)
    })
  })
}
