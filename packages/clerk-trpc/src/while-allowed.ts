import { AccessEndedError, type Connection, type Requirement } from '@acme/clerk-core'
import type { AnyAuth } from '@acme/clerk-core/adapter'
import { isObservable, observableToAsyncIterable } from '@trpc/server/observable'
import { deniedError } from './denied-error.js'

/** What a procedure needs for as long as it goes on answering. */
export interface Hold {
  readonly connection: Connection<AnyAuth>
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
  if (isAsyncIterable(value)) return values(value, hold)
  if (value instanceof Promise) return once(value, hold)
  const signal = hold.signal ?? new AbortController().signal
  return values(
    observableToAsyncIterable(value as Parameters<typeof observableToAsyncIterable>[0], signal),
    hold,
  )
}

async function* values(source: AsyncIterable<unknown>, hold: Hold): AsyncGenerator<unknown, void> {
  const { connection, requirement } = hold
  try {
    for await (const value of connection.whileAllowed(source, requirement)) yield whileAllowed(value, hold)
  } catch (error) {
    throw error instanceof AccessEndedError ? deniedError(error.end.denial) : error
  }
}

async function once(promise: Promise<unknown>, hold: Hold): Promise<unknown> {
  const value = await promise
  await hold.check()
  return whileAllowed(value, hold)
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}
