import {
  isOrganizationScope,
  isUserScope,
  scopedEntries,
  withOrgPrefix,
} from '../tokens/organization-claims.js'
import type { HasParams, Reverification } from './requirement.js'

/** What `has()` is asked about: of a token, or remembered by a session. */
export interface AccessSubject {
  /** The active organisation; without one there is no role and no permission. */
  readonly orgId: string | null
  readonly role: string | null
  readonly permissions: readonly string[]
  /** Claims as they stand in the token. */
  readonly fea: unknown
  readonly pla: unknown
  readonly fva: unknown
  /** False when the active organisation is not the token's: its features and plans are then another organisation's. */
  readonly organizationScoped: boolean
}

type Dimension = keyof HasParams

/** Clerk's authorisation semantics, one entry per dimension. A value of the wrong type fails its dimension. */
const DIMENSIONS: Record<Dimension, (asked: unknown, subject: AccessSubject) => boolean> = {
  role: (asked, { orgId, role }) =>
    typeof asked === 'string' &&
    orgId !== null &&
    role !== null &&
    withOrgPrefix(role) === withOrgPrefix(asked),
  permission: (asked, { orgId, permissions }) =>
    typeof asked === 'string' && orgId !== null && permissions.includes(withOrgPrefix(asked)),
  feature: (asked, { fea, organizationScoped }) => isEntitled(asked, fea, organizationScoped),
  plan: (asked, { pla, organizationScoped }) => isEntitled(asked, pla, organizationScoped),
  reverification: (asked, { fva }) => isFresh(asked, fva),
}

const NAMES = Object.keys(DIMENSIONS) as readonly Dimension[]

/** `has()` of a signed-in user. Everything asked must hold; asking nothing, or nonsense, is false. Never throws. */
export function hasAccess(subject: AccessSubject, params: HasParams): boolean {
  if (typeof params !== 'object' || params === null) return false
  let asked = false
  for (const name of NAMES) {
    const value = params[name]
    if (value === undefined) continue
    if (!DIMENSIONS[name](value, subject)) return false
    asked = true
  }
  return asked
}

const ORGANIZATION_SCOPES = new Set(['o', 'org', 'organization'])
const USER_SCOPES = new Set(['u', 'user'])

/** `id` in either scope, or `scope:id` in that one. */
function isEntitled(asked: unknown, claim: unknown, organizationScoped: boolean): boolean {
  if (typeof asked !== 'string' || typeof claim !== 'string') return false
  const [first = '', second] = asked.split(':')
  const id = second || first
  const inOrganization = organizationScoped && (second === undefined || ORGANIZATION_SCOPES.has(first))
  const inUser = second === undefined || USER_SCOPES.has(first)
  return scopedEntries(claim).some(
    (entry) =>
      entry.id === id &&
      ((inOrganization && isOrganizationScope(entry.scope)) || (inUser && isUserScope(entry.scope))),
  )
}

type Level = Extract<Reverification, object>['level']

const PRESETS: ReadonlyMap<unknown, { level: Level; afterMinutes: number }> = new Map([
  ['strict_mfa', { level: 'multi_factor', afterMinutes: 10 }],
  ['strict', { level: 'second_factor', afterMinutes: 10 }],
  ['moderate', { level: 'second_factor', afterMinutes: 60 }],
  ['lax', { level: 'second_factor', afterMinutes: 1440 }],
])

type Age = number | null
type FreshnessRule = (first: Age, second: Age, fresh: (age: Age) => boolean) => boolean

/** `null`: the factor was never verified. For a user without a second factor the first one counts. */
const LEVELS: ReadonlyMap<unknown, FreshnessRule> = new Map<Level, FreshnessRule>([
  ['first_factor', (first, _second, fresh) => fresh(first)],
  ['second_factor', (first, second, fresh) => fresh(second ?? first)],
  ['multi_factor', (first, second, fresh) => fresh(first) && (second === null || fresh(second))],
])

/** The level and minutes a reverification asks for; `null` for anything else. */
export function readReverification(asked: unknown): { level: Level; afterMinutes: number } | null {
  const preset = PRESETS.get(asked)
  if (preset !== undefined) return preset
  if (typeof asked !== 'object' || asked === null) return null
  const { level, afterMinutes } = asked as Record<string, unknown>
  const valid = LEVELS.has(level) && typeof afterMinutes === 'number' && afterMinutes > 0
  return valid ? { level: level as Level, afterMinutes } : null
}

function isFresh(asked: unknown, fva: unknown): boolean {
  const required = readReverification(asked)
  if (required === null || !Array.isArray(fva) || fva.length !== 2 || !fva.every(isFactorAge)) return false
  const [first, second] = fva.map((age) => (age === -1 ? null : age)) as [Age, Age]
  const fresh = (age: Age) => age !== null && required.afterMinutes > age
  return LEVELS.get(required.level)?.(first, second, fresh) ?? false
}

function isFactorAge(age: unknown): boolean {
  return Number.isFinite(age) && ((age as number) >= 0 || age === -1)
}
