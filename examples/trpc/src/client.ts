import { createTRPCClient, createWSClient, httpBatchLink, splitLink, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { AppRouter } from './router.js'

/**
 * A typed client for programs: requests over HTTP, subscriptions over one WebSocket.
 *
 * @param url `http://127.0.0.1:4000/trpc`
 * @param getToken called for every request and connection, because a token lives for a minute
 */
export function connect(url: string, getToken: () => Promise<string>) {
  const socket = createWSClient({
    url: url.replace(/^http/, 'ws'),
    // Node 20 has no WebSocket of its own.
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    lazy: { enabled: true, closeMs: 0 },
    connectionParams: async () => ({ authorization: `Bearer ${await getToken()}` }),
  })
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: wsLink({ client: socket }),
        false: httpBatchLink({ url, headers: async () => ({ authorization: `Bearer ${await getToken()}` }) }),
      }),
    ],
  })
  return { client, close: () => socket.close() }
}
