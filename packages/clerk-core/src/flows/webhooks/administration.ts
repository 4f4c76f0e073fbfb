import type { EventQuery, EventStatus, Inbox, StoredEvent } from '../../domain/store/inbox.js'
import { checkText } from '../../domain/store/rules/input.js'
import { ConfigurationError } from '../../ground/errors.js'
import { type OptionRules, readOptions, rule } from '../../ground/options/read-options.js'
import { webhookOutcome } from './outcome.js'
import type { WebhookOutcome } from './webhook.js'

/** A stored event without its body, which holds what Clerk knows of a person. Times are milliseconds by the store's clock. */
export type WebhookEventInfo = Omit<StoredEvent, 'body'>

/**
 * `clerk.webhooks`: the events that the inbox holds. Every method throws {@link ConfigurationError} without an inbox, or for
 * an option that it does not know, and
 * {@link StoreUnavailableError} when it cannot be reached.
 */
export interface ClerkWebhooks {
  /** Newest first, in pages. `next` is `after` of the next call; `null` on the last page. */
  list(query?: {
    readonly status?: EventStatus
    readonly type?: string
    /** First received at or after this time; milliseconds by the store's clock. */
    readonly since?: number
    /** Default: 100. */
    readonly limit?: number
    readonly after?: string
  }): Promise<{ readonly events: readonly WebhookEventInfo[]; readonly next: string | null }>
  /**
   * One event; `null`: there is none. `reveal`: with its body, which holds what Clerk knows of a person. The body is the text
   * that Clerk sent, and empty once the event is done or discarded.
   */
  show(
    id: string,
    options?: { readonly reveal?: boolean },
  ): Promise<(WebhookEventInfo & { readonly body?: string }) | null>
  /**
   * Processes an open or failed event once more, as if Clerk had delivered it again: handlers that have succeeded are not
   * run. `duplicate`: it is done or discarded already. `busy`: another process has it. `null`: there is no such event.
   */
  replay(id: string): Promise<WebhookOutcome | null>
  /**
   * Gives an open or failed event up for good, and drops its body. `false`: it is finished already, is not there, or another
   * process has it now.
   */
  discard(id: string): Promise<boolean>
  /**
   * Removes finished events, and entries of the log, of more than so many seconds ago; never those of a revocation that
   * still counts. Open events stay. Returns how many events were removed. Default: 30 days.
   */
  prune(options?: { readonly olderThanSeconds?: number }): Promise<number>
}

const PAGE = 100
const KEPT_SECONDS = 30 * 24 * 3600
/** A process may be an hour behind with what it has read of the log: see the rule of positions. */
const MARGIN_SECONDS = 3600

const LIST: OptionRules<NonNullable<Parameters<ClerkWebhooks['list']>[0]>> = {
  status: rule.words('open', 'done', 'failed', 'discarded'),
  type: rule.text,
  // The stores look.
  since: rule.any,
  limit: rule.any,
  after: rule.any,
}
const PRUNE: OptionRules<NonNullable<Parameters<ClerkWebhooks['prune']>[0]>> = {
  olderThanSeconds: rule.number({ least: 0, most: Number.MAX_SAFE_INTEGER }),
}

export function createWebhookAdministration({
  inbox,
  replay,
  historySeconds,
  leaseSeconds,
}: {
  readonly inbox: Inbox | null
  readonly replay: (event: StoredEvent) => Promise<WebhookOutcome>
  /** For how long a revocation counts. */
  readonly historySeconds: number
  readonly leaseSeconds: number
}): ClerkWebhooks {
  function there(method: keyof ClerkWebhooks): Inbox {
    if (inbox !== null) return inbox
    throw new ConfigurationError([
      {
        option: 'inbox',
        message: `clerk.webhooks.${method}() needs an inbox.`,
        remedy: 'Spread a store into createClerk: { ...fromEnv(), ...memoryStore() }.',
      },
    ])
  }

  return {
    async list(given) {
      const { limit = PAGE, ...query } = readOptions('clerk.webhooks.list', given, LIST)
      const { events, next } = await there('list').list({ ...query, limit } satisfies EventQuery)
      return { events: events.map(({ body: _, ...event }) => event), next }
    },
    async show(id, { reveal = false } = {}) {
      const store = there('show')
      checkText(id, 'id')
      const event = await store.find(id)
      if (event === null) return null
      const { body, ...info } = event
      return reveal ? { ...info, body } : info
    },
    async replay(id) {
      checkText(id, 'id')
      const event = await there('replay').find(id)
      if (event === null) return null
      // Its body is gone.
      if (event.status === 'done' || event.status === 'discarded') return webhookOutcome('duplicate')
      return replay(event)
    },
    async discard(id) {
      const store = there('discard')
      checkText(id, 'id')
      const event = await store.find(id)
      if (event === null) return false
      // A claim first: what another process is doing is not thrown away under it.
      const claim = await store.claim(event, leaseSeconds * 1000)
      return (
        claim.status === 'claimed' && (await store.finish(id, claim.owner, 'discarded', 'discarded-by-hand'))
      )
    },
    async prune(given) {
      const { olderThanSeconds = KEPT_SECONDS } = readOptions('clerk.webhooks.prune', given, PRUNE)
      const seconds = Math.max(olderThanSeconds, historySeconds + MARGIN_SECONDS)
      return there('prune').prune(Math.ceil(seconds * 1000))
    },
  }
}
