import type { ConfigurationProblem } from '@acme/clerk-core'
import type { Document } from 'mongodb'
import type { CollectionDefinition } from './definitions.js'

/** Marks a name as the application's, where it could be taken for a field of ours. */
const OWN = '='

const OPERATORS = new Set([
  ...['$set', '$unset', '$setOnInsert', '$inc', '$min', '$max', '$currentDate'],
  ...['$addToSet', '$push', '$pull'],
])
const JUNCTIONS = new Set(['$and', '$or', '$nor'])

const mapKeys = (object: Document, rename: (name: string) => string | null): Document =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => {
      const renamed = rename(name)
      return renamed === null ? [] : [[renamed, value] as const]
    }),
  )

/** Root of a path, and the rest with its dot. */
function split(path: string): [root: string, rest: string] {
  const dot = path.indexOf('.')
  return dot < 0 ? [path, ''] : [path.slice(0, dot), path.slice(dot)]
}

/**
 * The fields of one collection's documents under the names that the stores use, and back. What is written goes through
 * {@link update}, which knows the names of the definition and no others: no write reaches a field of the application's.
 */
export class Columns {
  readonly definition: CollectionDefinition
  readonly #columnOf: ReadonlyMap<string, string | null>
  readonly #fieldOf: ReadonlyMap<string, string>

  /** @param given the `fields` of the options, free of {@link problemsOf} */
  constructor(definition: CollectionDefinition, given: object = {}) {
    this.definition = definition
    this.#columnOf = columnsOf(definition, given)
    this.#fieldOf = new Map(
      [...this.#columnOf].flatMap(([field, name]) => (name === null ? [] : [[name, field]])),
    )
  }

  /** Whether the documents have the field at all. */
  has(field: string): boolean {
    return this.#columnOf.get(field) != null
  }

  /** Fields that the documents do not have. */
  unstored(): readonly string[] {
    return Object.keys(this.definition.fields).filter((field) => !this.has(field))
  }

  /** Name of a field in the documents; of the application's own fields too. */
  column(field: string): string {
    return this.#path(field) ?? field
  }

  /** A field of the documents under the stores' name; one of the application's never looks like one of ours. */
  field(column: string): string {
    return this.#fieldOf.get(column) ?? `${OWN}${column}`
  }

  /**
   * A document as the stores see it. A field of the application's that has the name of one of ours, which is mapped
   * elsewhere, is marked as the application's.
   */
  read(document: Document): Document {
    return mapKeys(document, (column) => {
      const field = this.#fieldOf.get(column)
      if (field !== undefined) return field
      return this.#columnOf.has(column) ? `${OWN}${column}` : column
    })
  }

