import type { Document } from 'mongodb'
import type { ExistingIndex } from './collection/indexes-of.js'

const isCondition = (value: unknown): value is Document => typeof value === 'object' && value !== null

/** What a filter of a partial index says about one field, `$and` included. */
function conditionsOn(filter: Document, column: string): unknown[] {
  const nested = Array.isArray(filter.$and) ? filter.$and : []
  return [
    ...(Object.hasOwn(filter, column) ? [filter[column]] : []),
    ...nested.flatMap((part: unknown) => (isCondition(part) ? conditionsOn(part, column) : [])),
  ]
}

/** Conditions that no document without the field meets. */
const NEEDS_VALUE = ['$gt', '$gte', '$type', '$eq']

function needsValue(condition: unknown): boolean {
  if (!isCondition(condition)) return condition !== null
  return NEEDS_VALUE.some((name) => condition[name] != null) || condition.$exists === true
}

/** Whether a unique index takes one document without its value at most. */
export function locksOut({ key, isUnique, isSparse, partialFilter }: ExistingIndex): boolean {
  const [column = '', ...others] = Object.keys(key)
  if (!isUnique || isSparse || others.length > 0) return false
  return partialFilter === undefined || !conditionsOn(partialFilter, column).some(needsValue)
}

/** Filters by which a partial index still serves every query for a value of its column, as MongoDB decides that. */
export function servesQueries({ key, partialFilter }: ExistingIndex): boolean {
  if (partialFilter === undefined) return true
  const [column = '', ...others] = Object.keys(partialFilter)
  if (others.length > 0 || column !== Object.keys(key)[0]) return false
  const condition: unknown = partialFilter[column]
  if (!isCondition(condition) || Object.keys(condition).length !== 1) return false
  return condition.$exists === true || condition.$gt === '' || condition.$gte === ''
}

/** Whether every value of the column is in the index. An index of live rows alone lets two deleted ones have it. */
export function holdsAllValues(index: ExistingIndex): boolean {
  const { key, partialFilter } = index
  if (servesQueries(index)) return true
  const [column = '', ...others] = Object.keys(partialFilter ?? {})
  const condition: unknown = partialFilter?.[column]
  return (
    others.length === 0 &&
    column === Object.keys(key)[0] &&
    isCondition(condition) &&
    condition.$type === 'string'
  )
}

/** A comparison that takes two ids for one, as those that ignore case do. */
export function ignoresDifferences(collation: Document | undefined): boolean {
  if (collation === undefined) return false
  const { strength = 3, caseLevel, alternate, numericOrdering } = collation
  return (
    (strength < 3 && !(caseLevel === true && strength === 2)) ||
    alternate === 'shifted' ||
    numericOrdering === true
  )
}

/** How the shell reaches a collection, whatever its name. */
export const inShell = (collection: string) =>
  /^[A-Za-z][A-Za-z0-9]*$/.test(collection) && !/^get/.test(collection)
    ? `db.${collection}`
    : `db.getCollection(${JSON.stringify(collection)})`

/** What makes a unique index hold only the documents that have a value. */
export function mend(collection: string, { name, key, collation }: ExistingIndex): string {
  const [column = ''] = Object.keys(key)
  const options = {
    ...{ name, unique: true, partialFilterExpression: { [column]: { $gt: '' } } },
    ...(collation !== undefined && { collation }),
  }
  const db = inShell(collection)
  return `${db}.dropIndex(${JSON.stringify(name)}); ${db}.createIndex(${JSON.stringify(key)}, ${JSON.stringify(options)})`
}

/** What the store has found about its database, as core's `check()` and `ready()` ask for it. */
export interface StoreFinding {
  /** `error`: some write will be refused for good. */
  readonly severity: 'error' | 'warning'
  /** With names of the schema alone. */
  readonly message: string
  /** What to do: the very statement, where there is one. */
  readonly remedy: string
}

/** About an index that {@link locksOut}. */
export function lockOut(collection: string, index: ExistingIndex): StoreFinding {
  const [column = ''] = Object.keys(index.key)
  return {
    severity: 'error',
    message: `The unique index \`${index.name}\` of \`${collection}\` takes one document without \`${column}\` and no second, and such documents are normal.`,
    remedy: `Run in the shell: ${mend(collection, index)}. With Mongoose, take \`unique: true\` out of the schema too.`,
  }
}

/** About a collection that compares by a collation which {@link ignoresDifferences}. */
export const confusing = (collection: string): StoreFinding => ({
  severity: 'error',
  message: `The collection \`${collection}\` has a default collation that takes different ids for the same.`,
  remedy: 'Copy its documents into a collection that has none, and name that one in the options.',
})
