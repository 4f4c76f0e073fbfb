import {
  type InspectableStore,
  type InvitationSnapshot,
  type MembershipRecord,
  type MembershipSnapshot,
  type OrganizationRecord,
  type OrganizationSnapshot,
  type OrganizationStore,
  organizationStoreOver,
  type RoleSnapshot,
  type VersionedRows,
} from '@acme/clerk-core/store'
import { INVITATIONS, MEMBERSHIPS, ORGANIZATIONS, ROLES } from '../table/definitions.js'
import type { Versioned } from '../table/versioned.js'
import type { Context, ModelOptions } from './context.js'

interface OwnColumns<S> extends ModelOptions {
  readonly create?: ((snapshot: S) => object) | undefined
}

export interface OrganizationsOptions {
  readonly organizations?: OwnColumns<OrganizationSnapshot> | undefined
  readonly memberships?: OwnColumns<MembershipSnapshot> | undefined
  readonly roles?: OwnColumns<RoleSnapshot> | undefined
  readonly invitations?: OwnColumns<InvitationSnapshot> | undefined
}

export function organizationStore<O extends OrganizationRecord, M extends MembershipRecord>(
  { versioned, run, inspect }: Context,
  options: OrganizationsOptions,
): Required<OrganizationStore<O, M> & InspectableStore> & { readonly tables: readonly Versioned[] } {
  const organizations = versioned(ORGANIZATIONS, options.organizations)
  const memberships = versioned(MEMBERSHIPS, options.memberships)
  const roles = versioned(ROLES, options.roles)
  const invitations = versioned(INVITATIONS, options.invitations)
  const { store, newRows } = organizationStoreOver<O, M>({
    organizations: { rows: rowsOf(organizations), create: options.organizations?.create },
    memberships: { rows: rowsOf(memberships), create: options.memberships?.create },
    roles: { rows: rowsOf(roles), create: options.roles?.create },
    invitations: { rows: rowsOf(invitations), create: options.invitations?.create },
    run,
  })
  return {
    ...store,
    tables: [organizations, memberships, roles, invitations],
    inspect: () =>
      inspect([
        [organizations.table, newRows.organizations],
        [memberships.table, newRows.memberships],
        [roles.table, newRows.roles],
        [invitations.table, newRows.invitations],
      ]),
  }
}

const rowsOf = (rows: Versioned): VersionedRows => {
  const { table } = rows
  return {
    find: (clerkId) => rows.find(clerkId),
    findMany: (where, newest) =>
      table.findMany({
        where,
        ...(newest !== undefined && { orderBy: [{ createdAt: 'desc' }], take: newest }),
      }),
    page: (page) => rows.page(page),
    apply: (incoming) => rows.apply(incoming),
    remove: (clerkId, at, tombstone) => rows.remove(clerkId, at, tombstone),
    update: (clerkId, condition, fields) => table.update({ clerkId }, condition, fields),
    probe: () => table.probe(),
    unstored: () => table.unstored,
  }
}
