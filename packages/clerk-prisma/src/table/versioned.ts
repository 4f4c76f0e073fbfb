import {
  type ApplyOutcome,
  type Concession,
  type Contender,
  concessions,
  decideApply,
  EMPTY_USER,
  ERASED_VERSION,
  emptied,
  GROWING_TIMES,
  givesWay,
  type Holder,
  type IncomingRow as Incoming,
  isBareUser,
  laterTimes,
  type RowPage,
  storable,
  type Tombstone,
  tooManyWriters,
} from '@acme/clerk-core/store'
import { collationFault, isDuplicate, storeFault } from '../client/errors.js'
import type { Row } from '../client/prisma-client.js'
import { sameValue } from './same.js'
import type { Table, Values } from './table.js'

interface Applied {
  readonly row: Row
  readonly outcome: ApplyOutcome
}

/** Each repetition means that another writer got ahead. So many in a row are an outage. */
const MOST_ATTEMPTS = 6

/** As many new rows in a row are an import, and the next is taken for new too. */
const IMPORT = 10

/** Clerk touches a new user some more times while it is being created. */
const FIRST_MS = 5000

/**
 * The rule of convergence over one table: synced fields belong to the highest version seen, a deletion never goes.
 *
 * Every write is one statement whose condition is the state it was decided on, so no transaction is needed, and none
 * that is open is broken: a row that is there already is found out by `insert` answering `null`. That answer is never
 * taken for "stale": two writers may both have seen nothing and the older have inserted first, so the row is read and
 * the question asked again.
 */
export class Versioned {
  readonly table: Table
  readonly #uniqueFields: () => Promise<ReadonlySet<string>>
  /** How many in a row were new. */
  #created = 0

  constructor(table: Table, uniqueFields: () => Promise<ReadonlySet<string>>) {
    this.table = table
    this.#uniqueFields = uniqueFields
  }

  /** A collation that ignores case answers with the row of another id. */
  async find(clerkId: string): Promise<Row | null> {
    const row = await this.table.find({ clerkId })
    if (row !== null && row.clerkId !== clerkId) {
      throw collationFault(this.table.model, this.table.columns.get('clerkId') ?? 'clerkId')
    }
    return row
  }

  /** Of these ids. */
  async findMany(clerkIds: readonly string[]): Promise<Row[]> {
    const rows = await this.table.findMany({ where: { clerkId: { in: [...clerkIds] } } })
    const asked: ReadonlySet<unknown> = new Set(clerkIds)
    if (rows.some(({ clerkId }) => !asked.has(clerkId))) {
      throw collationFault(this.table.model, this.table.columns.get('clerkId') ?? 'clerkId')
    }
    return rows
  }

  /** A page of the rows that have a Clerk id, in the database's order of them. */
  page({ after, limit }: RowPage): Promise<Row[]> {
    return this.table.findMany({
      where: { clerkId: { gt: after ?? '' } },
      orderBy: [{ clerkId: 'asc' }],
      take: limit,
    })
  }

