import {
  type InvitationSnapshot,
  type MembershipRecord,
  type MembershipSnapshot,
  type OrganizationRecord,
  type OrganizationSnapshot,
  type OrganizationStore,
  organizationStoreOver,
  type RoleSnapshot,
  type RowCondition,
  type VersionedRows,
} from '@acme/clerk-core/store'
import { and, desc, inArray, isNotNull } from 'drizzle-orm'
import { INVITATIONS, MEMBERSHIPS, ORGANIZATIONS, ROLES } from '../table/definitions.js'
import type { Table } from '../table/table.js'
import type { Versioned } from '../table/versioned.js'
import type { Context, Inspected, TableOptions } from './context.js'

export interface OrganizationsOptions {
  readonly organizations?: TableOptions<OrganizationSnapshot> | undefined
  readonly memberships?: TableOptions<MembershipSnapshot> | undefined
  readonly invitations?: TableOptions<InvitationSnapshot> | undefined
  readonly clerkRoles?: TableOptions<RoleSnapshot> | undefined
}

export function organizationStore<O extends OrganizationRecord, M extends MembershipRecord>(
  { versioned, run }: Context,
  options: OrganizationsOptions,
): { store: Required<OrganizationStore<O, M>>; inspected: Inspected } {
  const organizations = versioned(ORGANIZATIONS)
  const memberships = versioned(MEMBERSHIPS)
  const roles = versioned(ROLES)
  const invitations = versioned(INVITATIONS)
  const { store, newRows } = organizationStoreOver<O, M>({
    organizations: { rows: rowsOf(organizations), create: options.organizations?.create },
    memberships: { rows: rowsOf(memberships), create: options.memberships?.create },
    roles: { rows: rowsOf(roles), create: options.clerkRoles?.create },
    invitations: { rows: rowsOf(invitations), create: options.invitations?.create },
    run,
  })
  const inspected: Inspected = [
    [organizations.table, newRows.organizations],
    [memberships.table, newRows.memberships],
    [roles.table, newRows.roles],
    [invitations.table, newRows.invitations],
  ]
  return { store, inspected }
}

const rowsOf = (rows: Versioned): VersionedRows => {
  const { table } = rows
  return {
    find: (clerkId) => rows.find(clerkId),
    findMany: (condition, newest) =>
      table.findMany({
        where: sqlOf(table, condition),
        ...(newest !== undefined && { orderBy: [desc(table.column('createdAt'))], limit: newest }),
      }),
    page: ({ after, limit }) => table.page(after, limit),
    apply: (incoming) => rows.apply(incoming),
    remove: (clerkId, at, tombstone) => rows.remove(clerkId, at, tombstone),
    update: (clerkId, condition, fields) =>
      table.update(table.where({ clerkId }), sqlOf(table, condition), fields),
    probe: () => table.probe(),
    unstored: () => table.unstored,
  }
}

const sqlOf = (table: Table, condition: RowCondition) =>
  and(
    ...Object.entries(condition).map(([field, value]) => {
      if (value === null || typeof value === 'string') return table.where({ [field]: value })
      const column = table.column(field)
      return 'in' in value ? inArray(column, [...value.in]) : isNotNull(column)
    }),
  )
