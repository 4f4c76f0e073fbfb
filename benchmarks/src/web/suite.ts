import { atLeast } from '../measure.js'
import type { Row, Suite, Target } from '../suite.js'
import { PUBLIC_PATH } from './clerk.js'
import { type Measured, type Runner, race, startServer, startSession } from './load.js'
import { createSetup, type Framework, type Variant } from './setup.js'

export interface WebTargets {
  /** CPU per request of the same application with middleware or hooks that do nothing, over ours. */
  readonly noOp: number
  /** Throughput over that of Clerk's own SDK, where there is one. */
  readonly official?: { readonly who: string; readonly ratio: number }
  /** `false`: the framework has no sessions of its own. */
  readonly sessions?: false
}

const OURS = 'ours'
const NO_OP = 'no-op in our place'
const ALONE = 'the session package alone'

/** CPU per request and throughput over real sockets: signed in, anonymous, and trusted by the session. */
export function webSuite(framework: Framework, targets: WebTargets): Suite {
  return {
    name: `web-${framework}`,
    async run({ pick }) {
      const effort = { generations: pick(4, 1), warmUpRounds: pick(8, 1), rounds: pick(6, 1), seconds: 1 }
      const setup = await createSetup()
      const bearer = setup.tokens.map((token) => ({ authorization: `Bearer ${token}` }))
      const { official } = targets
      const enter = async (
        who: string,
        variant: Variant,
        path = '/',
        headers: Runner['headers'] = bearer,
      ): Promise<Runner> => ({ who, server: await startServer(framework, variant, setup), path, headers })
      /** With the cookies that a browser has after its first request. */
      const withSession = async (who: string, variant: Variant, token: string | null): Promise<Runner> => {
        const runner = await enter(who, variant)
        return { ...runner, headers: [await startSession(runner.server, token)] }
      }

      const signedIn = await race(
        {
          start: () =>
            Promise.all([
              enter(OURS, 'ours'),
              enter(NO_OP, 'no-op'),
              enter('bare', 'bare'),
              ...(official ? [enter(official.who, 'official')] : []),
            ]),
        },
        effort,
      )
      const anonymous = await race(
        {
          start: () =>
            Promise.all([
              enter('anonymous', 'ours', PUBLIC_PATH, [{}]),
              enter('signed in', 'ours', PUBLIC_PATH),
              enter(NO_OP, 'no-op', PUBLIC_PATH, [{}]),
            ]),
        },
        effort,
      )
      const rowsWithout = [
        ...rows(`${framework}, signed in by a bearer token`, signedIn, {
          cpu: [atLeast(signedIn.cpu, NO_OP, targets.noOp)],
          throughput: official ? [atLeast(signedIn.throughput, official.who, official.ratio)] : [],
        }),
        ...rows(`${framework}, anonymous`, anonymous, {
          cpu: [atLeast(anonymous.cpu, 'signed in', 0.98)],
        }),
      ]
      if (targets.sessions === false) return rowsWithout
      let written = 0
      const session = await race(
        {
          async start() {
            const runners = await Promise.all([
              withSession(OURS, 'ours-session', setup.tokens[0] ?? ''),
              withSession(ALONE, 'session-alone', null),
            ])
            written -= (await runners[0].server.usage()).writes
            return runners
          },
          async finish([ours]) {
            written += (await ours?.server.usage())?.writes ?? 0
          },
        },
        effort,
      )
      return [
        ...rowsWithout,
        ...rows(`${framework}, trusted by its session`, session, {
          cpu: [
            atLeast(session.cpu, ALONE, 0.9),
            { text: `no write to the session store (${written})`, met: written === 0, alsoInSmoke: true },
          ],
        }),
      ]
    },
  }
}

function rows(
  what: string,
  { cpu, throughput, latency }: Measured,
  targets: { readonly cpu: readonly Target[]; readonly throughput?: readonly Target[] },
): Row[] {
  return [
    { what: `${what}: CPU of the server per request`, results: cpu, targets: targets.cpu },
    { what: `${what}: throughput`, results: throughput, targets: targets.throughput ?? [] },
    { what: `${what}: p99`, results: latency },
  ]
}