  /**
   * `apply` for rows that have nothing to do with each other: those that are new in one statement, and what would change
   * nothing in none. `null`: `apply` has to decide.
   *
   * @param known the rows, as they were just read
   */
  async applyEach(
    incoming: readonly Incoming[],
    known: ReadonlyMap<unknown, Row>,
  ): Promise<readonly (ApplyOutcome | null)[]> {
    const unique = [...(await this.#uniqueFields())].filter((field) => this.table.has(field))
    const plans = incoming.map((one) => {
      const row = known.get(one.clerkId) ?? null
      return { one, row, decided: row === null ? null : this.#withoutWrite(one, row) }
    })
    const open = plans.filter(({ decided }) => decided === null)
    const contested = await this.#contested(open, unique)
    const simple = open.filter(({ one }) => !contested.has(one))
    const inserted = await this.#insertFresh(simple.flatMap(({ one, row }) => (row === null ? [one] : [])))
    const updated = await this.#overwriteLive(simple)
    return plans.map(({ one, decided }) => {
      if (decided !== null) return decided
      if (inserted?.has(one.clerkId)) return 'created'
      return updated?.has(one.clerkId) ? 'updated' : null
    })
  }

  async #overwriteLive(
    open: readonly { readonly one: Incoming; readonly row: Row | null }[],
  ): Promise<ReadonlySet<unknown> | null> {
    const rows = open.flatMap(({ one, row }) => {
      const isWritten = row !== null && row.deletedAt == null && one.version > Number(row.version)
      if (!isWritten || one.depending) return []
      return [{ ...one.fields, ...this.#later(row, one), clerkId: one.clerkId, version: one.version }]
    })
    return rows.length < 2 ? null : this.table.updateEach(rows, GROWING_TIMES)
  }

  async #insertFresh(fresh: readonly Incoming[]): Promise<ReadonlySet<unknown> | null> {
    if (fresh.length === 0) return null
    return this.table.insertMany(
      fresh.map((one) => ({
        values: {
          ...one.nothing,
          ...one.fields,
          ...this.#later(null, one),
          clerkId: one.clerkId,
          version: one.version,
        },
        own: one.own(),
      })),
    )
  }

  /** Those who would be written with a unique value that another row holds. */
  async #contested(
    open: readonly { readonly one: Incoming; readonly row: Row | null }[],
    unique: readonly string[],
  ): Promise<ReadonlySet<Incoming>> {
    const contested = new Set<Incoming>()
    for (const field of unique) {
      const wanted = open.flatMap(({ one, row }) => {
        const value = storable(one.fields[field])
        return value == null || row?.[field] === value ? [] : [{ one, value }]
      })
      if (wanted.length === 0) continue
      const values = wanted.map(({ value }) => value)
      const holders = await this.table.findMany({ where: { [field]: { in: values } }, only: [field] })
      const held = new Set(holders.map((row) => folded(row[field])))
      for (const { one, value } of wanted) if (held.has(folded(value))) contested.add(one)
    }
    return contested
  }

  /** The outcome where nothing has to be written; `null`: something has. */
  #withoutWrite(incoming: Incoming, known: Row): ApplyOutcome | null {
    const decision = decideApply(this.#known(known), incoming.version)
    const times = this.#later(known, incoming)
    if (Object.keys(times).length > 0) return null
    if (decision === 'stale' || decision === 'unchanged') return decision
    const deleted = known.deletedAt != null
    const fields = { ...incoming.fields, version: incoming.version }
    return !deleted && this.#holds(known, fields) ? 'unchanged' : null
  }

  async apply(incoming: Incoming): Promise<Applied> {
    const unique = [...(await this.#uniqueFields())].filter((field) => this.table.has(field))
    const applied =
      (unique.length === 0 && !incoming.depending ? await this.#applyBlind(incoming) : null) ??
      (await this.#applyLooking(incoming, unique))
    this.#created = applied.outcome === 'created' ? this.#created + 1 : 0
    return applied
  }

  /**
   * One statement for by far the most common cases: an event about a known row, a row's first event, and one new row after
   * another in an import. `null`: it is none of these, nothing was written.
   */
  async #applyBlind(incoming: Incoming): Promise<Applied | null> {
    const { clerkId, version, fields, nothing, own } = incoming
    const created = (row: Row | null): Applied | null => row && { row, outcome: 'created' }
    const times = this.#later(null, incoming)
    const row = { ...nothing, ...fields, ...times, clerkId, version }
    const insert = async () =>
      this.table.insertsQuietly ? created(await this.table.insert(row, own())) : null
    const update = async (): Promise<Applied | null> => {
      if (version === 0 || !this.table.isCaseSensitive) return null
      const live = this.table.has('deletedAt') ? { deletedAt: null } : {}
      const condition = { version: { lt: version }, ...live, ...stillLater(times) }
      try {
        const updated = await this.table.update({ clerkId }, condition, { ...fields, ...times, version })
        return updated && { row: updated, outcome: 'updated' }
      } catch (error) {
        // A unique index that the store does not know of.
        if (isDuplicate(error)) return null
        throw error
      }
    }
    if (this.#created >= IMPORT) return created(await this.table.insertFast(row, own())) ?? update()
    return isFirst(incoming) ? ((await insert()) ?? update()) : ((await update()) ?? insert())
  }

  async #applyLooking(incoming: Incoming, unique: readonly string[]): Promise<Applied> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const known = await this.find(incoming.clerkId)
      const applied = await this.#attempt(incoming, known, unique, attempt === MOST_ATTEMPTS)
      if (applied !== null) return applied
    }
    throw this.#exhausted()
  }

  /** Decides on the row as it was read and writes on that condition; `null`: it is no longer so. */
  async #attempt(
    incoming: Incoming,
    known: Row | null,
    unique: readonly string[],
    last: boolean,
  ): Promise<Applied | null> {
    const { clerkId, version } = incoming
    const decision = decideApply(known && this.#known(known), version)
    const times = this.#later(known, incoming)
    if (known !== null && (decision === 'stale' || decision === 'unchanged'))
      return { row: await this.#raise(known, times), outcome: decision }

    const deleted = known !== null && known.deletedAt != null
    const conceded = deleted
      ? emptied(unique)
      : await this.#resolveConflicts(unique, incoming.fields, known, version, last)
    const depending = incoming.depending?.(known)
    const fields = { ...incoming.fields, ...times, ...depending?.fields, ...conceded, version }
    try {
      if (known === null) {
        const values = { ...incoming.nothing, ...fields, clerkId }
        const row = await this.table.insert(values, incoming.own())
        if (row === null && last && (await this.find(clerkId)) === null) {
          const made = await this.table.explainConflict(clerkId, values, incoming.own())
          return { row: made, outcome: 'created' }
        }
        return row && { row: this.#asWritten(row, clerkId), outcome: 'created' }
      }
      if (this.#holds(known, fields)) return { row: known, outcome: 'unchanged' }
      const seen = this.table.has('deletedAt') ? { deletedAt: deleted ? { not: null } : null } : {}
      const condition = {
        ...{ ...seen, ...depending?.condition, version: { lte: version } },
        ...stillLater(times),
        ...(version === 0 && this.#whileBare()),
      }
      const row = await this.table.update({ clerkId }, condition, fields)
      return row && { row: this.#asWritten(row, clerkId), outcome: 'updated' }
    } catch (error) {
      if (last || !isDuplicate(error)) throw error
      return null
    }
  }

  /**
   * Attaches a snapshot to a row without `clerkId`, while `condition` holds of it. `null`: it no longer does, or the
   * `clerkId` has a row by now.
   */
  async link(row: Row, condition: Values, incoming: Incoming): Promise<Row | null> {
    const unique = [...(await this.#uniqueFields())].filter((field) => this.table.has(field))
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      if ((await this.find(incoming.clerkId)) !== null) return null
      const { clerkId, version } = incoming
      const { id } = row
      const fields = { ...incoming.fields, ...this.#later(row, incoming) }
      const last = attempt === MOST_ATTEMPTS
      const conceded = await this.#resolveConflicts(unique, fields, { id }, version, last)
      try {
        return await this.table.update(
          { id },
          { ...condition, clerkId: null, deletedAt: null },
          { ...fields, ...conceded, version, clerkId },
        )
      } catch (error) {
        if (!isDuplicate(error)) throw error
      }
    }
    throw this.#exhausted()
  }

  /** The earliest deletion stays; an unknown id gets a row that has nothing else. */
  async remove(clerkId: string, at: Date, tombstone: Tombstone) {
    const unique = await this.#uniqueFields()
    const deletedBefore = (row: Row | null) =>
      Number(row?.deletedAt ?? Number.NaN) <= at.getTime() ? row : null
    const deletion = { deletedAt: at, ...emptied(unique) }
    if (!this.table.isCaseSensitive) await this.find(clerkId)
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const removed =
        (await this.table.update({ clerkId }, { deletedAt: null }, deletion)) ??
        (await this.table.update({ clerkId }, { deletedAt: { gt: at } }, deletion)) ??
        deletedBefore(await this.find(clerkId)) ??
        (await this.table.insert({ ...tombstone.fields, ...deletion, clerkId, version: 0 }, tombstone.own()))
      if (removed !== null) return removed
    }
    if ((await this.find(clerkId)) === null) {
      const values = { ...tombstone.fields, ...deletion, clerkId, version: 0 }
      return this.table.explainConflict(clerkId, values, tombstone.own())
    }
    throw this.#exhausted()
  }

  /**
   * Resolves who holds each unique value that a live row is about to be written with.
   *
   * @returns the fields that this row may not have, emptied
   */
  async #resolveConflicts(
    unique: readonly string[],
    fields: Values,
    self: Row | null,
    version: number,
    last: boolean,
  ): Promise<Values> {
    // A unique index that the client cannot tell us about, on `lower(email)` for instance: better no address than no user.
    if (last) return emptied(this.table.definition.mayBeUnique.filter((field) => field in fields))
    const contender: Contender = { version, emailVerified: fields.emailVerified === true }
    const conceded: string[] = []
    for (const field of unique) {
      const value = storable(fields[field])
      if (value == null || self?.[field] === value) continue
      if (!(await this.#claim(field, value, self, contender))) conceded.push(field)
    }
    return emptied(conceded)
  }

  /** Makes a value free for a row, or answers that it may not have it. A holder that changed meanwhile is read again. */
  async #claim(field: string, value: unknown, self: Row | null, contender: Contender): Promise<boolean> {
    const only = ['id', 'clerkId', 'version', 'deletedAt', 'emailVerified'].filter((name) =>
      this.table.has(name),
    )
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const rows = await this.table.findMany({ where: { [field]: value }, only })
      const holders = rows.filter(({ id }) => id !== self?.id)
      if (holders.length === 0) return true
      if (!holders.every((holder) => givesWay(field, holder as unknown as Holder, contender))) return false
      const OR = concessions(field, contender).map(asCondition)
      for (const { id, clerkId } of holders)
        await this.table.updateMany({ id, clerkId, [field]: value, OR }, emptied([field]))
    }
    throw this.#exhausted()
  }

  /** An extension that answers another row than was written would make one user of two. */
  #asWritten(row: Row, clerkId: string): Row {
    if (row.clerkId !== clerkId) throw storeFault('hidden', 'extension', this.table.model)
    return row
  }

  /** The times of a snapshot that are later than the row's, as far as the model stores them. */
  #later(row: Row | null, { times }: Incoming): Values {
    if (times === undefined) return {}
    return Object.fromEntries(
      Object.entries(laterTimes(row, times)).filter(([field]) => this.table.has(field)),
    )
  }

  /** Raises times and nothing else; each by itself, since another writer may have raised one of them further. */
  async #raise(known: Row, times: Values): Promise<Row> {
    for (const [field, time] of Object.entries(times)) {
      const where = {
        clerkId: known.clerkId,
        version: { lt: ERASED_VERSION },
        ...stillLater({ [field]: time }),
      }
      await this.table.updateMany(where, { [field]: time })
    }
    return { ...known, ...times }
  }

  #exhausted() {
    return tooManyWriters(`one row of \`${this.table.model}\``)
  }

  #holds(row: Row, fields: Values): boolean {
    return Object.entries(fields).every(
      ([field, value]) => value === undefined || !this.table.has(field) || sameValue(row[field], value),
    )
  }

  /** What of a row counts for the decision; columns of the application's own do not. */
  #known(row: Row): { version: number; isBare?: boolean } {
    const version = row.version as number
    if (!this.table.definition.fromClaims) return { version }
    return { version, isBare: isBareUser(this.table.synced(row)) }
  }

  /** That a row is bare, as a condition. JSON is left out: comparing it with NULL is different in every database. */
  #whileBare(): Values {
    const { fromClaims, fields } = this.table.definition
    const texts = Object.keys(EMPTY_USER).filter(
      (field) => fields[field]?.kind === 'text' && this.table.has(field),
    )
    return fromClaims ? Object.fromEntries(texts.map((field) => [field, null])) : {}
  }
}

/** That no later time was stored meanwhile, as a condition. */
const stillLater = (times: Values): Values => {
  const fields = Object.entries(times)
  return fields.length === 0
    ? {}
    : { AND: fields.map(([field, time]) => ({ OR: [{ [field]: null }, { [field]: { lte: time } }] })) }
}

/** As a collation may compare. */
const folded = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : undefined)

const isFirst = ({ version, createdAt }: Incoming): boolean =>
  createdAt != null && version - createdAt < FIRST_MS

const asCondition = ({ deleted, versionBelow, verified }: Concession): Values => ({
  ...(deleted && { deletedAt: { not: null } }),
  ...(versionBelow !== undefined && { version: { lt: versionBelow } }),
  ...(verified !== undefined && { emailVerified: verified }),
})
