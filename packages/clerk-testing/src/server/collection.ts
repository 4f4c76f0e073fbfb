import { type IdPrefix, newId } from '../resources/ids.js'
import type { Entity, Instance, TableName } from '../resources/instance.js'
import { touch } from '../resources/instance.js'
import { answerList, isIdOf, order, type Reads } from '../resources/lists.js'
import type { OperationId } from '../tables/operations.js'
import { events as knownEvents, schemas } from '../tables/schemas.js'
import { type ApiCall, action, type Binding, type BindingOptions } from './api.js'
import type { Fields } from './check.js'
import { notFound, takenIdentifier } from './errors.js'
import { type Operation, operations, resolve, type Schema } from './operation.js'
import { blank } from './project.js'

/** Whether an entity passes the value of one query parameter. */
export type Filter<T> = (entity: T, value: never, instance: Instance) => boolean

export interface CollectionOptions<T extends Entity> {
  /** `/redirect_urls`: what the table has at this path, and at this path with an id, is bound. */
  readonly path: string
  readonly table: TableName
  /** Name of its schema: an object has each of its required fields. */
  readonly schema: string | Schema
  readonly idPrefix: IdPrefix
  /** What a 404 calls it. Default: `object` of the schema. */
  readonly noun?: string
  /** The object a nested path is below. */
  readonly parent?: { readonly field: string; find(instance: Instance, reference: string): Entity }
  /** Fields that may stand beside the id in the path. */
  readonly keys?: readonly string[]
  /** Fields of which no two may be equal. */
  readonly unique?: readonly string[]
  /** `role`: sends `role.created` and so on. */
  readonly events?: string
  /** Fields that `query` looks into, beside the id. Default: name. */
  readonly search?: readonly string[]
  readonly filters?: Readonly<Record<string, Filter<T>>>
  /** Fields to order by that are not fields of the object. */
  readonly reads?: Reads<T>
  /** Newest first unless the request says otherwise. */
  readonly fallbackOrder?: string
  /** Further operations that list it, without a parent. */
  readonly alsoLists?: readonly OperationId[]
  /** Operations to leave to an `action`. */
  readonly except?: readonly OperationId[]
  /** The body of a request in the form that is compared and kept. */
  normalise?(body: Fields): Fields
  /** Before an object is looked at: what time has done to it. */
  prepare?(entity: T, instance: Instance): void
  /** Whether a list shows it at all. */
  visible?(entity: T, call: ApiCall): boolean
  /** Completes a new object whose fields were copied from the body. Throws what refuses it. */
  create?(entity: T, call: ApiCall, parent: Entity): void
  /** Changes it, in place of copying the fields of the body. */
  update?(entity: T, call: ApiCall): void
  /** Before it is removed. */
  remove?(entity: T, instance: Instance): void
  /** What is shown, where that is more than what is stored. */
  json?(entity: T, instance: Instance, call?: ApiCall): object
  readonly options?: BindingOptions
}

export interface Collection<T extends Entity> {
  readonly bindings: readonly Binding[]
  all(instance: Instance): T[]
  /** @throws {BackendError} 404 */
  find(instance: Instance, reference: string, parent?: string): T
  /** Adds an object with these fields, and sends its event. */
  add(instance: Instance, fields: Fields, complete?: (entity: T) => void): T
  changed(instance: Instance, entity: T): T
  json(instance: Instance, entity: T): object
}