  /** Of a document that was {@link read}, the value of a field of the documents, the application's own too. */
  value(document: Document, column: string): unknown {
    const field = this.field(column)
    return document[this.#fieldOf.has(column) || this.#columnOf.has(column) ? field : column]
  }

  /** Of a document that was {@link read}, the fields of ours. */
  ours(document: Document): Document {
    return mapKeys(document, (name) => (this.#columnOf.has(name) ? name : null))
  }

  /** Fields by the stores' names, without those that the documents do not have. */
  stored(fields: Document): Document {
    return mapKeys(fields, (field) => (this.has(field) ? field : null))
  }

  /** What the application gives a new row, by names of its own. */
  given(columns: object): Document {
    return mapKeys(columns, (column) => {
      const [root, rest] = split(column)
      if (column === '_id') return column
      if (this.#fieldOf.has(root)) return rest === '' ? this.field(root) : null
      return `${OWN}${column}`
    })
  }

  /**
   * A document that was {@link read} as callers get it: what is mapped under its own name as well, as the application's code
   * may look for it, and without what ours hides.
   */
  named(document: Document): Document {
    const isHidden = (name: string) => name.startsWith(OWN) && this.#columnOf.has(name.slice(OWN.length))
    const row = mapKeys(document, (name) => (isHidden(name) ? null : name))
    const aliases = [...this.#fieldOf].filter(
      ([column, field]) => field in row && !this.#columnOf.has(column) && column !== 'id',
    )
    return { ...row, ...Object.fromEntries(aliases.map(([column, field]) => [column, row[field]])) }
  }

  filter(filter: Document): Document {
    return Object.fromEntries(
      Object.entries(filter).map(([name, value]) => {
        if (JUNCTIONS.has(name)) return [name, (value as Document[]).map((part) => this.filter(part))]
        const path = this.#path(name)
        if (path === null) throw new Error(`\`${name}\` is not stored, so that nothing can be found by it.`)
        return [path, value]
      }),
    )
  }

  update(update: Document): Document {
    const operators = Object.entries(update).map(([operator, fields]) => {
      if (!OPERATORS.has(operator)) throw new Error(`\`${operator}\` is no operator of the stores.`)
      return [operator, this.keys(fields)] as const
    })
    return Object.fromEntries(operators.filter(([, fields]) => Object.keys(fields).length > 0))
  }

  /** Projections, orders and keys of indexes. */
  keys(keys: Document): Document {
    return mapKeys(keys, (name) => this.#path(name))
  }

  /** `null`: not stored. */
  #path(name: string): string | null {
    if (name === '_id') return name
    if (name.startsWith(OWN)) return name.slice(OWN.length)
    const [root, rest] = split(name)
    const column = this.#columnOf.get(root)
    if (column === undefined) throw new Error(`\`${root}\` is no field of ${this.definition.option}.`)
    return column === null ? null : `${column}${rest}`
  }
}

function columnsOf({ fields }: CollectionDefinition, given: object): Map<string, string | null> {
  const names = new Map<string, string | null | undefined>(Object.entries(given))
  return new Map(
    Object.keys(fields).map((field) => {
      const name = names.get(field)
      return [field, name === undefined ? field : name]
    }),
  )
}

const isOfPrototype = (name: string) => name in Object.prototype || name === 'prototype'

/** What is wrong with the `fields` of the options. */
export function problemsOf(definition: CollectionDefinition, given: object = {}): ConfigurationProblem[] {
  const problem = (field: string, message: string, remedy: string): ConfigurationProblem => ({
    option: `mongoStore ${definition.option}.fields.${field}`,
    message,
    remedy,
  })
  const wrong = Object.entries(given).flatMap(([field, column]: [string, unknown]) => {
    if (column === undefined) return []
    if (!Object.hasOwn(definition.fields, field)) {
      return problem(
        field,
        'is no field of the store.',
        `Known are ${Object.keys(definition.fields).join(', ')}.`,
      )
    }
    if (column === null) {
      return definition.fields[field]?.presence === 'optional'
        ? []
        : problem(field, 'cannot be null: the store needs it.', 'Name a field of the documents.')
    }
    if (typeof column !== 'string' || column === '') {
      return problem(field, 'must be the name of a field.', 'Name a field of the documents.')
    }
    if (column === '_id') {
      return problem(
        field,
        'cannot be `_id`, which is the row’s own.',
        'Name another field; `newId` makes the `_id`.',
      )
    }
    if (/[$.\0]/.test(column)) {
      return problem(
        field,
        'cannot have `$`, `.` or NUL in its name.',
        'Name a field at the top of the document.',
      )
    }
    if (isOfPrototype(column)) {
      return problem(
        field,
        'cannot have the name of a property that every object has.',
        'Name another field.',
      )
    }
    return []
  })
  if (wrong.length > 0) return wrong
  const columns = [...columnsOf(definition, given)]
  return columns.flatMap(([field, column], position) => {
    const other = columns.slice(0, position).find(([, one]) => one !== null && one === column)
    return other === undefined
      ? []
      : problem(
          field,
          `has the same name as \`${other[0]}\`: ${column}.`,
          'Give each field a name of its own.',
        )
  })
}
