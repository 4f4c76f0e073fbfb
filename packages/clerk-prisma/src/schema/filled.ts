import type { ClientInternals } from '../client/prisma-client.js'
import type { Table } from '../table/table.js'

/**
 * Whether Prisma itself fills a field of a new row: `@default(cuid())`, `@updatedAt`. `null`: not known, on a client that
 * does not show its schema.
 */
export function fillsItself(client: ClientInternals, { description }: Table, field: string): boolean | null {
  const text = (client as { readonly _engineConfig?: { readonly inlineSchema?: unknown } })._engineConfig
    ?.inlineSchema
  if (typeof text !== 'string' || description === null) return null
  const body = new RegExp(`^\\s*model\\s+${description.name}\\s*\\{([\\s\\S]*?)^\\s*\\}`, 'm').exec(text)?.[1]
  const line = body?.split('\n').find((one) => one.trim().split(/\s+/)[0] === field)
  if (line === undefined) return null
  return /@default\(|@updatedAt/.test(line.replace(/\/\/.*$/, ''))
}
