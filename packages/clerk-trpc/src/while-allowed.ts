import { AccessEndedError, type Connection, DeniedError, type Requirement } from '@acme/clerk-core'
import type { AnyAuth } from '@acme/clerk-core/adapter'
import { isObservable, observableToAsyncIterable } from '@trpc/server/observable'
import { type CallScope, inScope } from './call-scope.js'
import { deniedError } from './denied-error.js'

/** What a procedure needs for as long as it goes on answering. */
export interface Hold {
  /** `null`: nothing can end it. */
  readonly connection: Connection<AnyAuth> | null
  readonly scope: CallScope | null
  readonly requirement: Requirement
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal | undefined
  /** @throws {TRPCError} where the requirement is not met now */
  check(): Promise<unknown>
}

/**
 * The result of a procedure, ended when the right to it does: async iterables and observables, promises that are still
 * open, and objects that hold such (tRPC streams these too, one level deep in every value).
 */
export function whileAllowed(value: unknown, hold: Hold): unknown {
  if (isOngoing(value)) return ongoing(value, hold)
  if (typeof value !== 'object' || value === null || !Object.values(value).some(isOngoing)) return value
  const entries = Object.entries(value).map(
    ([name, one]) => [name, isOngoing(one) ? ongoing(one, hold) : one] as const,
  )
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}

type Ongoing = AsyncIterable<unknown> | Promise<unknown> | Parameters<typeof isObservable>[0]

function isOngoing(value: unknown): value is Ongoing {
  return isAsyncIterable(value) || value instanceof Promise || isObservable(value)
}

function ongoing(value: unknown, hold: Hold): unknown {
  hold.scope?.hold()
  if (isAsyncIterable(value)) return values(value, hold)
  if (value instanceof Promise) return once(value, hold)
  const signal = hold.signal ?? new AbortController().signal
  const subscribe = () =>
    observableToAsyncIterable(value as Parameters<typeof observableToAsyncIterable>[0], signal)
  return values(hold.scope === null ? subscribe() : hold.scope.run(subscribe), hold)
}

async function* values(source: AsyncIterable<unknown>, hold: Hold): AsyncGenerator<unknown, void> {
  const { connection, requirement, scope } = hold
  const scoped = scope === null ? source : inScope(source, scope)
  try {
    const allowed = connection === null ? scoped : connection.whileAllowed(scoped, requirement)
    for await (const value of allowed) yield whileAllowed(value, hold)
  } catch (error) {
    if (error instanceof AccessEndedError) throw deniedError(error.end.denial)
    throw error instanceof DeniedError ? deniedError(error) : error
  } finally {
    scope?.end()
  }
}

async function once(promise: Promise<unknown>, hold: Hold): Promise<unknown> {
  try {
    const value = await promise
    await hold.check()
    return whileAllowed(value, hold)
  } finally {
    hold.scope?.end()
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
