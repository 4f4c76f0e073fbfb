import type { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import type { AnyAuth } from './any-clerk.js'
import type { DeniedError } from './denied-error.js'
import { ClerkNotNamedError } from './request-state.js'

/** `currentAuth(clerk)` is called where no request, or no call over a connection, of that clerk is being answered. */
export class CurrentAuthError extends Error {
  override readonly name = 'CurrentAuthError'
  readonly code: 'no-current-auth' | 'current-auth-ended'

  constructor(code: CurrentAuthError['code']) {
    super(
      code === 'no-current-auth'
        ? 'No request of this clerk is being answered here. Give its middleware `context: true` and call currentAuth(clerk) in what runs behind it; for messages over a connection use withConnection(clerk, connection, …).'
        : 'The response has ended, and with it the right that the request had. Read currentAuth(clerk) before that, and hand what the work needs to it.',
    )
    this.code = code
  }
}

/** What is answered at the moment, as one clerk has authenticated it. */
export interface Scope {
  readonly clerk: object
  readonly auth: () => AnyAuth
  readonly isOver: () => boolean
  readonly onDenied: ((error: DeniedError) => void) | undefined
  /** Of another clerk. */
  readonly outer: Scope | null
}

/** Node's request and response behind a request of a framework. */
export interface Exchange {
  readonly req: EventEmitter
  readonly res: EventEmitter & {
    readonly writableEnded: boolean
    readonly destroyed?: boolean | undefined
  }
}

/** Made with the first scope: an application that asks for none never loads it. */
let storage: AsyncLocalStorage<Scope> | undefined

/** To be entered with {@link runInScope}, as often as there is a way into it. */
export function openScope(parts: Omit<Scope, 'outer'>): Scope {
  return { ...parts, outer: without(storage?.getStore() ?? null, parts.clerk) }
}

function without(scope: Scope | null, clerk: object): Scope | null {
  if (scope === null) return null
  const outer = without(scope.outer, clerk)
  if (scope.clerk === clerk) return outer
  return outer === scope.outer ? scope : { ...scope, outer }
}

export function runInScope<T>(scope: Scope, call: () => T): T {
  storage ??= new (process.getBuiltinModule('node:async_hooks').AsyncLocalStorage)<Scope>()
  return storage.getStore() === scope ? call() : storage.run(scope, call)
}

const SCOPE = Symbol('acme.clerk.scope')

/**
 * The events of a request and its response come from its socket, which many requests share: the listeners of a body parser
 * would be called outside the scope of the request, and so would everything that goes on from there.
 */
export function carry(emitter: EventEmitter, scope: Scope): void {
  const carrier = emitter as EventEmitter & { [SCOPE]?: Scope }
  const isCarried = carrier[SCOPE] !== undefined
  Object.defineProperty(carrier, SCOPE, { value: scope, writable: true, configurable: true })
  if (isCarried) return
  const { emit } = emitter
  Object.defineProperty(carrier, 'emit', {
    value: (...event: Parameters<typeof emit>) =>
      runInScope(carrier[SCOPE] as Scope, () => emit.apply(emitter, event)),
    writable: true,
    configurable: true,
  })
}

/**
 * @param clerk default: the only one there is
 * @throws {CurrentAuthError}
 * @throws {ClerkNotNamedError}
 */
export function currentScope(clerk?: object): Scope {
  let scope = storage?.getStore() ?? null
  if (clerk === undefined && scope !== null && scope.outer !== null) throw new ClerkNotNamedError()
  while (clerk !== undefined && scope !== null && scope.clerk !== clerk) scope = scope.outer
  if (scope === null) throw new CurrentAuthError('no-current-auth')
  if (scope.isOver()) throw new CurrentAuthError('current-auth-ended')
  return scope
}
