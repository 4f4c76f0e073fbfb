import type { Clock } from '../clock.js'
import { newId } from '../resources/ids.js'
import {
  type Attempt,
  type Breakage,
  type Chaos,
  type Delivery,
  type Forged,
  retryDelaysMs,
  type WebhookEvent,
} from './delivery.js'
import { refusalOf } from './refusal.js'
import { newWebhookSecret, signWebhook } from './sign.js'

const giveUpAfterMs = 5 * 86_400_000
const reorderWindowMs = 250
const answerTimeoutMs = 15_000
const maxAnswerLength = 4_096
/** Twice what Svix's libraries allow. */
const lateMs = 600_000

interface Due {
  readonly at: number
  readonly delivery: Delivery
  /** Index of the attempt in the schedule; a replay or a duplicate does not schedule retries of its own. */
  readonly attempt: number | null
  /** Sent so many times at once. Default 1. */
  readonly copies?: number
  readonly broken?: Forged
}

export interface DispatcherOptions {
  readonly clock: Clock
  readonly secrets: () => readonly string[]
  readonly instanceId: string
  readonly url?: string | undefined
  /** Oldest deliveries beyond this number are forgotten. */
  readonly keep?: number | undefined
  /** Hears of each attempt. */
  readonly attempted?: ((delivery: Delivery, attempt: Attempt) => void) | undefined
}

