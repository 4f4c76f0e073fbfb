import type { ClientInternals } from '../client/prisma-client.js'
import type { Table } from '../table/table.js'
import { writtenLines } from './prisma-fills.js'

/**
 * Whether Prisma itself fills a field of a new row: `@default(cuid())`, `@updatedAt`. `null`: not known, on a client that
 * does not show its schema.
 */
export function fillsItself(client: ClientInternals, { description }: Table, field: string): boolean | null {
  const line = description === null ? undefined : writtenLines(client, description.name)?.get(field)
  return line === undefined ? null : /@default\(|@updatedAt/.test(line)
}
