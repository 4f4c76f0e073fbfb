import { randomUUID } from 'node:crypto'
import type { Change, Inbox, InboxEvent, PendingEvent } from '../../domain/store/inbox.js'
import { checkText } from '../../domain/store/rules/input.js'
import { StoreUnavailableError, WebhookDataError } from '../../ground/errors.js'
import { isObject, readJson } from '../../ground/json/json-reader.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import {
  type EventType,
  eventType,
  FORGOTTEN,
  type ReadEvent,
  SIGNED_OUT,
  type Targets,
} from './event-table.js'
import { createHandlerRegistry } from './handler-registry.js'
import type { OnWebhook } from './handlers.js'
import { createInstanceCheck } from './instance-check.js'
import { webhookOutcome } from './outcome.js'
import { createSignatureVerifier } from './verify-signature.js'
import type { WebhookOutcome, WebhookRequest } from './webhook.js'

export interface Webhooks {
  readonly on: OnWebhook
  /** Never throws for what was sent. */
  receive(request: WebhookRequest): Promise<WebhookOutcome>
  /** Processes an event of {@link Inbox.pending}, whose signature was verified when it came. */
  replay(event: Pick<PendingEvent, 'id' | 'body' | 'timestamp'>): Promise<WebhookOutcome>
  /**
   * Records the end of a session like an event of Clerk's. In effect here even when it cannot be recorded for the other
   * processes. @throws {StoreUnavailableError} then: to be tried again
   */
  signOut(sessionId: string): Promise<void>
  /**
   * Drops what is cached of a row that the application has changed itself, here and, through the inbox, in every process.
   * In effect here even when it cannot be recorded. @throws {StoreInputError} when `clerkId` is no id
   * {@link StoreUnavailableError} when it cannot be recorded: to be tried again
   */
  forget(kind: keyof typeof FORGOTTEN, clerkId: string): Promise<void>
}

/** An event that was verified or stored, read and found to be what its type says. */
interface Delivery {
  readonly event: InboxEvent
  readonly type: EventType & { readonly known: boolean }
  readonly read: ReadEvent
  /** As sent. */
  readonly instanceId: unknown
}

