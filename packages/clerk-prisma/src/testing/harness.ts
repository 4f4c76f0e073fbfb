import type { Inbox, NewChange } from '@acme/clerk-core/store'
import type { Capability, LocalUser, StoreHarness } from '@acme/clerk-testing/conformance'
import { openProxy } from '@acme/tools/services/proxy'
import { createDatabase, type Engine, type TestClient } from './databases.js'
import { SHAPES, type Shape } from './stores.js'

/**
 * Races between processes take long: every engine runs them once, and the one most in use on both schemas. Prisma 6's driver for
 * SQLite cannot wait for the lock of another process (7 can: `timeout`).
 */
const racesBetweenProcesses = (client: string, shape: Shape) =>
  client === 'v7-postgresql' || (client !== 'v6-sqlite' && shape === shapesOf(client)[0])

/** Else fewer rounds of each race, between two processes and not four. */
const THOROUGH = process.env.THOROUGH === '1'

/**
 * The schemas an engine goes through the whole kit with: Prisma 7 on PostgreSQL, the pair most in use, both; every other engine
 * the one with unique columns, where errors differ most from engine to engine, and the other with THOROUGH=1. Prisma 6 and SQLite,
 * each of which runs beside another, meet with THOROUGH=1 only. The schema that the package ships is inspected on every engine by
 * `inspect.test.ts`.
 */
export const shapesOf = (client: string): readonly Shape[] => {
  if (client === 'v7-postgresql' || THOROUGH) return ['recommended', 'existing']
  return client === 'v6-sqlite' ? [] : ['existing']
}

const T0 = new Date(0)

const UNIQUE = [
  'unique-email',
  'unique-username',
  'unique-phone',
  'unique-external-id',
  'unique-slug',
] as const

export function capabilitiesOf({ server, client }: Engine, shape: Shape): readonly Capability[] {
  return [
    ...([
      'users',
      'organizations',
      'roles',
      'inbox',
      'linking',
      'purge',
      'activity',
      'bulk',
      'listing',
      'custom-columns',
      'contention',
    ] as const),
    ...(racesBetweenProcesses(client, shape) ? (['multi-process'] as const) : []),
    ...(server === null ? [] : (['outage', 'late-commits'] as const)),
    ...(shape === 'existing' ? UNIQUE : []),
  ]
}

/** What the kit needs around the store. The probe has a client of its own and none of the package's code. */
export async function openHarness(engine: Engine, shape: Shape): Promise<StoreHarness | { missing: string }> {
  const database = await createDatabase(engine)
  if ('missing' in database) return database
  const url = new URL(database.url)
  const proxy =
    engine.server === null ? null : await openProxy({ host: url.hostname, port: Number(url.port) })
  if (proxy !== null) url.port = String(proxy.port)
  const store = await database.connect({ url: proxy === null ? database.url : url.href })
  const prisma = await database.connect()
  const rows = usersOf(prisma, shape)
  const contended = SHAPES[shape](overtaken(store, rows.toggleDeletion))
  // A store asks once what the extensions of its client do: as long as there is no row to overtake it with.
  await contended.users.findByClerkId('user_nobody')

  return {
    stores: SHAPES[shape](store),
    contended,
    async reset() {
      await prisma.account.deleteMany()
      await prisma.user.deleteMany()
      await prisma.organization.deleteMany()
      await prisma.company.deleteMany()
      await prisma.membership.deleteMany()
      await prisma.clerkRole.deleteMany()
      await prisma.invitation.deleteMany()
      await prisma.webhookEvent.deleteMany()
      await prisma.clerkChange.deleteMany()
    },
    probe: {
      users: rows.all,
      organizations: rows.organizations,
      memberships: () => prisma.membership.findMany(),
      roles: () => prisma.clerkRole.findMany(),
      invitations: () => prisma.invitation.findMany(),
      inbox: () => prisma.webhookEvent.findMany(),
      log: () => prisma.clerkChange.findMany({ orderBy: { position: 'asc' } }),
    },
    createLocalUser: rows.create,
    customColumn: rows.custom,
    setActive: rows.setActive,
    elapse: (ms) => movedBack(prisma, engine.provider, ms),
    ...(engine.server !== null && {
      appendLate: (change: NewChange) => appendLate(prisma, SHAPES[shape], change),
    }),
    ...(proxy !== null && { breakConnection: async () => proxy.cut() }),
    ...(capabilitiesOf(engine, shape).includes('multi-process') && {
      processes: {
        module: new URL('./open-stores.ts', import.meta.url),
        data: { client: engine.client, shape, url: database.url },
        execArgv: ['--import', 'tsx'],
        ...(THOROUGH ? {} : { workers: 2 }),
      },
    }),
    ...(THOROUGH ? {} : { raceRounds: 10 }),
    async close() {
      await proxy?.close()
      await database.drop()
    },
  }
}

const TIMES = {
  WebhookEvent: ['receivedAt', 'dueAt', 'leaseUntil', 'finishedAt'],
  ClerkChange: ['at'],
} as const

