import type { Requirement } from './core.js'

/** What the routes of every application under test ask for, by the name that is their path. */
export const GUARDS = {
  user: {},
  org: { org: true },
  admin: { role: 'admin' },
  permission: { permission: 'org:invoices:manage' },
  strict: { reverification: 'strict' },
  plan: { plan: 'pro' },
  feature: { feature: 'dashboard' },
  machine: { machine: 'only' },
  scope: { machine: 'only', scope: 'invoices' },
} as const satisfies Record<string, Requirement>

export type GuardName = keyof typeof GUARDS
export const GUARD_NAMES = Object.keys(GUARDS) as readonly GuardName[]

/** What a person who may do everything passes; every one of them has a reason of its own to end. */
export const PERSON_GUARDS = [
  'user',
  'org',
  'admin',
  'permission',
  'strict',
  'plan',
  'feature',
] as const satisfies readonly GuardName[]

/**
 * `allowed`, `<status> <code>`, or `closed <close code>` for a connection that the server has ended. Text, so that a
 * failing cell prints what it compares.
 */
export type Answer = string
export const ALLOWED: Answer = 'allowed'
/** RFC 6455 §7.4.2 leaves 4000–4999 to applications; what a connection whose right has ended is closed with. */
export const CLOSED: Answer = 'closed 4401'

/** The answer in the body of an HTTP response. */
export function answerOf(status: number, body: string): Answer {
  if (status === 200) return ALLOWED
  const json = parse(body)
  // Clerk's own shape, which its front ends recognise, has no code of ours.
  const code = json?.['code'] ?? (json?.['clerk_error'] ? 'reverification-required' : null)
  return `${status} ${code}`
}

/**
 * Whether a way may answer so, where a fresh bearer request is answered `fresh`: the same, or less. "Less" is a closed
 * connection, or 401 where it is 403; an outage is neither.
 *
 * @param mayBeStricter false where nothing was taken from this person: then nothing may be lost either
 */
export function isNoMore(way: Answer, fresh: Answer, mayBeStricter: boolean): boolean {
  if (way === fresh) return true
  if (fresh === ALLOWED) return mayBeStricter && /^(401|403) [a-z]|^closed 4401$/.test(way)
  return way === CLOSED || (fresh.startsWith('403') && way.startsWith('401 '))
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