/** verify → claim → apply → applied → handlers → done. Every step may be repeated. */
export function createWebhooks(parts: {
  readonly options: Pick<ResolvedOptions, 'webhookSecrets' | 'webhook' | 'privateMetadata' | 'now'>
  readonly users: Targets['users']
  readonly organizations: Targets['organizations']
  readonly inbox: Inbox | null
  readonly observer: Observer
  /** Called after the state was applied and before the handlers, with or without an inbox. */
  readonly applied: (change: Change) => void | Promise<void>
}): Webhooks {
  const { options, users, organizations, inbox, observer, applied } = parts
  const { now, privateMetadata, webhook } = options
  const checkInstance = createInstanceCheck(observer)
  const handlers = createHandlerRegistry({ timeoutSeconds: webhook.handlerTimeoutSeconds, observer })
  const verifier = createSignatureVerifier({
    secrets: options.webhookSecrets,
    toleranceSeconds: webhook.toleranceSeconds,
    maxBodyBytes: webhook.maxBodyBytes,
    now,
  })

  /** @throws {WebhookDataError} */
  function readDelivery(id: string, body: string, sentAt: number): Delivery {
    const { type, timestamp, data, instanceId } = envelope(body, sentAt)
    const known = eventType(type)
    const read = known.read(data, { timestamp, privateMetadata })
    return { event: { id, type, timestamp, subjects: read.subjects, body }, type: known, read, instanceId }
  }

  /** @throws whatever the store throws */
  async function process(delivery: Delivery): Promise<WebhookOutcome> {
    const { event, type, read } = delivery
    const effect = type.effect && (type.concerns?.({ users, organizations }) ?? true)
    // It has no effect and no handler: its body (an e-mail that Clerk sent, say) need not be stored.
    if (!effect && !handlers.wants(event.type)) {
      return webhookOutcome(type.known ? 'processed' : 'unknown-type')
    }
    const startedAt = now()
    const claim = (await inbox?.claim(event, startedAt, startedAt + webhook.leaseSeconds * 1000)) ?? UNCLAIMED
    if (claim.status === 'done') {
      observer.emit('webhook.duplicate', { id: event.id, type: event.type })
      return webhookOutcome('duplicate')
    }
    if (claim.status === 'busy') {
      return webhookOutcome('busy', Math.max(1, Math.ceil((claim.leaseUntil - now()) / 1000)))
    }
    try {
      if (effect) await applyEvent(event, read)
      const failures = type.own ? null : await runHandlers(event, claim.succeeded)
      if (failures !== null) return fail(event, 'failed', failures)
      await inbox?.done(event.id, now())
    } catch (error) {
      return fail(
        event,
        error instanceof StoreUnavailableError ? 'unavailable' : 'failed',
        describeError(error),
      )
    }
    if (observer.wantsOrLogs('webhook.processed')) {
      const { id, type } = event
      observer.emit('webhook.processed', { id, type, durationMs: now() - startedAt })
    }
    return webhookOutcome(type.known ? 'processed' : 'unknown-type')
  }

  async function applyEvent(event: InboxEvent, read: ReadEvent): Promise<void> {
    const outcome = await read.apply({ users, organizations })
    if (outcome === 'stale') observer.emit('webhook.stale', { id: event.id, type: event.type })
    const appliedAt = now()
    await inbox?.applied(event.id, appliedAt)
    await applied({ id: event.id, type: event.type, subjects: event.subjects, appliedAt })
  }

  /** `null`: all have succeeded; else which have not. */
  async function runHandlers(event: InboxEvent, already: readonly string[]): Promise<string | null> {
    const failures = await handlers.run(event, already, async (name) => inbox?.succeeded(event.id, name))
    return failures.length === 0
      ? null
      : failures.map(({ handler, error }) => `handler "${handler}": ${error}`).join('; ')
  }

  async function fail(event: InboxEvent, kind: 'failed' | 'unavailable', message: string) {
    observer.emit('webhook.failed', { id: event.id, type: event.type, code: kind, message })
    // Where the store is down the lease runs out by itself.
    await inbox?.release(event.id, message).catch(() => undefined)
    return webhookOutcome(kind)
  }

  /** Records an event of our own, so that every process reads it in the log. */
  async function record(eventId: string, eventType: string, subject: string): Promise<void> {
    const timestamp = now()
    const body = JSON.stringify({ type: eventType, timestamp, data: { id: subject } })
    const { event } = readDelivery(eventId, body, timestamp)
    const { id, type, subjects } = event
    // Here first: while the inbox is down, this process at least must not go on trusting what is no longer true.
    await applied({ id, type, subjects, appliedAt: timestamp })
    await inbox?.claim(event, timestamp, timestamp + webhook.leaseSeconds * 1000)
    await inbox?.applied(id, timestamp)
    await inbox?.done(id, now())
  }

  /** Turns what a step throws into an outcome. */
  async function withOutcome(
    id: string | null,
    step: () => Promise<WebhookOutcome>,
  ): Promise<WebhookOutcome> {
    try {
      return await step()
    } catch (error) {
      const kind =
        error instanceof WebhookDataError
          ? 'malformed'
          : error instanceof StoreUnavailableError
            ? 'unavailable'
            : 'failed'
      const message = error instanceof WebhookDataError ? error.message : describeError(error)
      observer.emit('webhook.failed', { id, type: null, code: kind, message })
      return webhookOutcome(kind)
    }
  }

  return {
    on: handlers.on,
    receive(request) {
      if (options.webhookSecrets.length === 0) {
        observer.refused('not-configured')
        return Promise.resolve(webhookOutcome('not-configured'))
      }
      return withOutcome(null, async () => {
        const message = verifier.verify(request)
        if ('refused' in message) {
          const kind = refusals[message.refused]
          const event = { id: null, type: null, code: kind, message: message.refused }
          observer.emit('webhook.failed', event, message.seen)
          return webhookOutcome(kind)
        }
        const delivery = readDelivery(message.id, message.text, message.sentAt)
        checkInstance(delivery.instanceId)
        observer.emit('webhook.received', { id: message.id, type: delivery.event.type })
        return withOutcome(message.id, () => process(delivery))
      })
    },
    // What was stored as its time is its time: the attempt that it was dated by is not known any more.
    replay: ({ id, body, timestamp }) => withOutcome(id, () => process(readDelivery(id, body, timestamp))),
    // A new id each time: what was signed out long ago and pruned must be refused again.
    signOut: (sessionId) => record(`signout-${sessionId}-${now()}`, SIGNED_OUT, sessionId),
    async forget(kind, clerkId) {
      checkText(clerkId, 'clerkId')
      // Two processes may forget one row in the same millisecond, and a third must not take the second change for the first.
      await record(`forget-${randomUUID()}`, FORGOTTEN[kind], clerkId)
    },
  }
}

/** Without an inbox nothing is remembered: every delivery is the first. */
const UNCLAIMED = { status: 'claimed', succeeded: [] } as const

const refusals = {
  'too-large': 'too-large',
  'not-utf8': 'malformed',
  headers: 'refused',
  timestamp: 'refused',
  signature: 'refused',
} as const

interface Envelope {
  readonly type: string
  readonly timestamp: number
  readonly data: unknown
  /** As sent. */
  readonly instanceId: unknown
}

/**
 * An event without a `timestamp` is dated by its data, and a deletion, whose data is older than itself, by the attempt.
 *
 * @throws {WebhookDataError}
 */
function envelope(body: string, sentAt: number): Envelope {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw new WebhookDataError('The body is not JSON.')
  }
  const event = readJson(json, 'event')
  const type = event.id('type')
  const data = event.value('data')
  return {
    type,
    timestamp: event.optionalTime('timestamp') ?? timeOf(type, data) ?? sentAt,
    data,
    instanceId: event.value('instance_id'),
  }
}

function timeOf(type: string, data: unknown): number | null {
  return type.endsWith('.deleted') || !isObject(data)
    ? null
    : readJson(data, 'data').optionalTime('updated_at')
}
