import type { OfflineLogger } from './options.js'
import type { BackendError } from './server/errors.js'
import type { Attempt, Delivery } from './webhooks/delivery.js'

const quietMs = 60_000

/** What a request was refused for that the developer can put right; `docs/offline-clerk.md` has a table of it. */
const remedies: Readonly<Record<string, string>> = {
  clerk_key_invalid:
    'Give the caller the CLERK_SECRET_KEY that stands in the dashboard under Settings: there is a new one at each start, unless --data or --secret-key keeps it.',
  authorization_header_format_invalid:
    'Give the caller the CLERK_SECRET_KEY that stands in the dashboard under Settings.',
  host_invalid: 'Open the pages at localhost or 127.0.0.1, or list the host in allowedHosts.',
  origin_invalid:
    'Open the application at localhost or 127.0.0.1, or give its origin with --app-url or allowedOrigins.',
  redirect_url_invalid:
    'Send people back to localhost or 127.0.0.1, or give the origin with --app-url or allowedOrigins.',
}

export interface Log {
  webhook(delivery: Delivery, attempt: Attempt): void
  request(error: BackendError, method: string, path: string): void
}

/** Tells what a developer must not miss: once a minute for each reason, with how often since. */
export function createLog(logger: OfflineLogger | undefined, dashboard: string): Log {
  const told = new Map<string, { at: number; times: number }>()
  const warn = (
    about: string,
    fields: Readonly<Record<string, string>> & { readonly reason: string },
    message: string,
  ): void => {
    if (logger === undefined) return
    const key = `${about} ${fields.reason}`
    // The machine's clock, not the one that tests move: this is for a person who watches.
    const now = Date.now()
    const before = told.get(key)
    if (before !== undefined && now - before.at < quietMs) {
      before.times += 1
      return
    }
    told.set(key, { at: now, times: 1 })
    logger.warn({ ...fields, times: before?.times ?? 1 }, message)
  }
  return {
    webhook({ id, type }, { refusal }) {
      if (refusal === undefined) return
      const { reason, text, seen, expected, remedy, link } = refusal
      const at = `${dashboard}/webhooks/${id}`
      warn(
        'webhook',
        { reason, seen, expected, remedy, link, webhookId: id, type },
        `The webhook ${type} (${id}) was not taken (${reason}). ${text} The whole delivery, and a button that sends it again: ${at}`,
      )
    },
    request(error, method, path) {
      const remedy = remedies[error.code]
      if (remedy === undefined) return
      warn(
        'request',
        { reason: error.code, method, path, remedy },
        `${method} ${path} was refused (${error.code}). ${error.longMessage} ${remedy}`,
      )
    },
  }
}
