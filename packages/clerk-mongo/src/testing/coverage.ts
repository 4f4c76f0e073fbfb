import type { CommandStartedEvent, Document, MongoClient } from 'mongodb'

/** One filter that the driver was seen to send, and what it was sorted by. */
export interface SentQuery {
  collection: string
  filter: Document
  sort: Document
}

/** Records every filter that this client sends, of whatever command. */
export function recordQueries(client: MongoClient): SentQuery[] {
  const seen: SentQuery[] = []
  client.on('commandStarted', ({ commandName, command }: CommandStartedEvent) => {
    const collection = String(command[commandName])
    const add = (filter: Document = {}, sort: Document = {}) =>
      // The driver sends a sort as a map.
      seen.push({ collection, filter, sort: sort instanceof Map ? Object.fromEntries(sort) : sort })
    if (commandName === 'find') add(command.filter, command.sort)
    if (commandName === 'findAndModify') add(command.query, command.sort)
    for (const { q } of [...(command.updates ?? []), ...(command.deletes ?? [])]) add(q)
    if (commandName === 'aggregate' || commandName === 'distinct' || commandName === 'count')
      add({ [commandName]: 1 })
  })
  return seen
}

/** The filter's ways to match, each as the fields that it bounds: `$or` makes several of one. */
function branches(filter: Document): Document[] {
  let ways: Document[] = [{}]
  const combine = (options: Document[]) => {
    ways = ways.flatMap((way) => options.map((option) => ({ ...way, ...option })))
  }
  for (const [name, value] of Object.entries(filter)) {
    if (name === '$and') for (const part of value) combine(branches(part))
    else if (name === '$or') combine(value.flatMap(branches))
    else combine([{ [name]: value }])
  }
  return ways
}

/** Whether an index can be searched for this condition, instead of being read from end to end. */
const isBound = (condition: unknown): boolean =>
  typeof condition !== 'object' ||
  condition === null ||
  !['$ne', '$not', '$exists'].some((operator) => operator in condition)

const isEquality = (condition: unknown): boolean =>
  typeof condition === 'object' && condition !== null && '$eq' in condition

/** Whether every way to match starts at a bound key of one of the indexes, and a sort comes from an index or few rows. */
export function isCovered({ filter, sort }: SentQuery, keys: readonly Document[]): boolean {
  return branches(filter).every((way) => {
    const usable = [{ _id: 1 }, ...keys].filter((key) => {
      const first = Object.keys(key)[0] ?? ''
      return first in way && isBound(way[first])
    })
    if (usable.length === 0) return false
    const [sorted] = Object.keys(sort)
    return (
      sorted === undefined ||
      usable.some((key) => {
        const names = Object.keys(key)
        const position = names.indexOf(sorted)
        return position >= 0 && names.slice(0, position).every((name) => isEquality(way[name]))
      })
    )
  })
}
