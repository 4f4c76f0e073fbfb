import { resolve, type Schema } from './operation.js'

type Project = (value: unknown) => unknown

const same: Project = (value) => value
const made = new WeakMap<Schema, Project>()

/**
 * What an answer shows: the fields its schema names, so that what is stored beside them (secrets, digests) stays here.
 * An object without named fields, as metadata, is shown whole.
 */
export function projection(given: Schema): Project {
  const schema = resolve(given)
  const known = made.get(schema)
  if (known) return known
  // Schemas refer to themselves.
  made.set(schema, (value) => project(value))
  const project = build(schema)
  made.set(schema, project)
  return project
}

function build(schema: Schema): Project {
  if (schema.anyOf && !schema.properties) {
    const objects = schema.anyOf.filter((one) => resolve(one).type !== 'null')
    const [only] = objects
    if (objects.length !== 1 || only === undefined) return same
    const project = projection(only)
    return project === same ? same : (value) => (value === null ? null : project(value))
  }
  if (schema.items) {
    const project = projection(schema.items)
    return project === same ? same : (value) => (Array.isArray(value) ? value.map(project) : value)
  }
  if (!schema.properties) return same
  const { properties, required = [] } = schema
  const fields = [...new Set([...Object.keys(properties), ...required])].map(
    (name) => [name, projection(properties[name] ?? {})] as const,
  )
  return (value) => {
    if (typeof value !== 'object' || value === null) return value
    const shown: Record<string, unknown> = {}
    for (const [name, project] of fields) {
      const field = (value as Record<string, unknown>)[name]
      if (field !== undefined) shown[name] = project === same ? field : project(field)
    }
    return shown
  }
}

/** An object with every field its schema requires: null where that is allowed, else empty. */
export function blank(given: Schema): Record<string, unknown> {
  const schema = resolve(given)
  const object: Record<string, unknown> = {}
  for (const name of schema.required ?? []) object[name] = empty(schema.properties?.[name] ?? {})
  return object
}

function empty(given: Schema): unknown {
  const schema = resolve(given)
  if (schema.anyOf && !schema.properties) {
    return schema.anyOf.some((one) => one.type === 'null') ? null : empty(schema.anyOf[0] ?? {})
  }
  const type = typeof schema.type === 'string' ? schema.type : undefined
  if (schema.enum?.length === 1) return schema.enum[0]
  if (schema.type === undefined || type === undefined) return null
  if (schema.default !== undefined) return schema.default
  if (schema.enum) return schema.enum[0]
  if (type === 'object') return blank(schema)
  return { string: '', boolean: false, integer: 0, number: 0, array: [] }[type] ?? null
}
