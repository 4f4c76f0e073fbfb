import { createHash, createHmac } from 'node:crypto'
import { ClerkApiError, StoreInputError } from '../../ground/errors.js'
import { exponential } from '../../ground/timing/backoff.js'
import { concurrently } from '../../ground/timing/concurrently.js'
import { inBatches, pause, StoppedError, untilAborted } from '../../ground/timing/until-aborted.js'
import type { ClerkApi, CreateUserInput } from '../backend-api/clerk-api.js'
import type { MigrateUsersOptions, MigrationOutcome, MigrationSource } from './bulk.js'
import { findAtClerk, findManyAtClerk, type KnownUser } from './known-at-clerk.js'
import { identifierTexts, type ReadyRow, readMigrationRow } from './migration-row.js'

/** Clerk takes a hundred identifiers in one question. */
const ASKED_AT_ONCE = 100
const CONCURRENCY = 4
const MOST_AT_A_TIME = 100
/** Answers in a row from which it is not known whether the user was created. */
const MOST_UNKNOWN = 5
const UNKNOWN_BASE_MS = 500
/** Every other row would be refused as this one was. */
const ENDS_ALL: ReadonlySet<string> = new Set(['user_quota_exceeded'])

interface PlannedRow extends ReadyRow {
  readonly line: number
  readonly key: string
}

/** What is known of a row before it would be created. */
type Plan = { readonly done: MigrationOutcome } | { readonly create: PlannedRow }

/** `clerk.users.migrate`: users created at Clerk, each once. */
export function createUserMigration(parts: {
  /** One that waits for its turn. */
  readonly api: Pick<ClerkApi, 'createUser' | 'listUsers'>
  readonly secretKey: string | null
}): (source: MigrationSource, options?: MigrateUsersOptions) => AsyncIterable<MigrationOutcome> {
  const { api, secretKey } = parts
  /** Of the secret key, so that the log of one instance ends no row of another's, and no address is read from it. */
  const keyOf = (text: string) =>
    createHmac('sha256', secretKey ?? '')
      .update(text)
      .digest('base64url')
      .slice(0, 22)

  return async function* migrate(source, options = {}) {
    const { concurrency = CONCURRENCY, signal, onProgress } = options
    if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > MOST_AT_A_TIME) {
      throw new StoreInputError(`concurrency must be a whole number from 1 to ${MOST_AT_A_TIME}.`)
    }
    const rows = rowsOf(source)
    const doneBefore = await readLog(options.resume)
    const validation = createValidation()
    let done = 0
    let total: number | null = null
    const told = async (outcome: MigrationOutcome): Promise<MigrationOutcome> => {
      done++
      await onProgress?.({ done, total })
      return outcome
    }
    try {
      for await (const row of untilAborted(await rows(), signal)) {
        const read = validation.first(row)
        if ('done' in read) yield await told(read.done)
      }
      total = validation.count()
      const plans = untilAborted(planned(await rows(), validation.again(), doneBefore, options), signal)
      const work = async (plan: Plan) => ('done' in plan ? plan.done : create(plan.create, options))
      for await (const outcome of concurrently(plans, concurrency, work)) {
        if (outcome !== null) yield await told(outcome)
      }
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error
    }
  }

  async function* planned(
    rows: Rows,
    read: (row: unknown) => Plan,
    doneBefore: ReadonlyMap<string, string | null>,
    options: MigrateUsersOptions,
  ): AsyncGenerator<Plan, void, undefined> {
    for await (const batch of inBatches(rows, ASKED_AT_ONCE)) {
      const open: PlannedRow[] = []
      for (const row of batch) {
        const plan = read(row)
        // It was yielded when it was validated.
        if ('done' in plan) continue
        const userId = doneBefore.get(plan.create.key)
        if (userId === undefined) open.push(plan.create)
        else yield { done: outcomeOf(plan.create, 'resumed', { userId }) }
      }
      const known = await findManyAtClerk(
        api,
        open.map(({ identifiers }) => identifiers),
        options.dryRun === true,
      )
      for (const [index, row] of open.entries()) {
        const user = known[index] ?? null
        if (user !== null) yield { done: existing(row, user, options) }
        else if (options.dryRun === true) yield { done: outcomeOf(row, 'valid') }
        else yield { create: row }
      }
    }
  }

  /** `null`: it was stopped before the row was sent. */
  async function create(row: PlannedRow, options: MigrateUsersOptions): Promise<MigrationOutcome | null> {
    const { signal } = options
    const identity = identifierTexts(row.identifiers)[0]?.split(' ')[0]
    for (let unknown = 0; ; ) {
      try {
        const { clerkId } = await api.createUser(row.body as CreateUserInput)
        return outcomeOf(row, 'created', { userId: clerkId })
      } catch (error) {
        if (!(error instanceof ClerkApiError)) throw error
        const { status, codes } = error
        if (status === 401 || codes.some((code) => ENDS_ALL.has(code))) throw error
        if (status === 429) {
          await pause((error.retryAfterSeconds ?? 1) * 1000, signal)
          if (signal?.aborted === true && unknown === 0) return null
          continue
        }
        const isUnknown = status === 0 || status >= 500
        // Before it is sent again, and to tell what was refused: an answer that was lost may have created the user.
        const known = await findAtClerk(api, row.identifiers)
        if (known !== null && !known.isOther && known.matchedBy === identity && (isUnknown || unknown > 0)) {
          return outcomeOf(row, 'created', { userId: known.userId, matchedBy: known.matchedBy })
        }
        if (known !== null) return existing(row, known, options)
        if (!isUnknown) return outcomeOf(row, 'failed', { codes, status })
        unknown++
        if (unknown >= MOST_UNKNOWN || signal?.aborted === true) {
          return outcomeOf(row, 'failed', { codes: ['clerk-unavailable', ...codes], status: status || null })
        }
        await pause(exponential(unknown, UNKNOWN_BASE_MS), signal)
      }
    }
  }

  /**
   * Reads rows in their order, twice: the first time every row that is not valid has an outcome, the second time what was
   * found out then is only looked up. Of rows with the same identifier the first one counts.
   */
  function createValidation() {
    const firstOf = new Map<string, number>()
    let count = 0

    function read(row: unknown, place: number): Plan {
      const line = lineOf(row) ?? place
      const result = readMigrationRow(row)
      if ('problems' in result) return { done: outcomeOf({ line, key: '' }, 'invalid', result) }
      const { ready } = result
      const texts = identifierTexts(ready.identifiers)
      const key = keyOf(texts[0] ?? '')
      const problems = texts.flatMap((text) => {
        const digest = digestOf(text)
        const first = firstOf.get(digest) ?? place
        firstOf.set(digest, first)
        const [field = ''] = text.split(' ')
        return first === place ? [] : [{ field, message: `is that of row ${first} as well.` }]
      })
      if (problems.length > 0) return { done: outcomeOf({ line, key }, 'invalid', { problems }) }
      return { create: { ...ready, line, key } }
    }

    return {
      first: (row: unknown): Plan => read(row, ++count),
      again(): (row: unknown) => Plan {
        let place = 0
        return (row) => read(row, ++place)
      },
      count: () => count,
    }
  }
}

