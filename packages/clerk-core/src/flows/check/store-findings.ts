import type { InspectableStore, StoreFinding } from '../../domain/store/finding.js'
import type { Inbox } from '../../domain/store/inbox.js'
import type { Stores } from '../../domain/store/stores.js'
import { ConfigurationError, StoreFaultError } from '../../ground/errors.js'
import type { ResolvedOptions } from '../../ground/options/resolved.js'
import { describeError } from '../../ground/store-fault.js'
import type { Diagnostic } from './diagnostic.js'

/** What is asked of a store before it is used. */
export interface Inspected extends InspectableStore {
  ping?(): Promise<void>
}

export type InspectedStores = {
  readonly [K in keyof Stores]?:
    | (Inspected & (K extends 'inbox' ? Pick<Inbox, 'list' | 'due' | 'revocations'> : unknown))
    | null
    | undefined
}

/** On what of the configuration it depends whether a schema is at fault. */
type Wanted = Pick<ResolvedOptions, 'linking'>

export const STORE_NAMES = ['users', 'organizations', 'inbox'] as const

/** What the store says of its own schema. A store that cannot be asked is another check's finding. */
export async function storeDiagnostics(
  store: Inspected | null | undefined,
  options: Wanted,
): Promise<Diagnostic[]> {
  const found = await findingsOf(store, options).catch((error: unknown) =>
    error instanceof StoreFaultError ? [findingOf(error)] : [],
  )
  if (found.some(({ severity }) => severity === 'error')) return found.map(asDiagnostic)
  // What `ping` meets and `inspect` did not foresee.
  const met = await attempt(async () => store?.ping?.())
  return [...found, ...(met instanceof StoreFaultError ? [findingOf(met)] : [])].map(asDiagnostic)
}

/**
 * @throws {ConfigurationError} with everything that will refuse a write; what the store throws when it cannot be asked
 */
export async function refuseFaultySchema(stores: InspectedStores, options: Wanted): Promise<void> {
  const found = await Promise.all(
    STORE_NAMES.map(async (name) =>
      (await findingsOf(stores[name], options))
        .filter(({ severity }) => severity === 'error')
        .map(({ message, remedy }) => ({ option: name, message, remedy })),
    ),
  )
  const problems = found.flat()
  if (problems.length > 0) throw new ConfigurationError(problems)
}

const findingsOf = async (
  store: Inspected | null | undefined,
  { linking }: Wanted,
): Promise<readonly StoreFinding[]> => (await store?.inspect?.({ linking: linking.length > 0 })) ?? []

const findingOf = (error: StoreFaultError): StoreFinding => ({
  severity: 'error',
  message: `${describeError(error)}.`,
  remedy: error.message,
})

const asDiagnostic = (finding: StoreFinding): Diagnostic => ({ code: 'store-schema', ...finding })

async function attempt(step: () => Promise<unknown>): Promise<unknown> {
  try {
    await step()
    return null
  } catch (error) {
    return error
  }
}
