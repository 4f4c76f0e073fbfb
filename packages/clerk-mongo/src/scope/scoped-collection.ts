import {
  CLERK_OPTION,
  checkText,
  currentOrganizationId,
  type OptionRules,
  readOptions,
  rule,
} from '@acme/clerk-core/store'
import type {
  AnyBulkWriteOperation,
  BulkWriteOptions,
  BulkWriteResult,
  ClientSession,
  Collection,
  DeleteResult,
  Document,
  Filter,
  InsertManyResult,
  InsertOneResult,
  OptionalUnlessRequiredId,
  Sort,
  UpdateFilter,
  UpdateResult,
  WithId,
  WithoutId,
} from 'mongodb'
import type { MongoCollection } from '../driver.js'
import { type ScopedCursor, scopedCursor } from './cursor.js'
import { asDocument } from './documents.js'
import { confineComparing, confineOptions } from './options.js'
import { confinePipeline } from './pipeline.js'
import { confineFilter, confineUpdate, stamp, type Tenant } from './tenant.js'
import { TenantScopeError } from './tenant-scope-error.js'

export interface ReadOptions {
  session?: ClientSession
  projection?: Document
  sort?: Sort
  skip?: number
  limit?: number
  batchSize?: number
  hint?: string | Document
  maxTimeMS?: number
}

export interface WriteOptions {
  session?: ClientSession
  upsert?: boolean
  arrayFilters?: Document[]
  hint?: string | Document
}

export interface FindAndModifyOptions extends WriteOptions {
  projection?: Document
  sort?: Sort
  /** Default `'before'`. */
  returnDocument?: 'before' | 'after'
}

/**
 * The documents of one organisation in a collection that holds those of many. Every read and write is confined to them,
 * every document written is stamped. What cannot be confined throws a {@link TenantScopeError}, other methods of the
 * driver's collection included.
 */
export interface ScopedCollection<T extends Document> {
  find(filter?: Filter<T>, options?: ReadOptions): ScopedCursor<WithId<T>>
  findOne(filter?: Filter<T>, options?: ReadOptions): Promise<WithId<T> | null>
  countDocuments(filter?: Filter<T>, options?: ReadOptions): Promise<number>
  distinct(field: string, filter?: Filter<T>, options?: ReadOptions): Promise<unknown[]>
  /** Stages that stay within the collection's documents: no `$lookup`, `$unionWith`, `$graphLookup`, `$out`, `$merge`. */
  aggregate<R extends Document = Document>(
    pipeline: readonly Document[],
    options?: ReadOptions,
  ): ScopedCursor<R>

  insertOne(document: Unstamped<T>, options?: WriteOptions): Promise<InsertOneResult<T>>
  insertMany(documents: readonly Unstamped<T>[], options?: BulkWriteOptions): Promise<InsertManyResult<T>>
  updateOne(filter: Filter<T>, update: UpdateFilter<T>, options?: WriteOptions): Promise<UpdateResult<T>>
  updateMany(filter: Filter<T>, update: UpdateFilter<T>, options?: WriteOptions): Promise<UpdateResult<T>>
  replaceOne(
    filter: Filter<T>,
    document: Unstamped<WithoutId<T>>,
    options?: WriteOptions,
  ): Promise<UpdateResult<T>>
  deleteOne(filter?: Filter<T>, options?: WriteOptions): Promise<DeleteResult>
  deleteMany(filter?: Filter<T>, options?: WriteOptions): Promise<DeleteResult>
  findOneAndUpdate(
    filter: Filter<T>,
    update: UpdateFilter<T>,
    options?: FindAndModifyOptions,
  ): Promise<WithId<T> | null>
  findOneAndReplace(
    filter: Filter<T>,
    document: Unstamped<WithoutId<T>>,
    options?: FindAndModifyOptions,
  ): Promise<WithId<T> | null>
  findOneAndDelete(filter: Filter<T>, options?: FindAndModifyOptions): Promise<WithId<T> | null>
  bulkWrite(
    operations: readonly AnyBulkWriteOperation<T>[],
    options?: BulkWriteOptions,
  ): Promise<BulkWriteResult>
}

/** A document as it is handed over: the tenant's field may be left out. */
export type Unstamped<T> = Partial<OptionalUnlessRequiredId<T>>

export interface ScopeOptions {
  /** The field that holds the organisation's id. Default `orgId`. */
  field?: string
}

/** Instead of an id: the organisation of the request that is being answered. */
export interface RequestScope {
  readonly of: 'request'
  /** Whose requests count, where the middlewares of several clerks have been given `context: true`. */
  readonly clerk?: object
}

const SCOPE: OptionRules<ScopeOptions> = {
  field: rule.textOf((value) =>
    /^[A-Za-z][A-Za-z0-9_]*$/.test(value) && value !== '_id'
      ? { value }
      : { message: 'is not the name of a top-level field other than _id.', remedy: "Name one, as 'orgId'." },
  ),
}
const OF_REQUEST: OptionRules<RequestScope> = { of: rule.words('request'), clerk: CLERK_OPTION }