/** The five operations of one kind of object, as the table has them. */
export function collection<T extends Entity>(options: CollectionOptions<T>): Collection<T> {
  const { path, table, idPrefix, parent, keys = [], unique = [], search = ['name'], events } = options
  const schema = typeof options.schema === 'string' ? (schemas[options.schema] ?? {}) : options.schema
  const shape = resolve(schema)
  const kind = String(shape.properties?.object?.enum?.[0] ?? table)
  const noun = options.noun ?? kind.replaceAll('_', ' ')
  const rows = ({ state }: Instance) => state[table] as unknown as Map<string, T>
  const json = options.json ?? ((entity: T) => entity)
  const emit = (instance: Instance, what: string, data: object) => {
    if (events && Object.hasOwn(knownEvents, `${events}.${what}`)) instance.emit(`${events}.${what}`, data)
  }
  const field = (entity: T, name: string) => (entity as unknown as Fields)[name]

  const find = (instance: Instance, reference: string, parentId?: string): T => {
    const entity =
      rows(instance).get(reference) ??
      [...(keys.length > 0 ? rows(instance).values() : [])].find((one) =>
        keys.some((key) => field(one, key) === reference),
      )
    if (entity) options.prepare?.(entity, instance)
    if (!entity || (parent && parentId !== undefined && field(entity, parent.field) !== parentId))
      throw notFound(noun)
    return entity
  }

  const assertUnique = (instance: Instance, fields: Fields, self?: T) => {
    for (const name of unique) {
      const value = fields[name]
      if (value === undefined || value === null || (self && field(self, name) === value)) continue
      for (const other of rows(instance).values()) {
        if (other !== self && field(other, name) === value) throw takenIdentifier(name)
      }
    }
  }

  const add: Collection<T>['add'] = (instance, fields, complete) => {
    assertUnique(instance, fields)
    const now = instance.now()
    const entity = {
      ...blank(shape),
      ...('instance_id' in (shape.properties ?? {}) ? { instance_id: instance.instanceId } : {}),
      ...known(shape, fields),
      id: newId(idPrefix),
      created_at: now,
      updated_at: now,
    } as unknown as T
    complete?.(entity)
    rows(instance).set(entity.id, entity)
    emit(instance, 'created', json(entity, instance))
    return entity
  }

  const changed = (instance: Instance, entity: T): T => {
    touch(instance, entity)
    emit(instance, 'updated', json(entity, instance))
    return entity
  }

  const parentOf = ({ instance, path: given }: ApiCall): Entity | undefined =>
    parent?.find(instance, Object.values(given)[0] ?? '')
  const target = (call: ApiCall): T =>
    find(call.instance, Object.values(call.path).at(-1) ?? '', parentOf(call)?.id)

  const list = (call: ApiCall, owner: Entity | undefined) => {
    const own = [...rows(call.instance).values()].filter((entity) => {
      options.prepare?.(entity, call.instance)
      return !parent || !owner || field(entity, parent.field) === owner.id
    })
    const shown = own.filter((entity) => options.visible?.(entity, call) ?? true)
    const found = matching(shown, call, { search, filters: options.filters ?? {} })
    const sorted = order(found, call, options.reads ?? {}, options.fallbackOrder)
    return answerList(call, sorted, (entity) => json(entity, call.instance, call))
  }

  const handlers: Record<string, (call: ApiCall) => unknown> = {
    'GET ': (call) => list(call, parentOf(call)),
    'POST ': (call) => {
      const owner = parentOf(call)
      const { instance } = call
      const body = options.normalise?.(call.body) ?? call.body
      const entity = add(
        instance,
        { ...body, ...(parent && owner ? { [parent.field]: owner.id } : {}) },
        (made) => options.create?.(made, call, owner ?? made),
      )
      return json(entity, instance, call)
    },
    'GET /': (call) => json(target(call), call.instance, call),
    'PATCH /': (call) => {
      const entity = target(call)
      assertUnique(call.instance, options.normalise?.(call.body) ?? call.body, entity)
      if (options.update) options.update(entity, call)
      else Object.assign(entity, known(shape, call.body))
      return json(changed(call.instance, entity), call.instance, call)
    },
    'DELETE /': (call) => {
      const entity = target(call)
      options.remove?.(entity, call.instance)
      rows(call.instance).delete(entity.id)
      const deleted = { id: entity.id, object: kind, deleted: true }
      emit(call.instance, 'deleted', deleted)
      return deleted
    },
  }

  const bindings = operations.flatMap((operation) => {
    const id = operation.id as OperationId
    const handle = options.alsoLists?.includes(id)
      ? (call: ApiCall) => list(call, undefined)
      : handlers[placeOf(operation, path)]
    if (!handle || options.except?.includes(id)) return []
    return [action(operation, handle, options.options)]
  })
  return {
    bindings,
    all: (instance) => [...rows(instance).values()],
    find,
    add,
    changed,
    json: (instance, entity) => json(entity, instance),
  }
}

/** `POST ` for the path itself, `POST /` for one object below it. */
function placeOf({ method, path }: Operation, base: string): string {
  if (path === base) return `${method} `
  return path.startsWith(`${base}/{`) && path.indexOf('/', base.length + 1) < 0 ? `${method} /` : ''
}

/** Those fields that the schema has. */
function known({ properties = {} }: Schema, fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => Object.hasOwn(properties, name) && value !== undefined),
  )
}

const paging = new Set(['limit', 'offset', 'order_by', 'paginated', 'query', 'starting_after'])

/** Every query parameter that is not about the page is a filter: its own, or equality with the field of its name. */
function matching<T extends Entity>(
  all: readonly T[],
  { query, instance }: ApiCall,
  { search, filters }: { search: readonly string[]; filters: Readonly<Record<string, Filter<T>>> },
): T[] {
  const tests: ((entity: Fields & T) => boolean)[] = []
  const needle = typeof query.query === 'string' ? query.query.toLowerCase() : ''
  if (needle) {
    const read = (entity: Fields, name: string) => String(entity[name] ?? '').toLowerCase()
    tests.push(
      (entity) => isIdOf(entity, needle) || search.some((name) => read(entity, name).includes(needle)),
    )
  }
  for (const [name, value] of Object.entries(query)) {
    if (paging.has(name)) continue
    const filter = Object.hasOwn(filters, name) ? filters[name] : undefined
    if (filter) tests.push((entity) => filter(entity, value as never, instance))
    else if (Array.isArray(value)) tests.push((entity) => value.length === 0 || value.includes(entity[name]))
    else tests.push((entity) => entity[name] === value)
  }
  return tests.length === 0
    ? [...all]
    : (all as (Fields & T)[]).filter((entity) => tests.every((test) => test(entity)))
}
