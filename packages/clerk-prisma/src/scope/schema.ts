import type { ClientInternals, ModelDescription } from '../client/prisma-client.js'
import { readSchemaText, type WrittenField, type WrittenModel } from './schema-text.js'

/** A model of the client with its relations as the schema defines them. */
export interface SchemaModel {
  readonly name: string
  readonly fields: ReadonlyMap<string, SchemaField>
  readonly relations: ReadonlyMap<string, SchemaRelation>
}

interface SchemaField {
  readonly kind: string
  readonly type: string
  readonly list: boolean
  readonly optional: boolean
  readonly unique: boolean
}

/** One side of a relation. */
export interface SchemaRelation {
  readonly field: string
  /** The other model, by its name in the schema. */
  readonly target: string
  readonly many: boolean
  /** Columns of this model that refer to the other; empty on the other side, and where links have a table. */
  readonly columns: readonly string[]
  /** Fields of the other model that `columns` hold, in the same order. */
  readonly references: readonly string[]
  /** The same relation on the other model; `null` where the schema ignores that field. */
  readonly inverse: { readonly field: string; readonly many: boolean } | null
  readonly manyToMany: boolean
  /** Columns of the other model that refer to this one, and what the database does to them. */
  readonly referredBy: {
    readonly columns: readonly string[]
    readonly references: readonly string[]
    readonly onDelete: string
    readonly onUpdate: string
  } | null
}

export type Schema = ReadonlyMap<string, SchemaModel>

type Unreadable = { readonly unreadable: string }

const read = new WeakMap<object, Schema | Unreadable>()

/**
 * The schema the client was generated from. Prisma documents no way to it. What its client holds at run time is the list
 * of models (`_runtimeDataModel`, in Prisma 7 without cardinality and columns) and the text of the schema
 * (`_engineConfig.inlineSchema`). The text is read, and believed only where both agree on every field.
 */
export function schemaOf(client: ClientInternals): Schema | Unreadable {
  const runtime = client._runtimeDataModel
  if (typeof runtime !== 'object' || runtime === null) return { unreadable: 'it lists no models' }
  const known = read.get(runtime)
  if (known !== undefined) return known
  const schema = readSchema(runtime.models, inlineSchemaOf(client))
  read.set(runtime, schema)
  return schema
}

function inlineSchemaOf(client: ClientInternals): string | null {
  const config = (client as { _engineConfig?: { inlineSchema?: unknown } })._engineConfig
  return typeof config?.inlineSchema === 'string' ? config.inlineSchema : null
}

type RuntimeModels = Readonly<Record<string, Omit<ModelDescription, 'name'>>> | undefined

function readSchema(runtime: RuntimeModels, text: string | null): Schema | Unreadable {
  if (typeof runtime !== 'object' || runtime === null) return { unreadable: 'it lists no models' }
  if (text === null) return { unreadable: 'it does not hold the text of its schema' }
  try {
    const written = readSchemaText(text)
    const described = Object.entries(runtime).map(([name, model]) => ({ ...model, name }))
    return new Map(described.map((model) => [model.name, readModel(model, described, written)]))
  } catch (error) {
    if (error instanceof SyntaxError) return { unreadable: error.message }
    throw error
  }
}

type Described = readonly ModelDescription[]
type Written = ReadonlyMap<string, WrittenModel>

function writtenField(written: Written, model: string, field: ModelDescription['fields'][number]) {
  const found = written.get(model)?.fields.get(field.name)
  if (found === undefined || found.type !== field.type) {
    throw new SyntaxError(`its text and its models differ in \`${model}.${field.name}\``)
  }
  return found
}

function readModel(model: ModelDescription, described: Described, written: Written): SchemaModel {
  const fields = new Map<string, SchemaField>()
  const relations = new Map<string, SchemaRelation>()
  for (const field of model.fields) {
    if (field.kind === 'unsupported') continue
    const found = writtenField(written, model.name, field)
    const { type, list, optional, unique } = found
    fields.set(field.name, { kind: field.kind, type, list, optional, unique })
    if (field.relationName) relations.set(field.name, readRelation(model, field, found, described, written))
  }
  return { name: model.name, fields, relations }
}

function readRelation(
  model: ModelDescription,
  field: ModelDescription['fields'][number],
  found: WrittenField,
  described: Described,
  written: Written,
): SchemaRelation {
  const other = described.find(({ name }) => name === field.type)
  const back = other?.fields.filter(
    ({ name, relationName }) =>
      relationName === field.relationName && (other.name !== model.name || name !== field.name),
  )
  if (other === undefined || back === undefined || back.length > 1) {
    throw new SyntaxError(`the other side of \`${model.name}.${field.name}\` is not clear`)
  }
  const inverse = back[0] === undefined ? null : writtenField(written, other.name, back[0])
  const columns = found.relation?.fields ?? []
  const inverseColumns = inverse?.relation?.fields ?? []
  const manyToMany = found.list && inverse?.list === true
  if (inverse !== null && !manyToMany && columns.length > 0 === inverseColumns.length > 0) {
    throw new SyntaxError(`the columns of \`${model.name}.${field.name}\` are not clear`)
  }
  return {
    ...{ field: field.name, target: other.name, many: found.list, columns, manyToMany },
    references: found.relation?.references ?? [],
    inverse: inverse === null ? null : { field: inverse.name, many: inverse.list },
    referredBy:
      inverse === null || inverseColumns.length === 0
        ? null
        : {
            columns: inverseColumns,
            references: inverse.relation?.references ?? [],
            onDelete: inverse.relation?.onDelete ?? (inverse.optional ? 'SetNull' : 'Restrict'),
            onUpdate: inverse.relation?.onUpdate ?? 'Cascade',
          },
  }
}
