import { createClerk, fromEnv, memoryStore } from '@acme/clerk-core'
import { clerkFetch } from '@acme/clerk-fetch'

function create() {
  const clerk = createClerk(fromEnv(), {
    ...memoryStore(),
    // `next start` is production. Only for a test of what was built, as the one of this folder.
    allowOfflineClerk: process.env['ALLOW_OFFLINE_CLERK'] === '1',
  })
  // Next writes `localhost` into the URL of a request. The host that was asked for, the protocol and the address of the client
  // are in `X-Forwarded-…`: from the proxy in front, or from Next where none has written them.
  return clerkFetch(clerk, { prefix: '/clerk', trustProxy: true })
}

// One for the process. Next loads a module once for each of its bundles, the proxy's among them, and again after every change
// while you develop: users in memory would be those of one bundle.
const shared = globalThis as { clerkOfThisProcess?: ReturnType<typeof create> }
const clerk = () => (shared.clerkOfThisProcess ??= create())

type Handler<A extends readonly unknown[]> = (...args: A) => Response | Promise<Response>

/** Makes a handler when its first request comes: `next build` loads every route, in a place that has no keys. */
export function handle<A extends readonly unknown[]>(
  make: (adapter: ReturnType<typeof create>) => Handler<A>,
): Handler<A> {
  let handler: Handler<A> | undefined
  return (...args) => {
    handler ??= make(clerk())
    return handler(...args)
  }
}