/** So much time has passed for every event and every entry of the log. */
export async function movedBack(prisma: TestClient, provider: Engine['provider'], ms: number): Promise<void> {
  const quote = (name: string) => (provider === 'mysql' ? `\`${name}\`` : `"${name}"`)
  for (const [table, columns] of Object.entries(TIMES)) {
    const set = columns.map((column) => `${quote(column)} = ${quote(column)} - ${ms}`).join(', ')
    await prisma.$executeRawUnsafe(`UPDATE ${quote(table)} SET ${set}`)
  }
}

/** Appends in a transaction that stays open until the function that is answered is called. */
async function appendLate(
  prisma: TestClient,
  stores: (client: TestClient) => { readonly inbox: Pick<Inbox, 'append'> },
  change: NewChange,
): Promise<() => Promise<void>> {
  let commit: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    commit = resolve
  })
  let committed: Promise<void> = Promise.resolve()
  await new Promise<void>((appended, failed) => {
    committed = prisma.$transaction(
      async (open) => {
        await stores(open as unknown as TestClient).inbox.append(change)
        appended()
        await asked
      },
      { timeout: 60_000 },
    )
    committed.catch(failed)
  })
  return async () => {
    commit()
    await committed
  }
}

/** The client, but another one deletes the users, or brings them back, before each update of one. */
function overtaken(client: TestClient, overtake: () => Promise<void>): TestClient {
  return client.$extends({
    query: {
      async $allOperations({ model, operation, args, query }) {
        if (/^(User|Account)$/.test(model ?? '') && operation.startsWith('update')) await overtake()
        return query(args)
      },
    },
  }) as unknown as TestClient
}

function usersOf(prisma: TestClient, shape: Shape) {
  return shape === 'recommended' ? recommended(prisma) : existing(prisma)
}

function recommended(prisma: TestClient) {
  return {
    all: () => prisma.user.findMany(),
    organizations: () => prisma.organization.findMany(),
    async toggleDeletion() {
      const { count } = await prisma.user.updateMany({ where: { deletedAt: null }, data: { deletedAt: T0 } })
      if (count === 0) await prisma.user.updateMany({ data: { deletedAt: null } })
    },
    create: async (fields: LocalUser) => (await prisma.user.create({ data: fields as object })).id,
    async setActive(id: unknown, isActive: boolean) {
      await prisma.user.update({ where: { id: id as string }, data: { isActive } })
    },
    custom: {
      async write(id: unknown, theme: string) {
        await prisma.user.update({ where: { id: id as string }, data: { theme } })
      },
      read: async (id: unknown) =>
        (await prisma.user.findUniqueOrThrow({ where: { id: id as string } })).theme,
    },
  }
}

function existing(prisma: TestClient) {
  return {
    all: async () =>
      (await prisma.account.findMany()).map((row) => ({
        id: row.accountId,
        clerkId: row.externalAuthId,
        email: row.emailAddress,
        emailVerified: row.emailConfirmed,
        username: row.handle,
        phone: row.phoneNumber,
        firstName: row.givenName,
        lastName: row.familyName,
        imageUrl: row.avatar,
        externalId: row.foreignId,
        publicMetadata: row.metadata,
        banned: row.barred,
        deprovisioned: row.deprovisioned,
        isActive: row.enabled,
        version: row.clerkVersion,
        clerkCreatedAt: row.joinedAt,
        lastSignInAt: row.seenAt,
        lastActiveAt: row.activeAt,
        deletedAt: row.removedAt,
      })),
    async toggleDeletion() {
      const { count } = await prisma.account.updateMany({
        where: { removedAt: null },
        data: { removedAt: T0 },
      })
      if (count === 0) await prisma.account.updateMany({ data: { removedAt: null } })
    },
    organizations: async () => (await prisma.company.findMany()).map((row) => ({ ...row, name: row.title })),
    create: async ({ email, emailVerified, username, phone, externalId, deletedAt }: LocalUser) => {
      const data = {
        plan: 'pro',
        ...(email !== undefined && { emailAddress: email }),
        ...(emailVerified !== undefined && { emailConfirmed: emailVerified }),
        ...(username !== undefined && { handle: username }),
        ...(phone !== undefined && { phoneNumber: phone }),
        ...(externalId !== undefined && { foreignId: externalId }),
        ...(deletedAt !== undefined && { removedAt: deletedAt }),
      }
      return (await prisma.account.create({ data })).accountId
    },
    async setActive(id: unknown, enabled: boolean) {
      await prisma.account.update({ where: { accountId: id as number }, data: { enabled } })
    },
    custom: {
      async write(id: unknown, note: string) {
        await prisma.account.update({ where: { accountId: id as number }, data: { note } })
      },
      read: async (id: unknown) =>
        (await prisma.account.findUniqueOrThrow({ where: { accountId: id as number } })).note,
    },
  }
}
