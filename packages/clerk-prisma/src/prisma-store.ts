import { ConfigurationError } from '@acme/clerk-core'
import {
  type Inbox,
  type InspectableStore,
  type MembershipRecord,
  type OrganizationRecord,
  type OrganizationStore,
  readOptions,
  type UserRecord,
  type UserStore,
} from '@acme/clerk-core/store'
import type { ClientInternals } from './client/prisma-client.js'
import { OPTION_RULES } from './option-rules.js'
import type { PrismaStoreOptions, RowOf } from './options.js'
import { createContext } from './stores/context.js'
import { inboxStore } from './stores/inbox.js'
import { organizationStore } from './stores/organizations.js'
import { userStore } from './stores/users.js'

/** The row of the application's user model, as `auth.user` has it. */
export type PrismaUser<C, O = object> = RowOf<UserRecord, C, O, 'users', 'user'>
export type PrismaOrganization<C, O = object> = RowOf<
  OrganizationRecord,
  C,
  O,
  'organizations',
  'organization'
>
export type PrismaMembership<C, O = object> = RowOf<MembershipRecord, C, O, 'memberships', 'membership'>

export interface PrismaStores<
  U extends UserRecord,
  O extends OrganizationRecord,
  M extends MembershipRecord,
> {
  users: Required<UserStore<U> & InspectableStore>
  organizations: Required<OrganizationStore<O, M> & InspectableStore>
  inbox: Required<Inbox & InspectableStore>
}

/**
 * The three stores in the application's own database, through its own `PrismaClient` (Prisma 6.2 or later, 7; PostgreSQL,
 * CockroachDB, MySQL, MariaDB, SQLite). A part of the options: `createClerk(fromEnv(), prismaStore(prisma))`.
 *
 * Works with a client of `$extends`, and with the client of an open `$transaction`: every write is one conditional
 * statement, atomic by itself.
 *
 * @throws {ConfigurationError} with every model and field of the schema that is missing; for options that it does not know,
 * or with a value that they cannot have
 */
export function prismaStore<C extends object, const O extends PrismaStoreOptions<C> = object>(
  prisma: C,
  options?: O & PrismaStoreOptions<C>,
): PrismaStores<PrismaUser<C, O>, PrismaOrganization<C, O>, PrismaMembership<C, O>> {
  const given = readOptions<PrismaStoreOptions<C>>('prismaStore', options, OPTION_RULES)
  const context = createContext(prisma as ClientInternals, given.provider)
  const {
    tables: userTables,
    problems: userProblems,
    ...users
  } = userStore<PrismaUser<C, O>>(context, given.users)
  const { tables: organizationTables, ...organizations } = organizationStore<
    PrismaOrganization<C, O>,
    PrismaMembership<C, O>
  >(context, given)
  const { tables: inboxTables, ...inbox } = inboxStore(context, given)

  const tables = [...userTables, ...organizationTables].map(({ table }) => table)
  const problems = [...[...tables, ...inboxTables].flatMap((table) => table.problems()), ...userProblems()]
  if (problems.length > 0) throw new ConfigurationError(problems)
  return { users, organizations, inbox }
}
