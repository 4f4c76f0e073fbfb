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
  storable,
  type Tombstone,
  tooManyWriters,
} from '@acme/clerk-core/store'
import { and, eq, gt, inArray, isNotNull, isNull, lt, lte, or, type SQL } from 'drizzle-orm'
import { collationFault, isDuplicate } from '../db/errors.js'
import type { Row, Values } from '../db/queries.js'
import { sameValue } from './same.js'
import type { Table } from './table.js'

interface Applied {
  readonly row: Row
  readonly outcome: ApplyOutcome
}

/** Each repetition means that another writer got ahead. So many in a row are an outage. */
const MOST_ATTEMPTS = 6

/** Clerk touches a new user some more times while it is being created. */
const FIRST_MS = 5000

/**
 * The rule of convergence over one table: synced fields belong to the highest version seen, a deletion never goes.
 *
 * Every write is one statement whose condition is the state it was decided on, so no transaction is needed, and none
 * that is open is broken. That a row is there already, which `insert` answers with `null`, is never taken for "stale": two
 * writers may both have seen nothing and the older have inserted first, so the row is read and the question asked again.
 */
export class Versioned {
  readonly table: Table
  readonly #unique: readonly string[]
  readonly #clerkIdOf: (clerkId: string) => SQL

  /** @param unique fields that have a unique index of their own */
  constructor(table: Table, unique: readonly string[]) {
    this.table = table
    this.#unique = unique
    this.#clerkIdOf = (clerkId) => table.where({ clerkId })
  }

  /** A collation that ignores case answers with the row of another id. */
  async find(clerkId: string): Promise<Row | null> {
    const row = await this.table.findByKey(clerkId)
    if (row !== null && row.clerkId !== clerkId) throw collationFault(this.table.name, 'clerkId')
    return row
  }

  /** Of these ids. */
  async findMany(clerkIds: readonly string[]): Promise<Row[]> {
    if (clerkIds.length === 0) return []
    const rows = await this.table.findMany({ where: inArray(this.table.column('clerkId'), [...clerkIds]) })
    const asked: ReadonlySet<unknown> = new Set(clerkIds)
    if (rows.some(({ clerkId }) => !asked.has(clerkId))) throw collationFault(this.table.name, 'clerkId')
    return rows
  }

