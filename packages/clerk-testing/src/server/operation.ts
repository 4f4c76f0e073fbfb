import { operations as documented } from '../tables/operations.js'
import { schemas } from '../tables/schemas.js'

/** JSON Schema, as far as the tables use it. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly uniqueItems?: boolean
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: false | Schema
  readonly anyOf?: readonly Schema[]
}

/** One operation of Clerk's Backend API. */
export interface Operation {
  readonly id: string
  readonly method: string
  /** `/users/{user_id}` */
  readonly path: string
  /** Path parameters that are one of a few words. */
  readonly pathParameters?: Readonly<Record<string, Schema>>
  readonly query?: Schema
  /** What its list can be ordered by. */
  readonly order?: readonly string[]
  readonly body?: Schema
  /** The body is a form with a file. */
  readonly form?: true
  readonly status: number
  readonly response?: Schema
  /** Needs no key. */
  readonly public?: true
}

/** The schema itself, where it is a reference. */
export function resolve(schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (schemas[schema.$ref.slice('#/$defs/'.length)] ?? {})
}

/** Where an official client takes another status only: the Python client's of API keys. */
const statuses: Readonly<Record<string, number>> = { createApiKey: 201 }

export const operations: readonly Operation[] = documented.map((operation) => ({
  ...operation,
  status: statuses[operation.id] ?? operation.status,
}))

const byId = new Map(operations.map((operation) => [operation.id, operation]))

export function operationOf(id: string): Operation {
  const operation = byId.get(id)
  if (!operation) throw new Error(`Clerk's Backend API has no operation ${id}.`)
  return operation
}

/** `/users/{user_id}`, `/users/:id` and `/v1/users/:id` are one path. */
export const canonicalPath = (path: string) =>
  path.replace(/^\/v1(?=\/)/, '').replaceAll(/\{[^}]*\}|(?<=\/):\w+/g, ':')
