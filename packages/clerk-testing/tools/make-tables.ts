// Derives what the offline Clerk needs of Clerk's OpenAPI documents: names, types and formats, no prose.
//
//   node --import tsx tools/make-tables.ts bapi-2026-05-12.yml webhooks-2025-04-15.yml
//
// The documents are Clerk's (https://github.com/clerk/openapi-specs); the LICENSE beside them goes into the tables.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

type Json = Record<string, unknown>

interface Document {
  info: { version: string }
  paths?: Record<string, Record<string, Json>>
  'x-webhooks'?: Record<string, Record<string, Json>>
  components: { schemas: Record<string, Json>; [kind: string]: Record<string, Json> }
}

const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])

const kept = ['type', 'format', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'uniqueItems']

/** An OpenAPI 3.0 schema as JSON Schema: `nullable` becomes a type, or an alternative where there is no type. */
function normalise(schema: Json): Json {
  if (typeof schema.$ref === 'string') return { $ref: `#/$defs/${schema.$ref.split('/').at(-1)}` }
  const result: Json = {}
  for (const name of kept) if (schema[name] !== undefined) result[name] = schema[name]
  if (schema.enum !== undefined) result.enum = [...new Set([...(schema.enum as unknown[])])]
  if (schema.default !== undefined && typeof schema.default !== 'object') result.default = schema.default
  if (schema.items !== undefined) result.items = normalise(record(schema.items))
  if (schema.properties !== undefined) {
    result.type ??= 'object'
    result.properties = Object.fromEntries(
      Object.entries(record(schema.properties)).map(([name, one]) => [name, normalise(record(one))]),
    )
  }
  if (Array.isArray(schema.required) && schema.required.length > 0) result.required = schema.required
  if (schema.additionalProperties === false) result.additionalProperties = false
  else if (Object.keys(record(schema.additionalProperties)).length > 0) {
    result.additionalProperties = normalise(record(schema.additionalProperties))
  }
  for (const name of ['oneOf', 'anyOf', 'allOf'] as const) {
    const parts = list(schema[name]).map(normalise)
    if (parts.length === 0) continue
    // `allOf` of one reference is how the document puts a description, or `nullable`, beside it.
    if (name === 'allOf' && parts.length === 1 && result.properties === undefined)
      Object.assign(result, parts[0])
    else result[name === 'oneOf' ? 'anyOf' : name] = parts
  }
  // An object without a type beside other parts would be narrowed by it.
  if (schema.allOf !== undefined && result.allOf !== undefined && result.properties === undefined)
    delete result.type
  return schema.nullable === true ? nullable(result) : result
}

function nullable(schema: Json): Json {
  if (typeof schema.type === 'string' && !schema.anyOf && !schema.allOf && !schema.$ref) {
    const choices = schema.enum as unknown[] | undefined
    return {
      ...schema,
      type: [schema.type, 'null'],
      ...(choices && !choices.includes(null) ? { enum: [...choices, null] } : {}),
    }
  }
  if (Object.keys(schema).length === 0) return {}
  const { type: _, ...rest } = schema
  return {
    anyOf: [
      rest.anyOf !== undefined && Object.keys(rest).length === 1 ? { anyOf: rest.anyOf } : rest,
      { type: 'null' },
    ],
  }
}

/** `allOf` of closed objects would refuse each other's properties: one object of all of them. */
function merge(schema: Json, schemas: Record<string, Json>): Json {
  const parts = list(schema.allOf)
  if (parts.length === 0) return schema
  const merged: Json = { type: 'object', properties: {}, required: [] }
  for (const part of [
    ...parts,
    ...(schema.properties === undefined ? [] : [{ ...schema, allOf: undefined }]),
  ]) {
    const whole = typeof part.$ref === 'string' ? (schemas[part.$ref.slice(8)] ?? {}) : part
    const one = merge(whole, schemas)
    merged.properties = { ...record(merged.properties), ...record(one.properties) }
    merged.required = [...new Set([...(merged.required as string[]), ...((one.required as string[]) ?? [])])]
    if (one.additionalProperties === false) merged.additionalProperties = false
  }
  if ((merged.required as string[]).length === 0) delete merged.required
  return merged
}

const mergeDeep = (schema: unknown, schemas: Record<string, Json>): unknown => {
  if (Array.isArray(schema)) return schema.map((one) => mergeDeep(one, schemas))
  if (typeof schema !== 'object' || schema === null) return schema
  const merged = list((schema as Json).allOf).length > 0 ? merge(schema as Json, schemas) : (schema as Json)
  return Object.fromEntries(Object.entries(merged).map(([name, value]) => [name, mergeDeep(value, schemas)]))
}

/** Reads a reference of the document. */
const resolver =
  (document: Document) =>
  (value: Json): Json => {
    if (typeof value.$ref !== 'string') return value
    const [, ...path] = value.$ref.split('/')
    return path.reduce<Json>((at, name) => record(at[name]), document as unknown as Json)
  }