  /**
   * `apply` for rows that have nothing to do with each other: those that are new in one statement, those that are known in
   * another, and what would change nothing in none. `null`: `apply` has to decide.
   *
   * @param known the rows, as they were just read
   */
  async applyEach(
    incoming: readonly Incoming[],
    known: ReadonlyMap<unknown, Row>,
  ): Promise<readonly (ApplyOutcome | null)[]> {
    const plans = incoming.map((one) => {
      const row = known.get(one.clerkId) ?? null
      return { one, row, decided: row === null ? null : this.#withoutWrite(one, row) }
    })
    const open = plans.filter(({ decided }) => decided === null)
    const contested = await this.#contested(open)
    const simple = open.filter(({ one }) => !contested.has(one))
    const fresh = simple.filter(({ row }) => row === null)
    const inserted = await this.table.insertMany(
      fresh.map(({ one }) => ({ values: this.#newRow(one), own: one.own() })),
    )
    const updated = await this.table.updateEach(
      simple.flatMap(({ one, row }) => {
        const isWritten = row !== null && row.deletedAt == null && one.version > Number(row.version)
        if (!isWritten || one.depending) return []
        return [{ ...one.fields, ...this.#later(row, one), clerkId: one.clerkId, version: one.version }]
      }),
      GROWING_TIMES,
    )
    return plans.map(({ one, decided }) => {
      if (decided !== null) return decided
      if (inserted.has(one.clerkId)) return 'created'
      return updated.has(one.clerkId) ? 'updated' : null
    })
  }

  /** Those who would be written with a unique value that another row holds. */
  async #contested(open: readonly { readonly one: Incoming; readonly row: Row | null }[]) {
    const contested = new Set<Incoming>()
    for (const field of this.#unique) {
      const wanted = open.flatMap(({ one, row }) => {
        const value = storable(one.fields[field])
        return value == null || row?.[field] === value ? [] : [{ one, value }]
      })
      if (wanted.length === 0) continue
      const where = inArray(
        this.table.column(field),
        wanted.map(({ value }) => value),
      )
      const holders = await this.table.findMany({ where, only: [field] })
      const held = new Set(holders.map((row) => folded(row[field])))
      for (const { one, value } of wanted) if (held.has(folded(value))) contested.add(one)
    }
    return contested
  }

  /** The outcome where nothing has to be written; `null`: something has. */
  #withoutWrite(incoming: Incoming, known: Row): ApplyOutcome | null {
    const decision = decideApply(this.#known(known), incoming.version)
    if (Object.keys(this.#later(known, incoming)).length > 0) return null
    if (decision === 'stale' || decision === 'unchanged') return decision
    const fields = { ...incoming.fields, version: incoming.version }
    return known.deletedAt == null && this.#holds(known, fields) ? 'unchanged' : null
  }

  async apply(incoming: Incoming): Promise<Applied> {
    const isSimple = this.#unique.length === 0 && !incoming.depending && this.table.dialect.isCaseSensitive
    return (isSimple ? await this.#applyBlind(incoming) : null) ?? this.#applyLooking(incoming)
  }

  /** One statement for by far the most common cases: an event about a known row, and a row's first event. */
  async #applyBlind(incoming: Incoming): Promise<Applied | null> {
    const { clerkId, version, fields, own } = incoming
    const times = this.#later(null, incoming)
    const insert = async (): Promise<Applied | null> => {
      const row = await this.table.insert(this.#newRow(incoming), own())
      return row && { row, outcome: 'created' }
    }
    const update = async (): Promise<Applied | null> => {
      if (version === 0) return null
      const older = and(lt(this.table.column('version'), version), this.#seen(false), this.#stillLater(times))
      try {
        const row = await this.table.update(this.#clerkIdOf(clerkId), older, { ...fields, ...times, version })
        return row && { row, outcome: 'updated' }
      } catch (error) {
        // A unique index that the table does not tell of.
        if (isDuplicate(error)) return null
        throw error
      }
    }
    return isFirst(incoming) ? ((await insert()) ?? update()) : ((await update()) ?? insert())
  }

  async #applyLooking(incoming: Incoming): Promise<Applied> {
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const known = await this.find(incoming.clerkId)
      const applied = await this.#attempt(incoming, known, attempt === MOST_ATTEMPTS)
      if (applied !== null) return applied
    }
    throw this.#exhausted()
  }

  /** Decides on the row as it was read and writes on that condition; `null`: it is no longer so. */
  async #attempt(incoming: Incoming, known: Row | null, last: boolean): Promise<Applied | null> {
    const { clerkId, version } = incoming
    const decision = decideApply(known && this.#known(known), version)
    const times = this.#later(known, incoming)
    if (known !== null && (decision === 'stale' || decision === 'unchanged')) {
      await this.raiseTimes(clerkId, times)
      return { row: { ...known, ...times }, outcome: decision }
    }

    const deleted = known?.deletedAt != null
    const conceded = deleted
      ? emptied(this.#unique)
      : await this.#resolveConflicts(incoming.fields, known, version, last)
    const depending = incoming.depending?.(known)
    const fields = { ...incoming.fields, ...times, ...depending?.fields, ...conceded, version }
    try {
      if (known === null) {
        const values = { ...incoming.nothing, ...fields, clerkId }
        const row =
          (await this.table.insert(values, incoming.own())) ??
          (last && (await this.find(clerkId)) === null
            ? await this.table.explainConflict(values, incoming.own())
            : null)
        return row && { row, outcome: 'created' }
      }
      if (this.#holds(known, fields)) return { row: known, outcome: 'unchanged' }
      const condition = and(
        this.#seen(deleted),
        depending && this.table.where(depending.condition),
        lte(this.table.column('version'), version),
        this.#stillLater(times),
        version === 0 ? this.#whileBare() : undefined,
      )
      const row = await this.table.update(this.#clerkIdOf(clerkId), condition, fields)
      return row && { row, outcome: 'updated' }
    } catch (error) {
      if (last || !isDuplicate(error)) throw error
      return null
    }
  }

  /**
   * Attaches a snapshot to a row without `clerkId`, while `condition` holds of it. `null`: it no longer does, or the
   * `clerkId` has a row by now.
   */
  async link(id: unknown, row: Row, condition: SQL, incoming: Incoming): Promise<Row | null> {
    const unlinked = and(condition, this.table.where({ clerkId: null, deletedAt: null }))
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      if ((await this.find(incoming.clerkId)) !== null) return null
      const { clerkId, version } = incoming
      const fields = { ...incoming.fields, ...this.#later(row, incoming) }
      const conceded = await this.#resolveConflicts(fields, { id }, version, attempt === MOST_ATTEMPTS)
      try {
        return await this.table.update(this.table.where({ id }), unlinked, {
          ...fields,
          ...conceded,
          version,
          clerkId,
        })
      } catch (error) {
        if (!isDuplicate(error)) throw error
      }
    }
    throw this.#exhausted()
  }

  /** The earliest deletion stays; an unknown id gets a row that has nothing else. */
  async remove(clerkId: string, at: Date, tombstone: Tombstone): Promise<Row> {
    const key = this.#clerkIdOf(clerkId)
    const deletedAt = this.table.column('deletedAt')
    const deletion = { deletedAt: at, ...emptied(this.#unique) }
    const values = { ...tombstone.fields, ...deletion, clerkId, version: 0 }
    if (!this.table.dialect.isCaseSensitive) await this.find(clerkId)
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const later = or(isNull(deletedAt), gt(deletedAt, at))
      const removed = await this.table.update(key, later, deletion)
      if (removed !== null) return removed
      const found = await this.find(clerkId)
      if (found !== null && Number(found.deletedAt ?? Number.NaN) <= at.getTime()) return found
      const made = found === null ? await this.table.insert(values, tombstone.own()) : null
      if (made !== null) return made
    }
    if ((await this.find(clerkId)) === null) {
      const made = await this.table.explainConflict(values, tombstone.own())
      if (made !== null) return made
    }
    throw this.#exhausted()
  }

  /**
   * Raises each time that is earlier, or empty, by a statement of its own: of two writers the later time stays, whichever is
   * first. An erased row stays empty.
   */
  async raiseTimes(clerkId: string, times: Values): Promise<void> {
    for (const [field, time] of Object.entries(times)) {
      if (!this.table.has(field)) continue
      const alive = lt(this.table.column('version'), ERASED_VERSION)
      const where = and(this.#clerkIdOf(clerkId), alive, this.#stillLater({ [field]: time }))
      await this.table.updateMany(where, { [field]: time })
    }
  }

  /**
   * Resolves who holds each unique value that a live row is about to be written with.
   *
   * @returns the fields that this row may not have, emptied
   */
  async #resolveConflicts(fields: Values, self: Row | null, version: number, last: boolean): Promise<Values> {
    // A unique index that neither table nor options name, on `lower(email)` for instance: better no address than no user.
    if (last) return emptied(this.table.definition.mayBeUnique.filter((field) => field in fields))
    const contender: Contender = { version, emailVerified: fields.emailVerified === true }
    const conceded: string[] = []
    for (const field of this.#unique) {
      const value = storable(fields[field])
      if (value == null || self?.[field] === value) continue
      if (!(await this.#claim(field, value, self, contender))) conceded.push(field)
    }
    return emptied(conceded)
  }

  /** Makes a value free for a row, or answers that it may not have it. A holder that changed meanwhile is read again. */
  async #claim(field: string, value: unknown, self: Row | null, contender: Contender): Promise<boolean> {
    const only = ['id', 'clerkId', 'version', 'deletedAt', 'emailVerified'].filter((one) =>
      this.table.has(one),
    )
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const rows = await this.table.findMany({ where: this.table.where({ [field]: value }), only })
      const holders = rows.filter(({ id }) => id !== self?.id)
      if (holders.length === 0) return true
      if (!holders.every((holder) => givesWay(field, holder as unknown as Holder, contender))) return false
      const still = or(...concessions(field, contender).map((one) => this.#conceding(one)))
      for (const { id, clerkId } of holders)
        await this.table.updateMany(
          and(this.table.where({ id, clerkId, [field]: value }), still),
          emptied([field]),
        )
    }
    throw this.#exhausted()
  }

  #conceding({ deleted, versionBelow, verified }: Concession): SQL | undefined {
    return and(
      deleted ? isNotNull(this.table.column('deletedAt')) : undefined,
      versionBelow === undefined ? undefined : lt(this.table.column('version'), versionBelow),
      verified === undefined ? undefined : eq(this.table.column('emailVerified'), verified),
    )
  }

  #newRow(incoming: Incoming): Values {
    const { clerkId, version, nothing, fields } = incoming
    return { ...nothing, ...fields, ...this.#later(null, incoming), clerkId, version }
  }

  /** The times of a snapshot that are later than the row's, as far as the table stores them. */
  #later(row: Row | null, { times }: Incoming): Values {
    if (times === undefined) return {}
    return Object.fromEntries(
      Object.entries(laterTimes(row, times)).filter(([field]) => this.table.has(field)),
    )
  }

  #exhausted() {
    return tooManyWriters(`one row of \`${this.table.name}\``)
  }

  #holds(row: Row, fields: Values): boolean {
    return Object.entries(fields).every(
      ([field, value]) => value === undefined || !this.table.has(field) || sameValue(row[field], value),
    )
  }

  /** What of a row counts for the decision; columns of the application's own do not. */
  #known(row: Row): { version: number; isBare?: boolean } {
    const version = Number(row.version)
    if (!this.table.definition.fromClaims) return { version }
    return { version, isBare: isBareUser(this.table.synced(row)) }
  }

  /** That the row is still (not) deleted, where rows of the table can be. */
  #seen(deleted: boolean): SQL | undefined {
    if (!this.table.has('deletedAt')) return undefined
    return deleted ? isNotNull(this.table.column('deletedAt')) : isNull(this.table.column('deletedAt'))
  }

  /** That a row is bare, as a condition. JSON is left out: comparing it with NULL is different in every database. */
  #whileBare(): SQL | undefined {
    const texts = Object.keys(EMPTY_USER).filter((field) => this.table.fields.get(field)?.kind === 'text')
    return this.table.definition.fromClaims
      ? this.table.where(Object.fromEntries(texts.map((field) => [field, null])))
      : undefined
  }

  /** That no later time was stored meanwhile. */
  #stillLater(times: Values): SQL | undefined {
    const conditions = Object.entries(times).map(([field, time]) =>
      or(isNull(this.table.column(field)), lte(this.table.column(field), time)),
    )
    return and(...conditions)
  }
}

/** As a collation may compare. */
const folded = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : undefined)

const isFirst = ({ version, createdAt }: Incoming): boolean =>
  createdAt != null && version - createdAt < FIRST_MS