type Rows = Iterable<unknown> | AsyncIterable<unknown>

/** Rows that can be read twice. */
function rowsOf(source: MigrationSource): () => Rows | Promise<Rows> {
  if (typeof source === 'function') return source
  let held: unknown[] | null = null
  async function* holding(rows: Rows): AsyncGenerator<unknown, void, undefined> {
    const all: unknown[] = []
    for await (const row of rows) {
      all.push(row)
      yield row
    }
    held = all
  }
  return () => held ?? holding(source)
}

/** What earlier runs have done, by key. */
async function readLog(log: MigrateUsersOptions['resume']): Promise<ReadonlyMap<string, string | null>> {
  const done = new Map<string, string | null>()
  for await (const { key, outcome, userId } of log ?? []) {
    if (key !== '' && DONE.has(outcome)) done.set(key, userId)
  }
  return done
}
const DONE: ReadonlySet<MigrationOutcome['outcome']> = new Set(['created', 'exists', 'resumed'])

/** A row whose user Clerk has already. */
function existing(
  row: PlannedRow,
  { userId, matchedBy, isOther }: KnownUser,
  { skipExisting = false, resume }: MigrateUsersOptions,
): MigrationOutcome {
  if (isOther) return outcomeOf(row, 'failed', { userId, matchedBy, codes: ['identifier-taken'] })
  // What was under way when the run before ended is in no log.
  return skipExisting || resume !== undefined
    ? outcomeOf(row, 'exists', { userId, matchedBy })
    : outcomeOf(row, 'failed', { userId, matchedBy, codes: ['already-exists'] })
}

const outcomeOf = (
  { line, key }: Pick<PlannedRow, 'line' | 'key'>,
  outcome: MigrationOutcome['outcome'],
  more: Partial<MigrationOutcome> = {},
): MigrationOutcome => ({
  ...{ line, key, outcome, userId: null, matchedBy: null, problems: [], codes: [], status: null },
  ...more,
})

function lineOf(row: unknown): number | null {
  const line = typeof row === 'object' && row !== null && 'line' in row ? Number(row.line) : Number.NaN
  return Number.isSafeInteger(line) && line > 0 ? line : null
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 16)
