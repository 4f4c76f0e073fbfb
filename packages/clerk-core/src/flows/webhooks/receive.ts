import { randomUUID } from 'node:crypto'
import type { Tell } from '../../domain/changes/tell.js'
import type { Inbox, InboxEvent, NewChange, StoredEvent } from '../../domain/store/inbox.js'
import { checkText } from '../../domain/store/rules/input.js'
import { StoreUnavailableError, WebhookDataError } from '../../ground/errors.js'
import { isObject, readJson } from '../../ground/json/json-reader.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import {
  type EventType,
  eventType,
  nothing,
  type ReadEvent,
  SIGNED_OUT,
  type Targets,
} from './event-table.js'
import { createHandlerRegistry } from './handler-registry.js'
import type { OnWebhook } from './handlers.js'
import { createInstanceCheck } from './instance-check.js'
import { createLease, type Lease, LeaseLostError } from './lease.js'
import { webhookOutcome } from './outcome.js'
import { createSignatureVerifier } from './verify-signature.js'
import type { WebhookOutcome, WebhookRequest } from './webhook.js'

export interface Webhooks {
  readonly on: OnWebhook
  /** Loads what the first delivery would have to wait for. */
  load(): Promise<void>
  /** Never throws for what was sent. */
  receive(request: WebhookRequest): Promise<WebhookOutcome>
  /** Processes a stored event, whose signature was verified when it came. It is claimed first, like any delivery. */
  replay(event: Pick<StoredEvent, 'id' | 'body' | 'timestamp'>): Promise<WebhookOutcome>
  /**
   * Records the end of a session. In effect here even when it cannot be recorded for the other processes.
   * @throws {StoreUnavailableError} then: to be tried again
   */
  signOut(sessionId: string): Promise<void>
  /** Tells a change of our own: what is cached of a row that was changed is dropped here and, through the log, everywhere. */
  readonly tell: Tell
}

/** An event that was verified or stored, read and found to be what its type says. */
interface Delivery {
  readonly event: InboxEvent
  readonly type: EventType & { readonly known: boolean }
  readonly read: ReadEvent
  /** As sent. */
  readonly instanceId: unknown
}

