import { randomBytes, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { ClientInternals } from '../client/prisma-client.js'
import type { Table } from '../table/table.js'

/** What Prisma writes into a column that a new row is given no value for. */
export interface Filling {
  readonly value: () => string
  /** `@updatedAt`: in an update too. */
  readonly atUpdates: boolean
}

/** `null`: Prisma fills a column in a way that is not known here, or the client does not show its schema. */
export function prismaFills(
  client: ClientInternals,
  { description }: Table,
): ReadonlyMap<string, Filling> | null {
  const lines = description === null ? null : writtenLines(client, description.name)
  if (description === null || lines === null) return null
  const fills = new Map<string, Filling>()
  for (const { name, kind } of description.fields) {
    if (kind === 'object') continue
    const line = lines.get(name)
    if (line === undefined) return null
    if (/@updatedAt\b/.test(line)) {
      fills.set(name, { value: now, atUpdates: true })
      continue
    }
    const made = /@default\(\s*([a-z]+)\(\s*([^)]*?)\s*\)/i.exec(line)
    if (made === null) continue
    const call = `${made[1]}(${made[2]})`
    if (/^(autoincrement|dbgenerated|sequence)\(/.test(call)) continue
    const value = MADE[call]
    if (value === undefined) return null
    fills.set(name, { value, atUpdates: false })
  }
  return fills
}

/** Lines of a model as the client's own schema has them, by field; `null`: the client does not show it. */
export function writtenLines(client: ClientInternals, model: string): ReadonlyMap<string, string> | null {
  const text = (client as { readonly _engineConfig?: { readonly inlineSchema?: unknown } })._engineConfig
    ?.inlineSchema
  if (typeof text !== 'string') return null
  const body = new RegExp(`^\\s*model\\s+${model}\\s*\\{([\\s\\S]*?)^\\s*\\}`, 'm').exec(text)?.[1]
  if (body === undefined) return null
  const lines = body.split('\n').map((line) => line.replace(/\/\/.*$/, '').trim())
  return new Map(lines.map((line) => [line.split(/\s+/)[0] ?? '', line]))
}

const now = () => new Date().toISOString()

/** Functions of Prisma's schema language, with their arguments. What is not here Prisma writes itself. */
const MADE: Readonly<Record<string, () => string>> = {
  'now()': now,
  'uuid()': randomUUID,
  'uuid(4)': randomUUID,
  'cuid()': cuid,
  'cuid(1)': cuid,
}

let counter = 0
const fingerprint = base36(process.pid, 2) + base36(hostname().length + sumOf(hostname()), 2)

/** As Prisma's own: `c`, time, counter, process and random digits, 25 characters that sort by time (https://github.com/paralleldrive/cuid). */
function cuid(): string {
  counter = (counter + 1) % 36 ** 4
  const random = base36(randomBytes(4).readUInt32BE(), 4) + base36(randomBytes(4).readUInt32BE(), 4)
  return `c${Date.now().toString(36)}${base36(counter, 4)}${fingerprint}${random}`
}

function base36(value: number, digits: number): string {
  return value.toString(36).padStart(digits, '0').slice(-digits)
}

function sumOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 36)
}
