import { Ajv, type ValidateFunction } from 'ajv'
import type { Exchange } from '../server/channels.js'
import { operationOf, operations, resolve, type Schema } from '../server/operation.js'
import { events, schemas } from '../tables/schemas.js'
import type { WebhookEvent } from '../webhooks/delivery.js'

// What an offline Clerk answered and sent, held against Clerk's schemas.

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
const absolute = <T>(schema: T): T =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"clerk#/$defs/')) as T
ajv.addSchema({ $id: 'clerk', $defs: absolute(schemas) })

const compiled = new WeakMap<object, ValidateFunction>()
function problems(schema: Schema, value: unknown): string[] {
  let validate = compiled.get(schema)
  if (!validate) {
    validate = ajv.compile(absolute(schema))
    compiled.set(schema, validate)
  }
  // What is sent is JSON: a field that is undefined is not there.
  if (validate(value === undefined ? undefined : JSON.parse(JSON.stringify(value)))) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath || '/'} ${message ?? ''} ${JSON.stringify(params)}`,
  )
}

/** Nothing, or one line that says what is wrong. */
const report = (what: string, found: readonly string[]): string[] =>
  found.length > 0 ? [`${what}: ${found.join('; ')}`] : []

const without = (value: unknown, names: readonly string[]): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))

const page = (response: Schema): Schema => ({
  type: 'object',
  properties: { data: response, total_count: { type: 'integer' } },
  required: ['data', 'total_count'],
  additionalProperties: false,
})
const pages = new Map<string, Schema>()

/** Where the documents contradict themselves. */
const errata: Readonly<Record<string, RegExp>> = {
  // The event exists, the state of its session is missing in the webhooks' document.
  'session.pending': /^\/data\/status /,
  // "user: User" cannot be null, which PROTOCOL and the official types say it can.
  'session.removed': /^\/data\/user /,
}

export function checkExchange({
  operation,
  query,
  body,
  beside,
  status,
  json,
  response,
}: Exchange): string[] {
  const known = operations.some(({ id }) => id === operation) ? operationOf(operation) : undefined
  if (!known) return []
  const isPage = response !== undefined && resolve(response).type === 'array' && !Array.isArray(json)
  if (isPage && !pages.has(operation)) pages.set(operation, page(response))
  const answer = isPage ? pages.get(operation) : response
  return [
    ...(status === known.status ? [] : [`${operation} answered ${status}, documented is ${known.status}`]),
    ...(known.query ? report(`${operation} query`, problems(known.query, without(query, beside))) : []),
    ...(known.body && !known.form
      ? report(`${operation} body`, problems(known.body, without(body, beside)))
      : []),
    ...(answer ? report(`${operation} answer`, problems(answer, json)) : []),
  ]
}

export interface Refusal {
  readonly operation: string
  readonly json: unknown
  readonly status: number
  readonly error: unknown
}

export function checkRefusal({ operation, json, status, error }: Refusal): string[] {
  const broken = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [
    ...report(`${operation} error`, problems(schemas.ClerkErrors ?? {}, json)),
    ...(status >= 500 ? [`${operation} broke: ${broken}`] : []),
  ]
}

export function checkEvent(event: WebhookEvent): string[] {
  const schema = events[event.type]
  const found = schema ? problems(schema, event) : [`there is no event ${event.type}`]
  return report(
    event.type,
    found.filter((one) => !errata[event.type]?.test(one)),
  )
}
