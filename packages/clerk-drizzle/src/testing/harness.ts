import type { Inbox, NewChange } from '@acme/clerk-core/store'
import type { Capability, LocalUser, StoreHarness } from '@acme/clerk-testing/conformance'
import { openProxy } from '@acme/tools/services/proxy'
import { asc, eq, isNull, sql } from 'drizzle-orm'
import {
  type Connection,
  createDatabase,
  type Engine,
  type TestDatabase,
  type TestSchema,
} from './databases.js'
import { SHAPES, type Shape } from './stores.js'

/** Else fewer rounds of each race, between two processes and not four. */
const THOROUGH = process.env.THOROUGH === '1'

const T0 = new Date(0)

const UNIQUE = [
  'unique-email',
  'unique-username',
  'unique-phone',
  'unique-external-id',
  'unique-slug',
] as const

/** Races between processes take long: each database runs them with one driver. */
const IN_ONE_PROCESS = ['sql.js', 'postgres-js']

export const capabilitiesOf = ({ server, driver }: Engine, shape: Shape): readonly Capability[] => [
  ...(['users', 'organizations', 'roles', 'inbox', 'linking', 'purge', 'activity', 'bulk'] as const),
  ...(['listing', 'custom-columns', 'contention'] as const),
  ...(IN_ONE_PROCESS.includes(driver) ? [] : (['multi-process'] as const)),
  ...(server === null ? [] : (['late-commits'] as const)),
  // postgres.js may wait for ever for a connection that was cut: `store.timeoutSeconds` of the core ends that.
  ...(server === null || driver === 'postgres-js' ? [] : (['outage'] as const)),
  ...(shape === 'existing' ? UNIQUE : []),
]

/** What the kit needs around the store. The probe has a connection of its own and none of the package's code. */
export async function openHarness(engine: Engine, shape: Shape): Promise<StoreHarness | { missing: string }> {
  const place = await createDatabase(engine)
  if ('missing' in place) return place
  const { schema } = engine
  const url = new URL(place.url)
  const proxy = capabilitiesOf(engine, shape).includes('outage')
    ? await openProxy({ host: url.hostname, port: Number(url.port) })
    : null
  if (proxy !== null) url.port = String(proxy.port)
  const { db } = await place.connect(proxy === null ? place.url : url.href)
  const admin = await place.connect()
  const rows = (shape === 'recommended' ? recommended : existing)(admin.db, schema)

  return {
    stores: SHAPES[shape](db, schema),
    contended: SHAPES[shape](overtaken(db, schema, rows.toggleDeletion), schema),
    async reset() {
      const { users, accounts, organizations, companies, memberships, invitations } = schema
      const { clerkRoles, clerkInbox, clerkChanges } = schema
      const ours = [organizations, companies, memberships, invitations, clerkRoles, clerkInbox, clerkChanges]
      for (const table of [users, accounts, ...ours]) await admin.db.delete(table)
    },
    probe: {
      users: rows.all,
      organizations: rows.organizations,
      memberships: async () => admin.db.select().from(schema.memberships),
      roles: async () => admin.db.select().from(schema.clerkRoles),
      invitations: async () => admin.db.select().from(schema.invitations),
      inbox: async () => admin.db.select().from(schema.clerkInbox),
      log: async () => admin.db.select().from(schema.clerkChanges).orderBy(asc(schema.clerkChanges.position)),
    },
    createLocalUser: rows.create,
    customColumn: rows.custom,
    setActive: rows.setActive,
    elapse: (ms) => movedBack(admin, ms),
    ...(engine.server !== null && {
      appendLate: (change: NewChange) => appendLate(admin.db, (open) => SHAPES[shape](open, schema), change),
    }),
    ...(proxy !== null && { breakConnection: async () => proxy.cut() }),
    ...(capabilitiesOf(engine, shape).includes('multi-process') && {
      processes: {
        module: new URL('./open-stores.ts', import.meta.url),
        data: { driver: engine.driver, shape, url: place.url },
        execArgv: ['--import', 'tsx'],
        ...(THOROUGH ? {} : { workers: 2 }),
      },
    }),
    ...(THOROUGH ? {} : { raceRounds: 10 }),
    async close() {
      await proxy?.close()
      await place.drop()
    },
  }
}

const TIMES = {
  clerk_inbox: ['received_at', 'due_at', 'lease_until', 'finished_at'],
  clerk_changes: ['at'],
} as const