/** The fields a list can be ordered by stand in the description of its parameter only. */
function orderFields(description: string): string[] {
  const first = description.split(/In order to|To specify|By prepending|Use `/)[0] ?? ''
  const quoted = [...first.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name ?? '')
  return quoted.length > 0
    ? quoted
    : [...first.matchAll(/\b[a-z]+_[a-z]+\b|\busername\b/g)].map(([name]) => name)
}

function operationsOf(document: Document): Json[] {
  const resolve = resolver(document)
  const content = (value: unknown): [form: boolean, schema: Json | undefined] => {
    const [type, one] = Object.entries(record(record(value).content))[0] ?? []
    return [type === 'multipart/form-data', one === undefined ? undefined : record(record(one).schema)]
  }
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    ['get', 'post', 'put', 'patch', 'delete'].flatMap((method) => {
      const operation = item[method]
      if (operation === undefined) return []
      const parameters = [...list(item.parameters), ...list(operation.parameters)].map(resolve)
      const named = (where: string) => parameters.filter((one) => one.in === where)
      const fields = (some: Json[]): Record<string, Json> =>
        Object.fromEntries(some.map((one) => [String(one.name), normalise(record(one.schema))]))
      const query = named('query')
      const required = query.filter((one) => one.required === true).map(({ name }) => name)
      const choices = Object.entries(fields(named('path'))).filter(([, schema]) => schema.enum !== undefined)
      const order = query.find(({ name }) => name === 'order_by')
      const [form, body] = content(operation.requestBody && resolve(record(operation.requestBody)))
      const [status, answer] =
        Object.entries(record(operation.responses)).find(([code]) => /^2/.test(code)) ?? []
      const [, response] = content(resolve(record(answer)))
      return [
        {
          id: operation.operationId,
          method: method.toUpperCase(),
          path,
          ...(choices.length > 0 ? { pathParameters: Object.fromEntries(choices) } : {}),
          ...(query.length > 0 ? { query: { type: 'object', properties: fields(query), required } } : {}),
          ...(order ? { order: orderFields(String(order.description)) } : {}),
          ...(body ? { body: mergeDeep(normalise(body), schemasOf(document)) } : {}),
          ...(form ? { form: true } : {}),
          status: Number(status ?? 200),
          ...(response ? { response: mergeDeep(normalise(response), schemasOf(document)) } : {}),
          ...(Array.isArray(operation.security) && operation.security.length === 0 ? { public: true } : {}),
        },
      ]
    }),
  )
}

function schemasOf(document: Document): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [name, normalise(schema)]),
  )
}

const flatSchemas = (document: Document): Record<string, unknown> => {
  const schemas = schemasOf(document)
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, mergeDeep(schema, schemas)]),
  )
}

/** Definitions of the events that differ from the API's of the same name are called `event.Name`. */
function eventDefinitions(document: Document, known: Record<string, unknown>): Record<string, unknown> {
  const own = flatSchemas(document)
  let differing = new Set<string>()
  const differs = (name: string) =>
    JSON.stringify(own[name]) !== JSON.stringify(known[name]) ||
    [...differing].some((other) => JSON.stringify(own[name]).includes(`"#/$defs/${other}"`))
  for (let size = -1; size !== differing.size; ) {
    size = differing.size
    differing = new Set(Object.keys(own).filter(differs))
  }
  return Object.fromEntries([...differing].map((name) => [`event.${name}`, own[name]]))
}

function eventsOf(document: Document): Record<string, unknown> {
  const schemas = schemasOf(document)
  return Object.fromEntries(
    Object.entries(document['x-webhooks'] ?? {}).map(([type, item]) => {
      const { requestBody } = record(item.post)
      const json = record(record(record(requestBody).content)['application/json'])
      return [type, mergeDeep(normalise(record(json.schema)), schemas)]
    }),
  )
}

const [apiFile, webhookFile] = process.argv.slice(2)
if (!apiFile || !webhookFile) throw new Error('Usage: tsx tools/make-tables.ts BAPI.yml WEBHOOKS.yml')
const read = (file: string) => parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 }) as Document
const api = read(apiFile)
const webhooks = read(webhookFile)
const notice = readFileSync(join(dirname(apiFile), 'LICENSE'), 'utf8')
  .trim()
  .split('\n')
const target = join(import.meta.dirname, '..', 'src', 'tables')

const header = (version: string) =>
  [
    `/*! Derived from Clerk's OpenAPI document ${version} by tools/make-tables.ts: names, types and formats. Do not edit.`,
    ' *',
    ...notice.map((line) => ` * ${line}`.trimEnd()),
    ' */',
  ].join('\n')
const lines = (of: Record<string, unknown>) =>
  Object.entries(of).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)

const operations = operationsOf(api)
writeFileSync(
  join(target, 'operations.ts'),
  `${header(api.info.version)}
import type { Operation } from '../server/operation.js'

export type OperationId =
${operations.map(({ id }) => `  | '${String(id)}'\n`).join('')}
export const operations: readonly Operation[] = [
${operations.map((one) => `  ${JSON.stringify(one)},\n`).join('')}]
`,
)
const definitions = flatSchemas(api)
const eventOnly = eventDefinitions(webhooks, definitions)
const renamed = (text: string) =>
  text.replaceAll(/"#\/\$defs\/([^"]+)"/g, (whole, name: string) =>
    Object.hasOwn(eventOnly, `event.${name}`) ? `"#/$defs/event.${name}"` : whole,
  )
const events = eventsOf(webhooks)

writeFileSync(
  join(target, 'schemas.ts'),
  `${header(`${api.info.version}, and of the webhooks ${webhooks.info.version}`)}
import type { Schema } from '../server/operation.js'

export const schemas: Readonly<Record<string, Schema>> = {
${lines(definitions).join('')}${renamed(lines(eventOnly).join(''))}}

/** The events by their type. */
export const events: Readonly<Record<string, Schema>> = {
${renamed(lines(events).join(''))}}
`,
)
