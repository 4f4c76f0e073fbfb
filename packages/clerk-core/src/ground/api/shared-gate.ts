import { createHash } from 'node:crypto'
import { createGate, type Gate, type GateLimits } from './gate.js'

/** By a hash of the key: nothing that looks into this module's memory for its own ends finds the key here. */
const gates = new Map<string, Gate>()

/** The gate of this process for a key: several `createClerk` share it, and the smallest of their limits count. */
export function sharedGate(secretKey: string, apiUrl: string, limits: GateLimits): Gate {
  const name = createHash('sha256').update(`${apiUrl}\n${secretKey}`).digest('hex')
  const known = gates.get(name)
  if (known !== undefined) {
    known.narrow(limits)
    return known
  }
  const gate = createGate(limits)
  gates.set(name, gate)
  return gate
}
