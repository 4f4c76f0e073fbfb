import { ownFields } from '../../ground/json/own-fields.js'
import type { Reverification } from './requirement.js'

type Level = Extract<Reverification, object>['level']

/** What a reverification asks for, a preset resolved. */
interface RequiredFreshness {
  readonly level: Level
  readonly afterMinutes: number
}

const PRESETS: ReadonlyMap<unknown, RequiredFreshness> = new Map([
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

/** A preset as it is, `{ level, afterMinutes }` as a frozen copy; `null` for anything else. */
export function frozenReverification(asked: unknown): Reverification | null {
  if (PRESETS.has(asked)) return asked as Reverification
  const { fields } = ownFields(asked)
  const level = fields?.get('level')
  const afterMinutes = fields?.get('afterMinutes')
  const valid =
    fields?.size === 2 && LEVELS.has(level) && typeof afterMinutes === 'number' && afterMinutes > 0
  return valid ? Object.freeze({ level: level as Level, afterMinutes }) : null
}

/** @param fva the claim: minutes since each factor was verified, −1 for never */
export function isFresh(asked: unknown, fva: unknown): boolean {
  const required = PRESETS.get(asked) ?? (frozenReverification(asked) as RequiredFreshness | null)
  if (required === null || !Array.isArray(fva) || fva.length !== 2 || !fva.every(isFactorAge)) return false
  const [first, second] = fva.map((age) => (age === -1 ? null : age)) as [Age, Age]
  const fresh = (age: Age) => age !== null && required.afterMinutes > age
  return LEVELS.get(required.level)?.(first, second, fresh) ?? false
}

function isFactorAge(age: unknown): boolean {
  return Number.isFinite(age) && ((age as number) >= 0 || age === -1)
}
