import { Ajv, type ValidateFunction } from 'ajv'
import { afterAll, afterEach } from 'vitest'
import { type Exchange, emissions, exchanges, refusals } from '../server/channels.js'
import { operationOf, operations, resolve, type Schema } from '../server/operation.js'
import { events, schemas } from '../tables/schemas.js'
import type { WebhookEvent } from '../webhooks/delivery.js'

// A setup file of vitest: whatever an offline Clerk of this process answers or sends is held against Clerk's schemas,
// and what does not fit fails the test in which it happened.

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

const faults: string[] = []
const report = (what: string, found: readonly string[]) => {
  if (found.length > 0) faults.push(`${what}: ${found.join('; ')}`)
}

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

exchanges.subscribe((message) => {
  const { operation, query, body, beside, status, json, response } = message as Exchange
  const known = operations.some(({ id }) => id === operation) ? operationOf(operation) : undefined
  if (!known) return
  if (status !== known.status) report(`${operation} answered ${status}`, [`${known.status} is documented`])
  if (known.query) report(`${operation} query`, problems(known.query, without(query, beside)))
  if (known.body && !known.form) report(`${operation} body`, problems(known.body, without(body, beside)))
  if (!response) return
  const isPage = resolve(response).type === 'array' && !Array.isArray(json)
  if (isPage && !pages.has(operation)) pages.set(operation, page(response))
  report(`${operation} answer`, problems(isPage ? (pages.get(operation) ?? response) : response, json))
})

refusals.subscribe((message) => {
  const { operation, json, status, error } = message as {
    operation: string
    json: unknown
    status: number
    error: unknown
  }
  report(`${operation} error`, problems(schemas.ClerkErrors ?? {}, json))
  if (status >= 500)
    faults.push(`${operation} broke: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
})

emissions.subscribe((message) => {
  const event = message as WebhookEvent
  const schema = events[event.type]
  const allowed = errata[event.type]
  const found = schema ? problems(schema, event) : [`there is no event ${event.type}`]
  report(
    event.type,
    found.filter((one) => !allowed?.test(one)),
  )
})

const fail = () => {
  const found = faults.splice(0)
  if (found.length > 0) throw new Error(`Not as Clerk's schemas have it:\n${[...new Set(found)].join('\n')}`)
}
afterEach(fail)
afterAll(fail)
