import type { SigningKey } from '../issuer/keys.js'
import { emptyState, type State } from './instance.js'

/** Everything a later process needs to continue: users, sessions, keys and secrets. Plain JSON; keep it private. */
export interface Snapshot {
  version: 1
  instanceId: string
  secretKey: string
  webhookSecrets: string[]
  key: SigningKey
  state: Record<string, [string, unknown][]>
}

export const dumpState = (state: State): Snapshot['state'] =>
  Object.fromEntries(Object.entries(state).map(([name, table]) => [name, structuredClone([...table])]))

/** @throws {TypeError} for something that is not a snapshot */
export function loadState(dump: Snapshot['state']): State {
  const state = emptyState()
  for (const [name, table] of Object.entries(state) as [string, Map<string, unknown>][]) {
    const entries: unknown = dump[name] ?? []
    if (!Array.isArray(entries)) throw new TypeError(`The snapshot's "${name}" is not a list.`)
    for (const [id, value] of structuredClone(entries) as [string, unknown][]) table.set(id, value)
  }
  return state
}

/** @throws {TypeError} */
export function assertSnapshot(value: unknown): asserts value is Snapshot {
  const given = value as Partial<Snapshot> | null
  if (typeof given !== 'object' || given === null || given.version !== 1 || typeof given.state !== 'object') {
    throw new TypeError('This is not a snapshot of an offline Clerk (version 1).')
  }
  if (
    typeof given.secretKey !== 'string' ||
    !Array.isArray(given.webhookSecrets) ||
    typeof given.key?.privatePem !== 'string'
  ) {
    throw new TypeError('The snapshot lacks its keys.')
  }
}