/**
 * Confines a collection to one organisation: a forgotten filter cannot show the documents of another.
 *
 * @param orgId Clerk's organisation id, from `auth.orgId`. With `{ of: 'request' }` one collection serves every request: each
 *   call is confined to the organisation of the request that is being answered (`currentAuth`; the middleware must have been
 *   given `context: true`), and throws {@link CurrentAuthError} or {@link DeniedError} where there is none
 * @throws {StoreInputError} for an id that is none, so that `null` never selects documents without an organisation
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function scopedCollection<T extends Document>(
  collection: MongoCollection<T>,
  orgId: string | RequestScope,
  options?: ScopeOptions,
): ScopedCollection<T> {
  const { field = 'orgId' } = readOptions('scopedCollection', options, SCOPE)
  const tenantId = tenantIdOf(orgId)
  return refuseOthers(
    scopedMethods(collection as unknown as Collection, {
      field,
      get id() {
        return tenantId()
      },
    }),
  ) as ScopedCollection<T>
}

function tenantIdOf(organization: string | RequestScope): () => string {
  if (typeof organization === 'object' && organization !== null && organization.of === 'request') {
    const { clerk } = readOptions('scopedCollection', organization, OF_REQUEST)
    return () => currentOrganizationId(clerk)
  }
  checkText(organization, 'orgId')
  return () => organization
}

function scopedMethods(collection: Collection, tenant: Tenant) {
  const within = (filter?: unknown) => confineFilter(tenant, filter)
  const operations = bulkOperations(tenant)
  /** Filter, update and options of an update, in the driver's order. */
  const update = (filter: unknown, changes: unknown, options?: unknown) => {
    const safe = confineComparing(options)
    return [within(filter), confineUpdate(tenant, changes, safe.upsert === true), safe] as const
  }
  const replacement = (filter: unknown, document: unknown, options?: unknown) =>
    [within(filter), stamp(tenant, document), confineComparing(options)] as const

  return {
    find: (filter?: unknown, options?: unknown) =>
      scopedCursor(collection.find(within(filter), confineComparing(options))),
    findOne: async (filter?: unknown, options?: unknown) =>
      collection.findOne(within(filter), confineComparing(options)),
    countDocuments: async (filter?: unknown, options?: unknown) =>
      collection.countDocuments(within(filter), confineComparing(options)),
    distinct: async (name: unknown, filter?: unknown, options?: unknown) =>
      collection.distinct(nameOf(name), within(filter), confineComparing(options)),
    aggregate: (pipeline: unknown, options?: unknown) =>
      scopedCursor(collection.aggregate(confinePipeline(tenant, pipeline), confineComparing(options))),

    insertOne: async (document: unknown, options?: unknown) =>
      collection.insertOne(stamp(tenant, document), confineOptions(options)),
    insertMany: async (documents: unknown, options?: unknown) =>
      collection.insertMany(
        listOf(documents, 'Documents').map((document) => stamp(tenant, document)),
        confineOptions(options),
      ),
    updateOne: async (...call: Parameters<typeof update>) => collection.updateOne(...update(...call)),
    updateMany: async (...call: Parameters<typeof update>) => collection.updateMany(...update(...call)),
    replaceOne: async (...call: Parameters<typeof update>) => collection.replaceOne(...replacement(...call)),
    deleteOne: async (filter?: unknown, options?: unknown) =>
      collection.deleteOne(within(filter), confineComparing(options)),
    deleteMany: async (filter?: unknown, options?: unknown) =>
      collection.deleteMany(within(filter), confineComparing(options)),
    findOneAndUpdate: async (...call: Parameters<typeof update>) =>
      collection.findOneAndUpdate(...update(...call)),
    findOneAndReplace: async (...call: Parameters<typeof update>) =>
      collection.findOneAndReplace(...replacement(...call)),
    findOneAndDelete: async (filter: unknown, options?: unknown) =>
      collection.findOneAndDelete(within(filter), confineComparing(options)),
    bulkWrite: async (calls: unknown, options?: unknown) =>
      collection.bulkWrite(listOf(calls, 'Operations').map(operations), confineOptions(options)),
  }
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TenantScopeError(`${what} must be an array.`)
}

function nameOf(field: unknown): string {
  if (typeof field === 'string') return field
  throw new TenantScopeError('The field of distinct must be its name.')
}

/** One operation of a bulk write: what it selects, what it writes, and the few options it may have. */
function bulkOperations(tenant: Tenant) {
  type Call = {
    filter?: unknown
    update?: unknown
    replacement?: unknown
    document?: unknown
    upsert?: unknown
  }
  const optionsOf = ({ filter: _f, update: _u, replacement: _r, document: _d, ...options }: Call) => options
  const filter = (call: Call) => ({
    ...confineComparing(optionsOf(call)),
    filter: confineFilter(tenant, call.filter),
  })
  const update = (call: Call) => ({
    ...filter(call),
    update: confineUpdate(tenant, call.update, call.upsert === true),
  })
  const confine: Record<string, (call: Call) => Document> = {
    insertOne: (call) => ({ ...confineOptions(optionsOf(call)), document: stamp(tenant, call.document) }),
    updateOne: update,
    updateMany: update,
    replaceOne: (call) => ({ ...filter(call), replacement: stamp(tenant, call.replacement) }),
    deleteOne: filter,
    deleteMany: filter,
  }
  return (operation: unknown): AnyBulkWriteOperation => {
    const [[name, call] = [], ...others] = Object.entries(asDocument(operation, 'An operation'))
    if (name === undefined || others.length > 0 || !Object.hasOwn(confine, name)) {
      throw new TenantScopeError(
        `A bulk write cannot confine ${name}: one of ${Object.keys(confine).join(', ')}.`,
      )
    }
    return { [name]: confine[name]?.(asDocument(call, name)) } as unknown as AnyBulkWriteOperation
  }
}

/** Every other name throws, so that plain JavaScript learns of a method that is missing on purpose. */
function refuseOthers<M extends object>(methods: M): M {
  return new Proxy(Object.freeze(Object.assign(Object.create(null), methods)), {
    get(target: M, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON') return undefined
      if (name in target) return target[name as keyof M]
      throw new TenantScopeError(
        `${name} cannot be confined to a tenant: use the collection itself, knowing what it reaches.`,
      )
    },
  })
}
