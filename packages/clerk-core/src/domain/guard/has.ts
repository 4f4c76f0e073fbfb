import { ownFields } from '../../ground/json/own-fields.js'
import {
  isOrganizationScope,
  isUserScope,
  scopedEntries,
  withOrgPrefix,
} from '../tokens/organization-claims.js'
import type { HasParams } from './requirement.js'
import { isFresh } from './reverification.js'

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

type Dimension = (asked: unknown, subject: AccessSubject) => boolean

/** Clerk's authorisation semantics, one entry per dimension. A value of the wrong type fails its dimension. */
const DIMENSIONS: ReadonlyMap<string, Dimension> = new Map(
  Object.entries({
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
  } satisfies Record<keyof HasParams, Dimension>),
)

/** One thing that is asked: of which dimension, and for what. */
interface Question {
  readonly dimension: Dimension
  readonly asked: unknown
}

const NOTHING: readonly Question[] = []
const prepared = new WeakMap<object, readonly Question[]>()

/**
 * `has()` of a signed-in user. Everything asked must hold. Asking nothing is false, and so is a key that is unknown, a
 * value that is `undefined`, and a value that is no plain object. Never throws.
 */
export function hasAccess(subject: AccessSubject, params: HasParams): boolean {
  const questions = prepared.get(params) ?? questionsOf(params)
  for (const { dimension, asked } of questions) if (dimension(asked, subject) !== true) return false
  return questions.length > 0
}

/** A frozen copy that {@link hasAccess} need not read again: a guard asks the same with every request. */
export function prepareParams(params: HasParams): HasParams {
  const copy = Object.freeze({ ...params })
  prepared.set(copy, questionsOf(copy))
  return copy
}

/** Empty where one of the keys is unknown, or where there are none. */
function questionsOf(params: HasParams): readonly Question[] {
  const { fields } = ownFields(params)
  if (fields === null) return NOTHING
  const questions: Question[] = []
  for (const [name, asked] of fields) {
    const dimension = DIMENSIONS.get(name)
    if (dimension === undefined) return NOTHING
    questions.push({ dimension, asked })
  }
  return questions
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
