import type {
  BulkWriteResult,
  Collection,
  CreateIndexesOptions,
  Document,
  Filter,
  UpdateFilter,
  UpdateResult,
} from 'mongodb'
import type { Columns } from './columns.js'
import { fromDriver } from './errors.js'

/** What a query finds, under the stores' names. */
export interface Rows<D extends Document> extends AsyncIterable<D> {
  sort(order: Document): Rows<D>
  limit(count: number): Rows<D>
  toArray(): Promise<D[]>
}

interface FindAndUpdate {
  readonly upsert?: boolean
  readonly returnDocument: 'before' | 'after'
  readonly projection?: Document
}

/** What became of several writes. */
export interface WrittenEach {
  readonly inserted: ReadonlySet<number>
  /** A unique value was taken. */
  readonly refused: ReadonlySet<number>
  /** How many of them found their row. */
  readonly matched: number
}

type Counts = Pick<BulkWriteResult, 'matchedCount' | 'upsertedIds'>

const writtenEach = ({ matchedCount, upsertedIds }: Counts, refused: readonly number[]): WrittenEach => ({
  inserted: new Set(Object.keys(upsertedIds).map(Number)),
  refused: new Set(refused),
  matched: matchedCount,
})

/** Which of several writes met a taken value; `null`: something else is wrong as well. */
function duplicatesOf(error: unknown): readonly number[] | null {
  if (!(error instanceof Error) || !('writeErrors' in error) || !('upsertedIds' in error)) return null
  const errors = [error.writeErrors].flat() as readonly { readonly code: unknown; readonly index: number }[]
  const isDuplicate = ({ code }: { readonly code: unknown }) => code === 11000 || code === 11001
  return errors.length > 0 && errors.every(isDuplicate) ? errors.map(({ index }) => index) : null
}

/**
 * A collection of the application's under the names that the stores use, and what the stores ask of it. Every error of
 * the driver leaves it as one of ours, without a value.
 */
export class MappedCollection<D extends Document = Document> {
  readonly columns: Columns
  readonly #collection: Collection

  constructor(collection: Collection, columns: Columns) {
    this.#collection = collection
    this.columns = columns
  }

  get collectionName(): string {
    return this.#collection.collectionName
  }

  async findOne(filter: Filter<D>, options: { projection?: Document } = {}): Promise<D | null> {
    return this.#read(
      await this.#run(() => this.#collection.findOne(this.columns.filter(filter), this.#projected(options))),
    )
  }

  find(
    filter: Filter<D>,
    { batchSize, ...options }: { projection?: Document; batchSize?: number } = {},
  ): Rows<D> {
    const cursor = this.#collection.find(this.columns.filter(filter), {
      ...this.#projected(options),
      ...(batchSize !== undefined && { batchSize }),
    })
    const next = () => this.#run(() => cursor.next())
    const rows: Rows<D> = {
      sort: (order) => {
        cursor.sort(this.columns.keys(order))
        return rows
      },
      limit: (count) => {
        cursor.limit(count)
        return rows
      },
      toArray: async () => (await this.#run(() => cursor.toArray())).map((document) => this.#read(document)),
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const document = await next()
          return document === null
            ? { done: true, value: undefined }
            : { done: false, value: this.#read(document) }
        },
        return: async () => {
          await this.#run(() => cursor.close())
          return { done: true, value: undefined }
        },
      }),
    }
    return rows
  }

  async findOneAndUpdate(
    filter: Filter<D>,
    update: UpdateFilter<D>,
    { projection, ...options }: FindAndUpdate,
  ): Promise<D | null> {
    return this.#read(
      await this.#run(() =>
        this.#collection.findOneAndUpdate(this.columns.filter(filter), this.columns.update(update), {
          ...options,
          ...(projection !== undefined && this.#projected({ projection })),
        }),
      ),
    )
  }

  updateOne(
    filter: Filter<D>,
    update: UpdateFilter<D>,
    options: { upsert?: boolean } = {},
  ): Promise<UpdateResult> {
    return this.#run(() =>
      this.#collection.updateOne(this.columns.filter(filter), this.columns.update(update), options),
    )
  }

  updateMany(filter: Filter<D>, update: UpdateFilter<D>): Promise<UpdateResult> {
    return this.#run(() =>
      this.#collection.updateMany(this.columns.filter(filter), this.columns.update(update)),
    )
  }

  /** Several updates of single rows, in any order. Answers how many rows were changed. */
  async updateEach(updates: readonly { filter: Filter<D>; update: UpdateFilter<D> }[]): Promise<number> {
    const operations = updates.map(({ filter, update }) => ({
      updateOne: { filter: this.columns.filter(filter), update: this.columns.update(update) },
    }))
    return (await this.#run(() => this.#collection.bulkWrite(operations, { ordered: false }))).modifiedCount
  }

  /**
   * The same, some of them upserts. A row whose unique value is taken is refused, and the others are written. Indexes are
   * those of `updates`.
   */
  async writeEach(
    updates: readonly { filter: Filter<D>; update: UpdateFilter<D>; upsert: boolean }[],
  ): Promise<WrittenEach> {
    const operations = updates.map(({ filter, update, upsert }) => ({
      updateOne: { filter: this.columns.filter(filter), update: this.columns.update(update), upsert },
    }))
    return this.#run(async () => {
      try {
        return writtenEach(await this.#collection.bulkWrite(operations, { ordered: false }), [])
      } catch (error) {
        const refused = duplicatesOf(error)
        if (refused === null) throw error
        return writtenEach(error as Counts, refused)
      }
    })
  }

  async deleteMany(filter: Filter<D>): Promise<number> {
    return (await this.#run(() => this.#collection.deleteMany(this.columns.filter(filter)))).deletedCount
  }

  /** As the database lists them, by names of the documents. */
  indexes(): Promise<Document[]> {
    return this.#run(() => this.#collection.indexes())
  }

  /** What the collection was made with: a validator, for instance. The collection must be there. */
  options(): Promise<Document> {
    return this.#run(() => this.#collection.options())
  }

  /** @param key by names of the stores */
  createIndex(key: Document, options: CreateIndexesOptions & { name: string }): Promise<string> {
    return this.#run(() => this.#collection.createIndex(this.columns.keys(key), options), options.name)
  }

  #projected({ projection }: { projection?: Document }): { projection?: Document } {
    return projection === undefined ? {} : { projection: this.columns.keys(projection) }
  }

  #read(document: Document): D
  #read(document: Document | null): D | null
  #read(document: Document | null): D | null {
    return document === null ? null : (this.columns.read(document) as D)
  }

  #run<T>(operation: () => Promise<T>, index?: string): Promise<T> {
    return fromDriver(operation, this.collectionName, index)
  }
}
