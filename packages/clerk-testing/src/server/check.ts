import { invalidParameter, invalidValue, missingParameter, unknownParameter } from './errors.js'
import { type Operation, resolve, type Schema } from './operation.js'

/** Parameters of a request whose table entry they have passed. */
export type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  array: Array.isArray,
  object: isRecord,
  null: (value) => value === null,
}

const typesOf = ({ type }: Schema) => (type === undefined ? [] : typeof type === 'string' ? [type] : type)

const article = (type: string) =>
  type === 'null' ? type : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type === 'object' ? 'JSON object' : type}`

/** @throws {BackendError} 422 with Clerk's code for what is wrong, naming the parameter */
export function check(given: Schema, value: unknown, name: string): void {
  const schema = resolve(given)
  if (schema.anyOf && !schema.properties) {
    if (!schema.anyOf.some((one) => fits(one, value))) throw invalidParameter(name, 'as documented')
    return
  }
  const allowed = typesOf(schema)
  if (allowed.length > 0 && !allowed.some((type) => types[type]?.(value) === true)) {
    throw invalidParameter(name, allowed.map(article).join(' or '))
  }
  if (schema.enum && !schema.enum.includes(value)) throw invalidValue(name, schema.enum)
  if (typeof value === 'number' && (value < (schema.minimum ?? value) || value > (schema.maximum ?? value))) {
    const { minimum = '-', maximum = '-' } = schema
    throw invalidParameter(name, `between ${minimum} and ${maximum}`)
  }
  if (typeof value === 'string') checkText(schema, value, name)
  if (Array.isArray(value)) {
    for (const [index, entry] of value.entries()) check(schema.items ?? {}, entry, `${name}[${index}]`)
  } else if (isRecord(value)) checkFields(schema, value, name)
}

function checkText(schema: Schema, value: string, name: string): void {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema
  if (value.length < minLength) throw invalidParameter(name, `of at least ${minLength} characters`)
  if (value.length > maxLength) throw invalidParameter(name, `of at most ${maxLength} characters`)
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    throw invalidParameter(name, `like ${pattern}`)
}

function checkFields(schema: Schema, value: Fields, name: string): void {
  const { properties, required = [] } = schema
  if (!properties) return
  const at = (field: string) => (name === 'body' ? field : `${name}.${field}`)
  for (const field of Object.keys(value)) {
    if (!Object.hasOwn(properties, field) && !schema.additionalProperties) throw unknownParameter(at(field))
  }
  for (const field of required) if (value[field] === undefined) throw missingParameter(at(field))
  for (const [field, one] of Object.entries(properties)) {
    if (value[field] !== undefined) check(one, value[field], at(field))
  }
}

function fits(schema: Schema, value: unknown): boolean {
  try {
    check(schema, value, 'body')
    return true
  } catch {
    return false
  }
}

/**
 * The body of a request, checked. Official clients send an optional parameter they were not given as null: that is the
 * same as leaving it out.
 * @throws {BackendError} 422 for a parameter that is unknown, missing or of the wrong form
 */
export function readBody(
  { body: given }: Operation,
  value: unknown,
  also: Schema['properties'] = {},
): unknown {
  if (!given) return {}
  const schema = resolve(given)
  if (schema.type === 'array') {
    check(schema, value, 'body')
    return value
  }
  const fields = value ?? {}
  if (!isRecord(fields)) throw invalidParameter('body', 'a JSON object')
  const properties = { ...schema.properties, ...also }
  const present = Object.entries(fields).filter(
    ([name, one]) => one !== null || acceptsNull(properties[name]) || schema.required?.includes(name),
  )
  const body = Object.fromEntries(present)
  check({ ...schema, properties }, body, 'body')
  return body
}

function acceptsNull(given: Schema | undefined): boolean {
  const schema = given && resolve(given)
  if (!schema) return true
  return schema.anyOf?.some(acceptsNull) ?? (schema.type === undefined || typesOf(schema).includes('null'))
}

/**
 * The query of a request, read by its types: lists repeat their name, also as `name[]` or with commas.
 * @throws {BackendError} 422
 */
export function readQuery(
  { query }: Pick<Operation, 'query'>,
  given: URLSearchParams,
  also: Schema['properties'] = {},
): Fields {
  const properties = { ...query?.properties, ...also }
  const read: Record<string, unknown> = {}
  for (const key of new Set(given.keys())) {
    const name = key.replace(/\[\]$/, '')
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!schema) throw unknownParameter(name)
    const value = meaning(schema, given.getAll(key))
    if (value === undefined) continue
    check(schema, value, name)
    read[name] = Array.isArray(value) ? [...((read[name] as unknown[]) ?? []), ...value] : value
  }
  for (const name of query?.required ?? []) if (read[name] === undefined) throw missingParameter(name)
  return read
}

function meaning(schema: Schema, values: readonly string[]): unknown {
  const [type = 'string'] = typesOf(schema)
  const [first = ''] = values
  if (type === 'array') return values.flatMap((value) => value.split(',')).filter(Boolean)
  if (type === 'string') return first
  if (first === '') return undefined
  if (type === 'boolean') return first === 'true' || (first === 'false' ? false : first)
  // Clients of languages that have no other number write 10.0.
  return /^-?\d+(\.0+)?$/.test(first) ? Number(first) : first
}
