import { randomUUID } from 'node:crypto'
import type { Narrowing, Tell } from '../../domain/changes/tell.js'
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
import { retryAfterMs, type Schedule } from './schedule.js'
import { createSignatureVerifier } from './verify-signature.js'
import type { WebhookOutcome, WebhookOutcomeKind, WebhookRequest } from './webhook.js'

export interface Webhooks {
  readonly on: OnWebhook
  /** Loads what the first delivery would have to wait for. */
  load(): Promise<void>
  /** Never throws for what was sent. */
  receive(request: WebhookRequest): Promise<WebhookOutcome>
  /** Processes a stored event, whose signature was verified when it came. It is claimed first, like any delivery. */
  replay(event: StoredEvent): Promise<WebhookOutcome>
  /**
   * The same for a worker, which obeys the policy. @throws whatever the store throws where the event could not be claimed
   */
  work(event: StoredEvent, policy: AttemptPolicy): Promise<Processed>
  /**
   * Records the end of a session. In effect here even when it cannot be recorded for the other processes.
   * @throws {StoreUnavailableError} then: to be tried again
   */
  signOut(sessionId: string): Promise<void>
  /** Tells a change of our own: what is cached of a row that was changed is dropped here and, through the log, everywhere. */
  readonly tell: Tell
}

/** For how long an event is tried. */
export interface AttemptPolicy {
  /** An event that fails this time or later is given up. Default: never, since Svix gives up by itself. */
  readonly maxAttempts?: number
  /** An event of more attempts is given up at once: those before have killed their process. Default: none is. */
  readonly maxRuns?: number
  readonly schedule?: Schedule
}

/** What became of an event. */
export interface Processed {
  readonly kind: WebhookOutcomeKind
  readonly retryAfterSeconds?: number
  /** It will not be tried again. */
  readonly isExhausted?: boolean
}

/** How the inbox notes that an event was given up; Svix's word for it. */
const EXHAUSTED = 'attempts-exhausted'
/** The error of an event that could not be processed because a store was down: no fault of the event. */
export const OUTAGE = 'StoreUnavailableError'

