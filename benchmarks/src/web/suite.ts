import { atLeast } from '../measure.js'
import type { Row, Suite } from '../suite.js'
import { PUBLIC_PATH } from './clerk.js'
import { type BenchServer, type Measured, type Runner, race, startServer, startSession } from './load.js'
import { createSetup, type Framework, type Variant } from './setup.js'

export interface WebTargets {
  /** Of the same application with middleware or hooks that do nothing. */
  readonly noOp: number
  /** Of Clerk's own SDK, where there is one. */
  readonly official?: { readonly who: string; readonly ratio: number }
}

const OURS = 'ours'
const NO_OP = 'no-op in our place'
const ALONE = 'the session package alone'

/** Requests per second over real sockets, signed in, anonymous, and trusted by the session. */
export function webSuite(framework: Framework, targets: WebTargets): Suite {
  return {
    name: `web-${framework}`,
    async run({ pick }) {
      const rounds = pick(15, 1)
      const seconds = pick(2, 1)
      const setup = await createSetup()
      const servers: BenchServer[] = []
      const start = async (variant: Variant) => {
        const server = await startServer(framework, variant, setup)
        servers.push(server)
        return server
      }
      try {
        const bearer = setup.tokens.map((token) => ({ authorization: `Bearer ${token}` }))
        const { official } = targets
        const ours = await start('ours')
        const noOp = await start('no-op')
        const runner = (
          who: string,
          server: BenchServer,
          path = '/',
          headers: Runner['headers'] = bearer,
        ): Runner => ({
          who,
          server,
          path,
          headers,
        })
        const signedIn = await race(
          [
            runner(OURS, ours),
            runner(NO_OP, noOp),
            runner('bare', await start('bare')),
            ...(official ? [runner(official.who, await start('official'))] : []),
          ],
          rounds,
          seconds,
        )
        const anonymous = await race(
          [
            runner('anonymous', ours, PUBLIC_PATH, [{}]),
            runner('signed in', ours, PUBLIC_PATH),
            runner(NO_OP, noOp, PUBLIC_PATH, [{}]),
          ],
          rounds,
          seconds,
        )
        const trusting = await start('ours-session')
        const alone = await start('session-alone')
        const mine = await startSession(trusting, setup.tokens[0] ?? '')
        const { writes } = await trusting.usage()
        const session = await race(
          [runner(OURS, trusting, '/', [mine]), runner(ALONE, alone, '/', [await startSession(alone, null)])],
          rounds,
          seconds,
        )
        const written = (await trusting.usage()).writes - writes
        return [
          ...rows(`${framework}, signed in by a bearer token`, signedIn, [
            atLeast(signedIn.throughput, NO_OP, targets.noOp),
            ...(official ? [atLeast(signedIn.throughput, official.who, official.ratio)] : []),
          ]),
          ...rows(`${framework}, anonymous`, anonymous, [atLeast(anonymous.throughput, 'signed in', 0.98)]),
          ...rows(`${framework}, trusted by its session`, session, [
            atLeast(session.throughput, ALONE, 0.9),
            { text: `no write to the session store (${written})`, met: written === 0, alsoInSmoke: true },
          ]),
        ]
      } finally {
        for (const server of servers) server.stop()
      }
    },
  }
}

function rows(
  what: string,
  { throughput, latency, cpu }: Measured,
  targets: NonNullable<Row['targets']>,
): Row[] {
  return [
    { what, results: throughput, targets },
    { what: `${what}: p99`, results: latency },
    { what: `${what}: CPU of the server's process`, results: cpu },
  ]
}