/** So much time has passed for every event and every entry of the log. */
async function movedBack({ run }: Connection, ms: number): Promise<void> {
  for (const [table, columns] of Object.entries(TIMES))
    await run(`UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} - ${ms}`).join(', ')}`)
}

/** Appends in a transaction that stays open until the function that is answered is called. */
async function appendLate(
  db: TestDatabase,
  stores: (open: TestDatabase) => { readonly inbox: Pick<Inbox, 'append'> },
  change: NewChange,
): Promise<() => Promise<void>> {
  let commit: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    commit = resolve
  })
  let committed: Promise<void> = Promise.resolve()
  await new Promise<void>((appended, failed) => {
    committed = db.transaction(async (open) => {
      await stores(open as unknown as TestDatabase).inbox.append(change)
      appended()
      await asked
    })
    committed.catch(failed)
  })
  return async () => {
    commit()
    await committed
  }
}

/** The database, but another writer deletes the users, or brings them back, before each update of one. */
function overtaken(
  db: TestDatabase,
  { users, accounts }: TestSchema,
  overtake: () => Promise<void>,
): TestDatabase {
  /** Runs it first, whenever the statement that is built up is awaited. */
  const after = <T extends object>(statement: T): T =>
    new Proxy(statement, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        if (name === 'then')
          return (...handlers: never[]) => overtake().then(() => Reflect.apply(member, target, handlers))
        return (...args: never[]) => {
          const made: unknown = Reflect.apply(member, target, args)
          return typeof made === 'object' && made !== null ? after(made) : made
        }
      },
    })
  return new Proxy(db, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name !== 'update' || typeof member !== 'function') return member
      return (table: object) => {
        const statement: object = Reflect.apply(member, target, [table])
        return table === users || table === accounts ? after(statement) : statement
      }
    },
  })
}

const firstOf = async <T>(rows: PromiseLike<T[]>): Promise<T> => {
  const [row] = await rows
  if (row === undefined) throw new Error('no such row')
  return row
}

function recommended(db: TestDatabase, { users, organizations }: TestSchema) {
  return {
    all: async () => db.select().from(users),
    organizations: async () => db.select().from(organizations),
    async toggleDeletion() {
      const live = await db.select().from(users).where(isNull(users.deletedAt))
      await db.update(users).set({ deletedAt: live.length > 0 ? T0 : null })
    },
    async create(fields: LocalUser) {
      await db.insert(users).values(fields)
      return (await firstOf(db.select({ id: sql`max(${users.id})` }).from(users))).id
    },
    async setActive(id: unknown, isActive: boolean) {
      await db
        .update(users)
        .set({ isActive })
        .where(eq(users.id, Number(id)))
    },
    custom: {
      async write(id: unknown, theme: string) {
        await db
          .update(users)
          .set({ theme })
          .where(eq(users.id, Number(id)))
      },
      read: async (id: unknown) =>
        (
          await firstOf(
            db
              .select()
              .from(users)
              .where(eq(users.id, Number(id))),
          )
        ).theme,
    },
  }
}

function existing(db: TestDatabase, { accounts, companies }: TestSchema) {
  return {
    all: async () =>
      (await db.select().from(accounts)).map((row) => ({
        ...row,
        id: row.accountId,
        clerkId: row.externalAuthId,
        email: row.emailAddress,
        emailVerified: row.emailConfirmed,
        username: row.handle,
        phone: row.phoneNumber,
        externalId: row.foreignId,
      })),
    organizations: async () =>
      (await db.select().from(companies)).map((row) => ({ ...row, name: row.title })),
    async toggleDeletion() {
      const live = await db.select().from(accounts).where(isNull(accounts.deletedAt))
      await db.update(accounts).set({ deletedAt: live.length > 0 ? T0 : null })
    },
    async create({ email, emailVerified, username, phone, externalId, deletedAt }: LocalUser) {
      await db.insert(accounts).values({
        plan: 'pro',
        emailAddress: email,
        emailConfirmed: emailVerified,
        handle: username,
        phoneNumber: phone,
        foreignId: externalId,
        deletedAt,
      })
      return (await firstOf(db.select({ id: sql`max(${accounts.accountId})` }).from(accounts))).id
    },
    async setActive(id: unknown, isActive: boolean) {
      await db
        .update(accounts)
        .set({ isActive })
        .where(eq(accounts.accountId, Number(id)))
    },
    custom: {
      async write(id: unknown, note: string) {
        await db
          .update(accounts)
          .set({ note })
          .where(eq(accounts.accountId, Number(id)))
      },
      read: async (id: unknown) =>
        (
          await firstOf(
            db
              .select()
              .from(accounts)
              .where(eq(accounts.accountId, Number(id))),
          )
        ).note,
    },
  }
}