/** An event, whose signature was verified when it came. */
interface Delivery {
  readonly event: InboxEvent
  readonly type: EventType & { readonly known: boolean }
  /** What the event says. @throws {WebhookDataError} when it is not what its type says */
  readonly read: () => ReadEvent
  /** It is in the inbox. */
  readonly isStored: boolean
  readonly lastError: string | null
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
  /** Of deliveries and replays: with a worker in this process, as long as the worker would. Default: no limit. */
  readonly policy?: () => AttemptPolicy
}): Webhooks {
  const { options, users, organizations, inbox, observer, append, policy = () => ({}) } = parts
  const { now, privateMetadata, webhook } = options
  const checkInstance = createInstanceCheck(observer)
  const handlers = createHandlerRegistry({ timeoutSeconds: webhook.handlerTimeoutSeconds, observer })
  const verifier = createSignatureVerifier({
    secrets: options.webhookSecrets,
    toleranceSeconds: webhook.toleranceSeconds,
    maxBodyBytes: webhook.maxBodyBytes,
    now,
  })
  const leaseMs = webhook.leaseSeconds * 1000

  /** @throws {WebhookDataError} */
  function readDelivery(
    id: string,
    body: string,
    sentAt: number,
  ): Delivery & { readonly instanceId: unknown } {
    const { type, timestamp, data, instanceId } = envelope(body, sentAt)
    const known = eventType(type)
    const read = known.read(data, { timestamp, privateMetadata })
    const event = { id, type, timestamp, subjects: read.subjects, body }
    return { event, type: known, read: () => read, isStored: false, lastError: null, instanceId }
  }

  const hasEffect = ({ effect, concerns }: EventType): boolean =>
    effect && (concerns?.({ users, organizations }) ?? true)

  /** What was stored as its time is its time: the attempt that it was dated by is not known any more. */
  const storedDelivery = (event: StoredEvent): Delivery => ({
    event,
    type: eventType(event.type),
    read: () => readDelivery(event.id, event.body, event.timestamp).read(),
    isStored: true,
    lastError: event.error,
  })

  /** @throws whatever the store throws where the event could not be claimed */
  async function process(delivery: Delivery, policy: AttemptPolicy = {}): Promise<Processed> {
    const { event, type, isStored } = delivery
    const { id } = event
    const success = type.known ? 'processed' : 'unknown-type'
    // It has no effect and no handler: its body (an e-mail that Clerk sent, say) need not be stored.
    if (!isStored && !hasEffect(type) && !handlers.wants(event.type)) return { kind: success }
    const startedAt = now()
    const claim = (await claimOf(delivery)) ?? null
    if (claim?.status === 'done') {
      observer.emit('webhook.duplicate', { id, type: event.type })
      return { kind: 'duplicate' }
    }
    if (claim?.status === 'busy') return busy(claim.retryAfterMs)
    const lease = createLease({ inbox, id, claim, leaseMs })
    try {
      const { maxRuns = Number.POSITIVE_INFINITY } = policy
      if (lease.attempts > maxRuns)
        return await fail(event, lease, policy, 'failed', delivery.lastError ?? 'no attempt ended')
      const failures = await processClaimed(delivery, lease)
      if (failures !== null) return await fail(event, lease, policy, 'failed', failures)
    } catch (error) {
      // Another process has the event now, and answers for it.
      if (error instanceof LeaseLostError) return busy()
      if (error instanceof StoreUnavailableError)
        return await fail(event, lease, policy, 'unavailable', OUTAGE)
      return await fail(event, lease, policy, 'failed', describeError(error))
    } finally {
      lease.end()
    }
    if (observer.wantsOrLogs('webhook.processed')) {
      observer.emit('webhook.processed', { id, type: event.type, durationMs: now() - startedAt })
    }
    return { kind: success }
  }

  /**
   * A database that takes no claim takes no row either: what narrows a right is in effect here all the same, and in the log
   * as soon as that can be written. It may be an old event: then a newer row ends the hold when it is read.
   */
  async function claimOf({ event, read }: Delivery) {
    try {
      return await inbox?.claim(event, leaseMs)
    } catch (error) {
      await narrow(event, read()).catch(() => undefined)
      throw error
    }
  }

  async function narrow({ id, type, subjects }: InboxEvent, { narrows }: ReadEvent): Promise<void> {
    if (narrows !== null)
      await append({ id, type, subjects, narrows: narrows.subject, version: narrows.version })
  }

  /**
   * `null`: all is done; else which handlers failed. A lease that is known to be lost ends it at the next step.
   *
   * @throws {LeaseLostError}, {WebhookDataError}, and whatever the store throws
   */
  async function processClaimed({ event, type, read }: Delivery, lease: Lease): Promise<string | null> {
    const said = read()
    if (hasEffect(type)) await applyEvent(event, said, lease)
    // What is known of an erased user is not kept for handlers that never ran; the deletion itself still has to reach them.
    if (said.erases !== undefined) await inbox?.discardEarlier(said.erases, { exceptId: event.id })
    lease.lost.throwIfAborted()
    const failures = await handlers.run(event, lease)
    if (failures.length > 0)
      return failures.map(({ handler, error }) => `handler "${handler}": ${error}`).join('; ')
    await lease.finish('done')
    return null
  }

  /** A process that reads of the loss of a right refuses it until it has read the row, whether it is ever written or not. */
  async function applyEvent(event: InboxEvent, read: ReadEvent, { lost }: Lease): Promise<void> {
    const { id, type, subjects } = event
    await narrow(event, read)
    lost.throwIfAborted()
    const outcome = await read.apply({ users, organizations })
    if (outcome === 'stale') observer.emit('webhook.stale', { id, type })
    // A session has no row. What was applied is told in any case, whoever has the event now.
    if (read.apply !== nothing) await append({ id, type, subjects, narrows: null, version: null })
  }

  /** Gives the event back, to be tried again, or up. */
  async function fail(
    { id, type }: InboxEvent,
    lease: Lease,
    { maxAttempts = Number.POSITIVE_INFINITY, schedule }: AttemptPolicy,
    kind: 'failed' | 'unavailable',
    message: string,
  ): Promise<Processed> {
    const { attempts } = lease
    observer.emit('webhook.failed', { id, type, code: kind, message })
    const failure = { error: message, retryAfterMs: retryAfterMs(attempts, schedule) }
    // While a store is down no event is given up: it is not the event that fails.
    if (kind === 'unavailable' || attempts < maxAttempts) {
      await lease.release(failure)
      return { kind }
    }
    try {
      await lease.finish('failed', EXHAUSTED)
    } catch (error) {
      if (error instanceof LeaseLostError) return busy()
      await lease.release(failure)
      return { kind: 'unavailable' }
    }
    observer.emit('webhook.exhausted', { id, type, attempts, message })
    return { kind, isExhausted: true }
  }

  /** An entry of our own. A new id each time: no process may take the second change for the first. */
  async function record(type: string, about: string, narrows?: Narrowing): Promise<void> {
    checkText(about, 'id')
    const read = eventType(type).read({ id: about }, { timestamp: now(), privateMetadata })
    const { subject = null, version = null } = narrows ?? read.narrows ?? {}
    await append({ id: `own-${randomUUID()}`, type, subjects: read.subjects, narrows: subject, version })
  }

  /** Turns what a step throws into an outcome. */
  async function withOutcome(id: string | null, step: () => Promise<Processed>): Promise<Processed> {
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
      return { kind }
    }
  }

  const rendered = ({ kind, retryAfterSeconds }: Processed) => webhookOutcome(kind, retryAfterSeconds)

  return {
    on: handlers.on,
    load: verifier.load,
    async receive(request) {
      if (options.webhookSecrets.length === 0) {
        observer.refused('not-configured')
        return webhookOutcome('not-configured')
      }
      const processed = await withOutcome(null, async () => {
        const message = await verifier.verify(request)
        if ('refused' in message) {
          const kind = refusals[message.refused]
          const event = { id: null, type: null, code: kind, message: message.refused }
          observer.emit('webhook.failed', event, message.seen)
          return { kind }
        }
        const delivery = readDelivery(message.id, message.text, message.sentAt)
        checkInstance(delivery.instanceId)
        observer.emit('webhook.received', { id: message.id, type: delivery.event.type })
        return withOutcome(message.id, () => process(delivery, policy()))
      })
      return rendered(processed)
    },
    async replay(event) {
      return rendered(await withOutcome(event.id, () => process(storedDelivery(event), policy())))
    },
    work: (event, policy) => process(storedDelivery(event), policy),
    signOut: (sessionId) => record(SIGNED_OUT, sessionId),
    tell: record,
  }
}

/** Another caller has the event, for so much longer. */
function busy(ms?: number): Processed {
  return ms === undefined
    ? { kind: 'busy' }
    : { kind: 'busy', retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)) }
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
