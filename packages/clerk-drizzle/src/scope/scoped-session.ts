import { refuse } from './organization-scope-error.js'
import type { Tenant } from './scoped-database.js'
import { isWritten } from './scoped-dialect.js'

type Call = (...given: readonly unknown[]) => unknown
type Methods = Record<string, Call | undefined>

const RUNS = ['execute', 'run', 'all', 'get', 'values', 'iterator'] as const

/**
 * A session that prepares queries for one organisation, and runs them for no other. Every builder has it, so it has nothing else
 * of the database's own, and takes nothing that the scoped dialect has not written.
 */
export function scopedSession(session: object, { perRequest, orgId }: Tenant): object {
  const scoped: Methods = {}
  for (const name of ['prepareQuery', 'prepareOneTimeQuery'] as const) {
    const prepare = (session as Methods)[name]
    if (prepare === undefined) continue
    scoped[name] = (...given) => {
      if (!isWritten(given[0])) refuse('This query was not written for an organisation.')
      for (const each of given) checkCache(each)
      const prepared = prepare.apply(session, [...given]) as Methods
      if (perRequest) runOnlyFor(prepared, orgId)
      return prepared
    }
  }
  return scoped
}

/** A prepared query may outlive its request, and be run in the request of another organisation. */
function runOnlyFor(prepared: Methods, current: () => string): void {
  const orgId = current()
  for (const name of RUNS) {
    const run = prepared[name]
    if (typeof run !== 'function') continue
    prepared[name] = (...given) => {
      if (current() !== orgId) refuse('This query was prepared in a request of another organisation.')
      return run.apply(prepared, [...given])
    }
  }
}

/** What is cached by a name would be the answer for every organisation. */
function checkCache(given: unknown): void {
  if (typeof given !== 'object' || given === null || !('enable' in given) || !('tag' in given)) return
  if (given.tag !== undefined)
    refuse('A query that is cached by a `tag` cannot be confined: leave the tag out.')
}
