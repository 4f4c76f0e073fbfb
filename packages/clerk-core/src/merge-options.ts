import type { MembershipRecord, OrganizationRecord } from './domain/store/organization.js'
import type { UserRecord } from './domain/store/user.js'
import { notPlain } from './ground/json/own-fields.js'
import { notesOf } from './ground/options/env-notes.js'
import { meantName } from './ground/options/nearest-name.js'
import type { Problems } from './ground/options/problems.js'
import type { ClerkOptions, ClerkOptionsPart } from './options.js'
import { OPTION_GROUPS } from './options-table.js'

type Fields = Record<string, unknown>

/**
 * One set of options from several parts. A later part wins, option by option, in groups too; `undefined` overwrites nothing.
 * Lists, stores and functions are taken whole.
 *
 * Read are the parts' own fields alone, once each. What is no option is a problem: a misspelt one would protect nothing.
 */
export function mergeOptions<U extends UserRecord, M extends MembershipRecord, O extends OrganizationRecord>(
  parts: readonly ClerkOptionsPart<U, M, O>[],
  problems: Problems,
): ClerkOptions<U, M, O> {
  const merged: Fields = Object.create(null)
  for (const [index, part] of parts.entries()) {
    const what = notPlain(part)
    if (what === null) mergePart(merged, part as Fields, problems)
    else refusePart(parts.length === 1 ? 'options' : `options, part ${index + 1}`, what, problems)
  }
  for (const part of parts) {
    if (notPlain(part) === null) compareWithEnv(merged, part as Fields, problems)
  }
  return merged as unknown as ClerkOptions<U, M, O>
}

function mergePart(merged: Fields, part: Fields, problems: Problems): void {
  const notes = notesOf(part)
  for (const [name, value] of Object.entries(part)) {
    if (!isKnown('', name, problems) || value === undefined) continue
    // The list that `fromEnv` makes where the environment has none overwrites none.
    if (notes?.read.has(name) === false && Array.isArray(value) && value.length === 0 && name in merged)
      continue
    const members = OPTION_GROUPS.get(name)
    if (members === undefined) merged[name] = value
    else if (name === 'invalidation' && isCode(value)) mergeCode(merged, name, members, value)
    else mergeGroup(merged, name, value, problems)
  }
}

function mergeGroup(merged: Fields, group: string, value: unknown, problems: Problems): void {
  const what = notPlain(value)
  if (what !== null) {
    problems.add(group, `is ${what}.`, `Give an object: \`{ ${OPTION_GROUPS.get(group)?.join(', ')} }\`.`)
    return
  }
  const existing = merged[group]
  const target: Fields = isCode(existing) ? merged : ((existing as Fields | undefined) ?? Object.create(null))
  if (target !== merged) merged[group] = target
  for (const [name, field] of Object.entries(value as Fields)) {
    if (!isKnown(group, name, problems) || field === undefined) continue
    target[target === merged ? `${group}.${name}` : name] = field
  }
}

/** An object of the application, with methods, cannot be copied: what else its group holds stands beside it. */
function mergeCode(merged: Fields, group: string, members: readonly string[], value: object): void {
  const existing = merged[group]
  if (existing !== undefined && !isCode(existing)) {
    for (const name of members) {
      const field = (existing as Fields)[name]
      if (field !== undefined) merged[`${group}.${name}`] = field
    }
  }
  // What the object itself says is of this part, and later than what was there.
  for (const name of members) {
    const field: unknown = Reflect.get(value, name)
    if (field !== undefined) merged[`${group}.${name}`] = field
  }
  merged[group] = value
}

function isCode(value: unknown): value is object {
  return typeof value === 'object' && value !== null && ('publish' in value || 'subscribe' in value)
}

function isKnown(group: string, name: string, problems: Problems): boolean {
  const names = OPTION_GROUPS.get(group) ?? []
  if (names.includes(name)) return true
  const nearest = meantName(name, names)
  const written = group === '' ? name : `${group}.${name}`
  const elsewhere = [...OPTION_GROUPS].find(([other, members]) => other !== group && members.includes(name))
  const meant =
    nearest !== null
      ? group === ''
        ? nearest
        : `${group}.${nearest}`
      : elsewhere && (elsewhere[0] === '' ? name : `${elsewhere[0]}.${name}`)
  problems.add(
    written,
    'is no option.',
    meant
      ? `Write \`${meant}\`, if that was meant.`
      : group === ''
        ? 'docs/configuration.md lists all of them.'
        : `\`${group}\` has ${names.join(', ')}.`,
  )
  return false
}

function refusePart(option: string, what: string, problems: Problems): void {
  problems.add(
    option,
    `is ${what}.`,
    what === 'a promise'
      ? 'Await it first.'
      : 'Give plain objects, a database by its store: `createClerk(fromEnv(), drizzleStore(db, schema), { … })`.',
  )
}

/**
 * `{ ...fromEnv(), session: { graceSeconds: 60 } }` replaces all that the environment says about the session. What was left
 * out that way, and is given nowhere else, is a problem: whoever has set the variable believes that it counts. What the
 * application names itself, as `undefined` too, it has replaced on purpose.
 */
function compareWithEnv(merged: Fields, part: Fields, problems: Problems): void {
  const notes = notesOf(part)
  if (notes === null) return
  for (const [path, variable] of notes.read) {
    const [group = '', name] = path.split('.')
    const given = part[group]
    if (name === undefined || notPlain(given) !== null) continue
    if (Object.hasOwn(given as Fields, name) || (merged[group] as Fields | undefined)?.[name] !== undefined)
      continue
    problems.add(
      variable,
      `is set, and \`${group}: { … }\` without \`${name}\` has replaced it.`,
      `Give parts, which are merged: \`createClerk(fromEnv(), { ${group}: { … } })\`; or set \`${path}\` there too.`,
    )
  }
  for (const name of notes.placeholders) problems.placeholder(name)
  for (const sentence of notes.unread) problems.warn('ACME_CLERK_ENV', sentence)
}
