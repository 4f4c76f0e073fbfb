import { type Channel, channel } from 'node:diagnostics_channel'
import type { ClerkEvent, ClerkEventName, ClerkEvents, ClerkListener } from './events.js'
import { type EventDetail, type Log, NO_LOG } from './log.js'

/** Internal side of `observe` and of `logger`: modules of core emit through it. */
export interface Observer extends Pick<Log, 'thrown' | 'refused' | 'warn'> {
  /** False when there is no listener for this event: skip building it. */
  wants(name: ClerkEventName): boolean
  /** Whether there is a listener for any event of a signed-in request that the caches answer. */
  wantsHits(): boolean
  /** The same of an event that the log may hear: none of a request that succeeds. */
  wantsOrLogs(name: ClerkEventName): boolean
  /**
   * Delivers to the log, to every listener and to `node:diagnostics_channel`; a listener that throws harms nothing.
   *
   * @param detail for the log alone
   */
  emit<N extends ClerkEventName>(name: N, fields: ClerkEvents[N], detail?: EventDetail<N>): void
  add(listener: ClerkListener): () => void
}

/** Every event, so that each has its channel before the first one is emitted. */
const EVENT_NAMES: Record<ClerkEventName, true> = {
  'auth.success': true,
  'auth.failure': true,
  'auth.unavailable': true,
  'cache.hit': true,
  'cache.miss': true,
  'jwks.refresh': true,
  'jwks.error': true,
  'jwks.stale': true,
  'session.started': true,
  'session.refreshed': true,
  'session.ended': true,
  'session.error': true,
  'user.provisioned': true,
  'user.linked': true,
  'user.error': true,
  'store.fault': true,
  'webhook.received': true,
  'webhook.processed': true,
  'webhook.duplicate': true,
  'webhook.stale': true,
  'webhook.failed': true,
  'webhook.exhausted': true,
  'worker.error': true,
  'changes.applied': true,
  'changes.error': true,
  'api.error': true,
  'api.retry': true,
}

/** Names of all events; each is also the diagnostics channel `acme.clerk.<name>`. */
export const CLERK_EVENT_NAMES = Object.keys(EVENT_NAMES) as readonly ClerkEventName[]

const CHANNELS = Object.fromEntries(
  CLERK_EVENT_NAMES.map((name) => [name, channel(`acme.clerk.${name}`)]),
) as Record<ClerkEventName, Channel>

const { 'cache.hit': HIT, 'auth.success': SUCCESS } = CHANNELS

/** For what is done again and again and is not to be told. */
export const SILENT: Observer = Object.freeze({
  wants: () => false,
  wantsHits: () => false,
  wantsOrLogs: () => false,
  emit: () => undefined,
  add: () => () => undefined,
  thrown: NO_LOG.thrown,
  refused: NO_LOG.refused,
  warn: NO_LOG.warn,
})

/** For the same, where the application's own code is called. */
export const quiet = ({ thrown, refused, warn }: Observer): Observer =>
  Object.freeze({ ...SILENT, thrown, refused, warn })

/** @param now clock in milliseconds, the `at` of every event */
export function createObserver(now: () => number, log: Log = NO_LOG): Observer {
  const { hears, thrown, refused, warn } = log
  // An array replaced on change: emitting costs no iterator, and a listener may remove itself while being called.
  let listeners: readonly ClerkListener[] = []
  return {
    thrown,
    refused,
    warn,
    wants: (name) => listeners.length > 0 || CHANNELS[name].hasSubscribers,
    wantsHits: () => listeners.length > 0 || HIT.hasSubscribers || SUCCESS.hasSubscribers,
    wantsOrLogs: (name) => hears[name] === true || listeners.length > 0 || CHANNELS[name].hasSubscribers,
    emit(name, fields, detail) {
      log.hear(name, fields, detail)
      const published = CHANNELS[name]
      if (listeners.length === 0 && !published.hasSubscribers) return
      const event = Object.freeze({ name, at: now(), ...fields }) as unknown as ClerkEvent
      for (const listener of listeners) deliver(listener, event, thrown)
      if (published.hasSubscribers) published.publish(event)
    },
    add(listener) {
      // Wrapped, so that the same function added twice is removed once per call.
      const added: ClerkListener = (event) => listener(event)
      listeners = [...listeners, added]
      return () => {
        listeners = listeners.filter((other) => other !== added)
      }
    },
  }
}

/** Observation must never decide a request: neither a throw nor an async listener's rejection gets out. */
function deliver(listener: ClerkListener, event: ClerkEvent, thrown: Log['thrown']): void {
  const failed = (error: unknown) =>
    thrown({ place: 'observe listener', error, about: `at ${event.name}`, fields: { during: event.name } })
  try {
    const result: unknown = listener(event)
    if (result instanceof Promise) result.catch(failed)
  } catch (error) {
    failed(error)
  }
}
