import { nameOf } from '../../ground/error-name.js'
import { ConfigurationError } from '../../ground/errors.js'
import { isObject } from '../../ground/json/json-reader.js'
import type { Observer } from '../../ground/observe/observer.js'
import type { GiveUp } from '../../ground/timing/closing.js'
import { TimeoutError, withLimit } from '../../ground/timing/timeout.js'
import type { HandlerEvent, OnWebhook } from './handlers.js'

interface Handler {
  readonly name: string
  readonly matches: (type: string) => boolean
  readonly run: (event: HandlerEvent) => unknown
}

/** An event as the handlers get it, before each is given its own data and signal. */
export interface HandledEvent {
  readonly id: string
  readonly type: string
  readonly timestamp: number
  readonly body: string
}

/** How one handler failed. Holds no data of the event: the message of an error often does. */
export interface HandlerFailure {
  readonly handler: string
  readonly error: string
}

export interface HandlerRegistry {
  readonly on: OnWebhook
  /** Whether any handler would get an event of this type. */
  wants(type: string): boolean
  /**
   * Runs beside each other all that match and have not succeeded; `note` is called as each one does. Rejects, when all have
   * ended, with what `note` threw: that is no failure of the handler. When `lost` is aborted, nothing waits for the handlers
   * any more: their signals are aborted too, and it rejects with the reason.
   */
  run(
    event: HandledEvent,
    lease: {
      /** Names of those that have succeeded. */
      readonly succeeded: readonly string[]
      readonly lost: GiveUp
      note(handler: string): Promise<void>
    },
  ): Promise<readonly HandlerFailure[]>
}

export function createHandlerRegistry({
  timeoutSeconds,
  observer,
}: {
  readonly timeoutSeconds: number
  readonly observer: Pick<Observer, 'thrown'>
}): HandlerRegistry {
  const handlers = new Set<Handler>()
  let registered = 0

  /** The application wrote the handler: the log has what it threw, and the inbox and `observe` its class. */
  function tell(name: string, { id, type, body }: HandledEvent, error: unknown): void {
    observer.thrown({
      place: 'handler',
      error,
      about: `"${name}" of ${type} (${id})`,
      fields: { handler: name, id, type },
      data: [body],
    })
  }

  return {
    on(pattern, handler, { name = `${pattern}#${registered}` } = {}) {
      const taken = [...handlers].some((other) => other.name === name)
      if (taken) throw refused(`"${name}" is the name of another handler.`, 'Give each its own `name`.')
      const entry: Handler = {
        name,
        matches: matcher(pattern),
        // The table of types is what joins a pattern to its event; the compiler cannot follow it through a string.
        run: handler as (event: HandlerEvent) => unknown,
      }
      registered++
      handlers.add(entry)
      return () => void handlers.delete(entry)
    },
    wants: (type) => [...handlers].some(({ matches }) => matches(type)),
    async run(event, { succeeded, lost, note }) {
      const due = [...handlers].filter(
        ({ name, matches }) => matches(event.type) && !succeeded.includes(name),
      )
      const ended = await Promise.allSettled(
        due.map(async ({ name, run }) => {
          try {
            await withLimit(timeoutSeconds * 1000, (limit) => run(copyFor(event, limit)), lost)
          } catch (error) {
            // Another process has the event now: what its handler says here is not the event's fate.
            lost.throwIfAborted()
            tell(name, event, error)
            return { handler: name, error: error instanceof TimeoutError ? 'timed out' : nameOf(error) }
          }
          await note(name)
          return null
        }),
      )
      return ended.flatMap((result) => {
        if (result.status === 'rejected') throw result.reason
        return result.value === null ? [] : [result.value]
      })
    },
  }
}

/** Each handler parses the body anew: what one of them changes, no other sees. */
function copyFor(
  { id, type, timestamp, body }: HandledEvent,
  limit: { readonly signal: AbortSignal },
): HandlerEvent {
  const { data, event_attributes } = JSON.parse(body) as { data: unknown; event_attributes?: unknown }
  const httpRequest = httpRequestOf(event_attributes)
  return {
    ...{ id, type, timestamp, data, ...(httpRequest && { httpRequest }) },
    // Made for those who ask for it.
    get signal() {
      return limit.signal
    },
  }
}

/** What is not as Clerk documents it is no reason to refuse an event that is: then nothing is known. */
function httpRequestOf(attributes: unknown): HandlerEvent['httpRequest'] {
  const request = isObject(attributes) ? attributes['http_request'] : undefined
  if (!isObject(request)) return undefined
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null)
  const [clientIp, userAgent] = [text(request['client_ip']), text(request['user_agent'])]
  return clientIp === null && userAgent === null ? undefined : { clientIp, userAgent }
}

function matcher(pattern: string): (type: string) => boolean {
  if (pattern === '*') return () => true
  const [, prefix] = /^([\w-]+(?:\.[\w-]+)*\.)\*$/.exec(pattern) ?? []
  if (prefix !== undefined) return (type) => type.startsWith(prefix)
  if (pattern === '' || pattern.includes('*')) {
    throw refused(`"${pattern}" matches no event.`, "Use a type, 'session.*' or '*'.")
  }
  return (type) => type === pattern
}

function refused(message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ option: 'on()', message, remedy }])
}