/** Sends signed events to one endpoint, with Svix's retries, on a clock that can be moved. */
export class Dispatcher {
  readonly deliveries: Delivery[] = []
  #queue: Due[] = []
  #held: Due[] = []
  #chaos: Chaos = {}
  #url: string | undefined
  #failingSince: number | null = null
  #disabled = false
  #running: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  readonly #options: DispatcherOptions
  readonly #abort = new AbortController()

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#url = options.url
  }

  get url(): string | undefined {
    return this.#url
  }

  get chaos(): Chaos {
    return this.#chaos
  }

  /** Svix stops sending to an endpoint that has failed for five days. */
  get disabled(): boolean {
    return this.#disabled
  }

  /** Where events go from now on; also enables a disabled endpoint. */
  sendTo(url: string | undefined): void {
    this.#url = url
    this.#disabled = false
    this.#failingSince = null
  }

  disturb(chaos: Chaos): void {
    this.#chaos = { ...chaos }
    if (!chaos.reorder) this.#release()
  }

  emit(type: string, data: object): Delivery {
    const event: WebhookEvent = {
      data,
      object: 'event',
      type,
      timestamp: this.#options.clock.now(),
      instance_id: this.#options.instanceId,
      event_attributes: { http_request: { client_ip: '127.0.0.1', user_agent: 'clerk-offline' } },
    }
    return this.send(event)
  }

  /** Sends an event that the caller has made. */
  send(event: WebhookEvent): Delivery {
    // The text is the copy: objects of the event go on changing.
    const body = JSON.stringify(event)
    let parsed: WebhookEvent | undefined
    const delivery: Delivery = {
      id: newId('msg'),
      type: event.type,
      get event() {
        parsed ??= JSON.parse(body) as WebhookEvent
        return parsed
      },
      body,
      status: 'pending',
      attempts: [],
      nextAttemptAt: null,
    }
    this.deliveries.push(delivery)
    if (this.deliveries.length > (this.#options.keep ?? 10_000)) this.deliveries.shift()
    if (this.#url === undefined || this.#disabled) delivery.status = 'not-sent'
    else if (this.#dropNext()) delivery.status = 'dropped'
    else this.#enqueue(delivery)
    return delivery
  }

  /** Sends a delivery again, also one that succeeded. Returns what is sent: `out-of-order` makes new deliveries. */
  replay(id: string, as?: Breakage): Delivery {
    const delivery = this.deliveries.find((one) => one.id === id)
    if (!delivery) throw new Error(`There is no delivery ${id}.`)
    if (this.#url === undefined)
      throw new Error('There is no webhook URL to replay to: set one with webhooks.sendTo(url).')
    if (as === 'out-of-order') return this.#swap(delivery)
    const due = { at: this.#options.clock.now(), delivery, attempt: null }
    if (as === undefined) this.#schedule(due)
    else this.#schedule({ ...due, ...(as === 'twice' ? { copies: 2 } : { broken: as }) })
    return delivery
  }

  /** New messages: the endpoint knows the ids of those it has had, and would do nothing. Returns the older one. */
  #swap(delivery: Delivery): Delivery {
    const other = this.#neighbour(delivery)
    if (other === undefined)
      throw new Error(`There is no other event about the object of ${delivery.id}: nothing can overtake it.`)
    const isOlder = this.deliveries.indexOf(delivery) < this.deliveries.indexOf(other)
    const [older, newer] = isOlder ? [delivery, other] : [other, delivery]
    this.send(newer.event)
    return this.send(older.event)
  }

  /** The next event about the same object, or else the one before. */
  #neighbour({ id, event }: Delivery): Delivery | undefined {
    const about = objectOf(event)
    if (about === undefined) return undefined
    const at = this.deliveries.findIndex((one) => one.id === id)
    // The text is looked at first: parsing ten thousand events takes a while.
    const isAbout = (one: Delivery) => one.body.includes(about) && objectOf(one.event) === about
    return this.deliveries.slice(at + 1).find(isAbout) ?? this.deliveries.slice(0, at).findLast(isAbout)
  }

  /** Resolves when nothing is due or under way any more. Retries that are due later do not count. */
  async settled(): Promise<void> {
    this.#release()
    while (this.#running !== null || this.#nextDue() !== undefined) await this.#run()
  }

  /** Attempts everything that still waits, retries included, without waiting for its time. */
  async flush(): Promise<void> {
    await this.settled()
    const { clock } = this.#options
    this.#queue = this.#queue.map((due) => ({ ...due, at: Math.min(due.at, clock.now()) }))
    await this.settled()
  }

  /** Moves the clock and, on the way, makes each attempt at the time it is due. */
  async advance(ms: number): Promise<void> {
    const { clock } = this.#options
    await this.settled()
    const end = clock.now() + ms
    for (;;) {
      const next = this.#queue.reduce((soonest, due) => Math.min(soonest, due.at), Number.POSITIVE_INFINITY)
      if (next > end) break
      if (next > clock.now()) clock.shift(next - clock.now())
      await this.settled()
    }
    if (end > clock.now()) clock.shift(end - clock.now())
  }

  /** Forgets everything, and what is under way. */
  clear(): void {
    this.deliveries.length = 0
    this.#queue = []
    this.#held = []
    this.#failingSince = null
    this.#disabled = false
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#queue = []
    this.#held = []
    this.#abort.abort()
    await this.#running
  }

  #dropNext(): boolean {
    const { drop } = this.#chaos
    if (typeof drop !== 'number') return drop === true
    if (drop <= 0) return false
    this.#chaos = { ...this.#chaos, drop: drop - 1 }
    return true
  }

  #enqueue(delivery: Delivery): void {
    const at = this.#options.clock.now() + (this.#chaos.delayMs ?? 0)
    delivery.nextAttemptAt = at
    const copies = Number(this.#chaos.duplicate ?? 0)
    const dues = Array.from({ length: 1 + copies }, (_, copy) => ({
      at,
      delivery,
      attempt: copy === 0 ? 0 : null,
    }))
    if (!this.#chaos.reorder) for (const due of dues) this.#schedule(due)
    else {
      this.#held.push(...dues)
      if (this.#options.clock.running) setTimeout(() => this.#release(), reorderWindowMs).unref()
    }
  }

  #release(): void {
    const held = this.#held.reverse()
    this.#held = []
    // Due at the same time: otherwise what happened a millisecond earlier would go out first all the same.
    const at = held.reduce((latest, due) => Math.max(latest, due.at), Number.NEGATIVE_INFINITY)
    for (const due of held) this.#schedule({ ...due, at })
  }

  #schedule(due: Due): void {
    if (this.#stopped) return
    this.#queue.push(due)
    this.#wake()
  }

  // Time that passes by itself needs a timer; time that is moved by hand has `advance()`.
  #wake(): void {
    if (this.#stopped || this.#running !== null || this.#queue.length === 0) return
    if (this.#nextDue() !== undefined) {
      void this.#run()
      return
    }
    if (!this.#options.clock.running) return
    const soonest = this.#queue.reduce((least, due) => Math.min(least, due.at), Number.POSITIVE_INFINITY)
    clearTimeout(this.#timer)
    // Node's timers overflow after 24.8 days and then fire at once.
    const wait = Math.min(Math.max(0, soonest - this.#options.clock.now()), 86_400_000)
    this.#timer = setTimeout(() => this.#wake(), wait)
    this.#timer.unref()
  }

  #nextDue(): Due | undefined {
    const now = this.#options.clock.now()
    return this.#queue
      .filter((due) => due.at <= now)
      .reduce<Due | undefined>((first, due) => (first && first.at <= due.at ? first : due), undefined)
  }

  #run(): Promise<void> {
    this.#running ??= this.#drain().finally(() => {
      this.#running = null
      this.#wake()
    })
    return this.#running
  }

  async #drain(): Promise<void> {
    // Let the change that caused the event finish first.
    await new Promise((resolve) => setImmediate(resolve))
    for (let due = this.#nextDue(); due !== undefined; due = this.#nextDue()) {
      const batch = this.#chaos.concurrent
        ? this.#queue.filter(({ at }) => at <= this.#options.clock.now())
        : [due]
      this.#queue = this.#queue.filter((one) => !batch.includes(one))
      await Promise.all(
        batch.flatMap((one) => Array.from({ length: one.copies ?? 1 }, () => this.#attempt(one))),
      )
    }
  }

  async #attempt({ delivery, attempt, broken }: Due): Promise<void> {
    const { clock, secrets } = this.#options
    const url = this.#url
    if (url === undefined) {
      delivery.status = 'not-sent'
      return
    }
    const at = clock.now()
    const request = signWebhook(
      delivery.body,
      broken === 'wrong-signature' ? newWebhookSecret() : secrets(),
      { id: delivery.id, now: broken === 'late' ? at - lateMs : at },
    )
    const outcome = await this.#post(url, request)
    if (broken !== undefined) {
      delivery.attempts.push({ at, request, ...outcome, broken })
      return
    }
    const refusal = refusalOf(url, outcome)
    const made: Attempt = { at, request, ...outcome, ...(refusal && { refusal }) }
    delivery.attempts.push(made)
    // Stopping cuts off what is under way, which is no fault of the endpoint.
    if (!this.#stopped) this.#options.attempted?.(delivery, made)
    const accepted = refusal === null
    this.#recordOutcome(accepted)
    if (accepted) {
      delivery.status = 'succeeded'
      delivery.nextAttemptAt = null
      this.#queue = this.#queue.filter((due) => due.delivery !== delivery || due.attempt === null)
      return
    }
    if (attempt === null || delivery.status === 'succeeded') {
      if (delivery.status === 'dropped' || delivery.status === 'not-sent') delivery.status = 'failed'
      return
    }
    const wait = retryDelaysMs[attempt]
    if (wait === undefined || this.#disabled) {
      delivery.status = 'failed'
      delivery.nextAttemptAt = null
      return
    }
    // Cleared while the attempt was under way: there is nothing to try again.
    if (!this.deliveries.includes(delivery)) return
    delivery.nextAttemptAt = at + wait
    this.#schedule({ at: at + wait, delivery, attempt: attempt + 1 })
  }

  #recordOutcome(accepted: boolean): void {
    const now = this.#options.clock.now()
    if (accepted) this.#failingSince = null
    else this.#failingSince ??= now
    if (this.#failingSince !== null && now - this.#failingSince >= giveUpAfterMs) this.#disabled = true
  }

  async #post(
    url: string,
    { headers, body }: { headers: Readonly<Record<string, string>>; body: string },
  ): Promise<Pick<Attempt, 'response' | 'error'>> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'user-agent': 'Svix-Webhooks/offline' },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(answerTimeoutMs), this.#abort.signal]),
      })
      return { response: { status: answer.status, body: (await answer.text()).slice(0, maxAnswerLength) } }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      return { error: cause instanceof Error ? cause.message : String(cause) }
    }
  }
}

/** Id of the object that an event is about. */
function objectOf({ data }: WebhookEvent): string | undefined {
  const { id } = data as { id?: unknown }
  return typeof id === 'string' && id !== '' ? id : undefined
}