/** verify → claim → log (what narrows a right) → apply → log → handlers → done. Every step may be repeated. */
export function createWebhooks(parts: {
  readonly options: Pick<ResolvedOptions, 'webhookSecrets' | 'webhook' | 'privateMetadata' | 'now'>
  readonly users: Targets['users']
  readonly organizations: Targets['organizations']
  readonly inbox: Inbox | null
  readonly observer: Observer
  /** In effect here at once, and in the log of every process when it resolves. Called with or without an inbox. */
  readonly append: (change: NewChange) => Promise<void>
}): Webhooks {
  const { options, users, organizations, inbox, observer, append } = parts
  const { now, privateMetadata, webhook } = options
  const checkInstance = createInstanceCheck()
  const handlers = createHandlerRegistry({ timeoutSeconds: webhook.handlerTimeoutSeconds })
  const verifier = createSignatureVerifier({
    secrets: options.webhookSecrets,
    toleranceSeconds: webhook.toleranceSeconds,
    maxBodyBytes: webhook.maxBodyBytes,
    now,
  })
  const leaseMs = webhook.leaseSeconds * 1000

  /** @throws {WebhookDataError} */
  function readDelivery(id: string, body: string, sentAt: number): Delivery {
    const { type, timestamp, data, instanceId } = envelope(body, sentAt)
    const known = eventType(type)
    const read = known.read(data, { timestamp, privateMetadata })
    return { event: { id, type, timestamp, subjects: read.subjects, body }, type: known, read, instanceId }
  }

  const hasEffect = ({ effect, concerns }: EventType): boolean =>
    effect && (concerns?.({ users, organizations }) ?? true)

  /** @throws whatever the store throws */
  async function process(delivery: Delivery): Promise<WebhookOutcome> {
    const { event, type } = delivery
    const effect = hasEffect(type)
    // It has no effect and no handler: its body (an e-mail that Clerk sent, say) need not be stored.
    if (!effect && !handlers.wants(event.type)) {
      return webhookOutcome(type.known ? 'processed' : 'unknown-type')
    }
    const startedAt = now()
    const claim = await inbox?.claim(event, leaseMs)
    if (claim?.status === 'done') {
      observer.emit('webhook.duplicate', { id: event.id, type: event.type })
      return webhookOutcome('duplicate')
    }
    if (claim?.status === 'busy') return webhookOutcome('busy', Math.ceil(claim.retryAfterMs / 1000))
    const lease = createLease({ inbox, id: event.id, claim: claim ?? null, leaseMs })
    try {
      const failures = await processClaimed(delivery, lease)
      if (failures !== null) return await fail(event, lease, 'failed', failures)
    } catch (error) {
      // Another process has the event now, and answers for it.
      if (error instanceof LeaseLostError) return webhookOutcome('busy')
      const kind = error instanceof StoreUnavailableError ? 'unavailable' : 'failed'
      return await fail(event, lease, kind, describeError(error))
    }
    if (observer.wants('webhook.processed')) {
      const { id, type } = event
      observer.emit('webhook.processed', { id, type, durationMs: now() - startedAt })
    }
    return webhookOutcome(type.known ? 'processed' : 'unknown-type')
  }

  /** `null`: all is done; else which handlers failed. @throws {LeaseLostError}, and whatever the store throws */
  async function processClaimed({ event, type, read }: Delivery, lease: Lease): Promise<string | null> {
    if (hasEffect(type)) await applyEvent(event, read)
    // What is known of an erased user is not kept for handlers that never ran; the deletion itself still has to reach them.
    if (read.erases !== undefined) await inbox?.discardEarlier(read.erases, { exceptId: event.id })
    if (handlers.wants(event.type)) await lease.ensure(webhook.handlerTimeoutSeconds * 1000)
    const failures = await handlers.run(event, lease.succeeded, lease.note)
    if (failures.length > 0)
      return failures.map(({ handler, error }) => `handler "${handler}": ${error}`).join('; ')
    await lease.finish()
    return null
  }

  /** A process that reads of the loss of a right refuses it until it has read the row, whether it is ever written or not. */
  async function applyEvent({ id, type, subjects }: InboxEvent, read: ReadEvent): Promise<void> {
    const { narrows } = read
    const change = { id, type, subjects }
    if (narrows !== null) await append({ ...change, narrows: narrows.subject, version: narrows.version })
    const outcome = await read.apply({ users, organizations })
    if (outcome === 'stale') observer.emit('webhook.stale', { id, type })
    // A session has no row.
    if (read.apply !== nothing) await append({ ...change, narrows: null, version: null })
  }

  async function fail(event: InboxEvent, lease: Lease, kind: 'failed' | 'unavailable', message: string) {
    observer.emit('webhook.failed', { id: event.id, type: event.type, code: kind, message })
    await lease.release(message)
    return webhookOutcome(kind)
  }

  /** An entry of our own. A new id each time: nobody must take the second change for the first. */
  async function record(type: string, subject: string, heldVersion?: number): Promise<void> {
    checkText(subject, 'id')
    const { subjects, narrows } = eventType(type).read({ id: subject }, { timestamp: now(), privateMetadata })
    const held = heldVersion === undefined ? narrows : { subject, version: heldVersion }
    const { subject: narrowed = null, version = null } = held ?? {}
    await append({ id: `own-${randomUUID()}`, type, subjects, narrows: narrowed, version })
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
    load: verifier.load,
    receive(request) {
      if (options.webhookSecrets.length === 0) return Promise.resolve(webhookOutcome('not-configured'))
      return withOutcome(null, async () => {
        const message = await verifier.verify(request)
        if ('refused' in message) {
          const kind = refusals[message.refused]
          observer.emit('webhook.failed', { id: null, type: null, code: kind, message: message.refused })
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
    signOut: (sessionId) => record(SIGNED_OUT, sessionId),
    tell: record,
  }
}

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
