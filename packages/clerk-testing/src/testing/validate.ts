import { subscribe } from 'node:diagnostics_channel'
import { afterAll, afterEach } from 'vitest'
import type { Exchange } from '../server/channels.js'
import type { WebhookEvent } from '../webhooks/delivery.js'
import type { Refusal } from './schema-checks.js'

// A setup file of vitest, for every package: what an offline Clerk of this process answers or sends is held against
// Clerk's schemas, and what does not fit fails the test in which it happened. By name of the channel, so that a built
// package is heard as well as its source.

type Seen = { exchange: Exchange } | { refusal: Refusal } | { event: WebhookEvent }
let seen: Seen[] = []
subscribe('@acme/clerk-testing:exchange', (message) => void seen.push({ exchange: message as Exchange }))
subscribe('@acme/clerk-testing:refusal', (message) => void seen.push({ refusal: message as Refusal }))
subscribe('@acme/clerk-testing:event', (message) => void seen.push({ event: message as WebhookEvent }))

async function fail(): Promise<void> {
  const messages = seen
  seen = []
  if (messages.length === 0) return
  const { checkEvent, checkExchange, checkRefusal } = await import('./schema-checks.js')
  const found = messages.flatMap((message) => {
    if ('exchange' in message) return checkExchange(message.exchange)
    return 'refusal' in message ? checkRefusal(message.refusal) : checkEvent(message.event)
  })
  if (found.length > 0) throw new Error(`Not as Clerk's schemas have it:\n${[...new Set(found)].join('\n')}`)
}
afterEach(fail)
afterAll(fail)
