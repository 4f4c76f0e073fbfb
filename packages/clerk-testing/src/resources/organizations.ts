import { type ApiCall, action } from '../server/api.js'
import type { Fields } from '../server/check.js'
import { BackendError, invalidParameter, notFound, takenIdentifier } from '../server/errors.js'
import { newId } from './ids.js'
import { drawnUrl, removeImage, setImage } from './images.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, Metadata, OrganizationJSON } from './json.js'
import { answerList, isIdOf, order } from './lists.js'
import { createMembership, removeMembershipsIn } from './memberships.js'
import { changeMetadata } from './metadata.js'
import { initialRoleSet, permissionsOf } from './roles.js'
import { settingsOf } from './settings.js'
import { signed } from './user-list.js'

const kinds = ['public_metadata', 'private_metadata'] as const
type OrganizationMetadata = Partial<Record<(typeof kinds)[number], Metadata>>

interface Change extends OrganizationMetadata {
  name?: string | null
  slug?: string | null
  max_allowed_memberships?: number | null
  admin_delete_enabled?: boolean | null
  created_at?: string | number | null
  role_set_key?: string | null
}
type Creation = Change & { name: string; created_by?: string | null }

export function getOrganization({ state }: Instance, idOrSlug: string): OrganizationJSON {
  const organization =
    state.organizations.get(idOrSlug) ??
    [...state.organizations.values()].find(({ slug }) => slug === idOrSlug)
  if (!organization) throw notFound('organization')
  return organization
}

/** With the counts that a request asks for. */
function shown(instance: Instance, organization: OrganizationJSON, query: Fields): OrganizationJSON {
  const { state } = instance
  const within = ({ organization_id }: { organization_id: string }) => organization_id === organization.id
  const members = () => [...state.memberships.values()].filter(within)
  const elevated = ({ role }: { role: string }) =>
    permissionsOf(instance, role).includes('org:sys_memberships:manage')
  return {
    ...organization,
    ...(query.include_members_count === true
      ? {
          members_count: members().length,
          pending_invitations_count: [...state.organizationInvitations.values()].filter(
            (invitation) => within(invitation) && invitation.status === 'pending',
          ).length,
        }
      : {}),
    ...(query.include_missing_member_with_elevated_permissions === true
      ? { missing_member_with_elevated_permissions: !members().some(elevated) }
      : {}),
  }
}

function list(call: ApiCall): unknown {
  const { instance, query } = call
  const needle = String(query.query ?? '').toLowerCase()
  const ids = signed(query.organization_id)
  const members = signed(query.user_id)
  const memberOf = new Set<string>()
  if (members) {
    for (const { user_id, organization_id } of instance.state.memberships.values()) {
      memberOf.add(`${user_id} ${organization_id}`)
    }
  }
  const found = [...instance.state.organizations.values()].filter(
    ({ id, name, slug }) =>
      (!needle || isIdOf({ id }, needle) || [name, slug].some((one) => one.toLowerCase().includes(needle))) &&
      (ids?.((one) => one === id) ?? true) &&
      (members?.((user) => memberOf.has(`${user} ${id}`)) ?? true),
  )
  const counted = String(query.order_by ?? '').includes('members_count')
  const json = (organization: OrganizationJSON) => shown(instance, organization, query)
  const entries = counted
    ? found.map((organization) => shown(instance, organization, { ...query, include_members_count: true }))
    : found
  return answerList(call, order(entries, call, { updated_at: ({ updated_at }) => updated_at }), json)
}

function createOrganization({ instance, body }: ApiCall<Creation>): OrganizationJSON {
  if (body.created_by && !instance.state.users.has(body.created_by)) throw notFound('user')
  const id = newId('org')
  const now = instance.now()
  const organization: OrganizationJSON = {
    id,
    object: 'organization',
    name: nonEmpty(body.name),
    slug: body.slug ? freeSlug(instance, body.slug) : generatedSlug(instance, body.name),
    image_url: drawnUrl(instance, id),
    has_image: false,
    max_allowed_memberships:
      body.max_allowed_memberships ??
      Number(settingsOf(instance, 'OrganizationSettings').max_allowed_memberships),
    admin_delete_enabled: true,
    public_metadata: body.public_metadata ?? {},
    private_metadata: body.private_metadata ?? {},
    ...(body.created_by ? { created_by: body.created_by } : {}),
    role_set_key: body.role_set_key ?? initialRoleSet,
    created_at: toMs(body.created_at) ?? now,
    updated_at: now,
  }
  instance.state.organizations.set(id, organization)
  instance.emit('organization.created', organization)
  if (body.created_by) createMembership(instance, id, { user_id: body.created_by, role: 'org:admin' })
  return organization
}

function updateOrganization({ instance, path, body }: ApiCall<Change>): OrganizationJSON {
  const organization = getOrganization(instance, path.organization_id ?? '')
  if (body.slug && body.slug !== organization.slug) organization.slug = freeSlug(instance, body.slug)
  if (typeof body.name === 'string') organization.name = nonEmpty(body.name)
  if (typeof body.max_allowed_memberships === 'number')
    organization.max_allowed_memberships = body.max_allowed_memberships
  if (typeof body.admin_delete_enabled === 'boolean')
    organization.admin_delete_enabled = body.admin_delete_enabled
  if (body.role_set_key !== undefined) organization.role_set_key = body.role_set_key
  organization.created_at = toMs(body.created_at) ?? organization.created_at
  for (const kind of kinds) organization[kind] = body[kind] ?? organization[kind]
  return changed(instance, organization)
}

const setMetadata =
  (how: 'merge' | 'replace') =>
  ({ instance, path, body }: ApiCall<OrganizationMetadata>) => {
    const organization = getOrganization(instance, path.organization_id ?? '')
    changeMetadata(organization, body, kinds, how)
    return changed(instance, organization)
  }

function deleteOrganization({ instance, path }: ApiCall): DeletedJSON {
  const { id, slug } = getOrganization(instance, path.organization_id ?? '')
  const { state } = instance
  removeMembershipsIn(instance, id)
  for (const table of [state.organizationInvitations, state.organizationDomains]) {
    for (const [key, { organization_id }] of table) if (organization_id === id) table.delete(key)
  }
  for (const [key, { subject }] of state.apiKeys) if (subject === id) state.apiKeys.delete(key)
  state.images.delete(id)
  state.organizations.delete(id)
  const deleted: DeletedJSON = { id, object: 'organization', slug, deleted: true }
  instance.emit('organization.deleted', deleted)
  return deleted
}

function changed(instance: Instance, organization: OrganizationJSON): OrganizationJSON {
  touch(instance, organization)
  instance.emit('organization.updated', organization)
  return organization
}

const toMs = (value: string | number | null | undefined): number | undefined => {
  if (typeof value !== 'string') return value ?? undefined
  const ms = Date.parse(value)
  if (Number.isNaN(ms)) throw invalidParameter('created_at', 'an RFC 3339 date')
  return ms
}

function nonEmpty(name: string): string {
  if (name.trim() !== '' && name.length <= 256) return name
  throw invalidParameter('name', 'of 1 to 256 characters')
}

const slugTaken = ({ state }: Instance, slug: string) =>
  [...state.organizations.values()].some((organization) => organization.slug === slug)

function freeSlug(instance: Instance, slug: string): string {
  if (!/^[a-z0-9_-]{1,64}$/.test(slug)) {
    throw invalidParameter('slug', 'of lowercase letters, digits, "-" and "_"')
  }
  if (slugTaken(instance, slug)) throw takenIdentifier('slug')
  return slug
}

function generatedSlug(instance: Instance, name: string): string {
  const base =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 48) || 'organization'
  if (!slugTaken(instance, base)) return base
  for (let number = 2; ; number++) if (!slugTaken(instance, `${base}-${number}`)) return `${base}-${number}`
}

const metadata = Object.fromEntries(kinds.map((kind) => [kind, { type: 'object' }]))

export const organizationOperations = [
  action('ListOrganizations', list),
  action('CreateOrganization', createOrganization),
  action('GetOrganization', ({ instance, path, query }) =>
    shown(instance, getOrganization(instance, path.organization_id ?? ''), query),
  ),
  // Earlier API versions take metadata here, and so do the other official SDKs.
  action('UpdateOrganization', updateOrganization, { also: metadata }),
  action('DeleteOrganization', deleteOrganization),
  action('MergeOrganizationMetadata', setMetadata('merge')),
  action('ReplaceOrganizationMetadata', setMetadata('replace')),
  action('UploadOrganizationLogo', (call) => {
    const organization = getOrganization(call.instance, call.path.organization_id ?? '')
    setImage(call as ApiCall, organization)
    return { ...changed(call.instance, organization), logo_url: organization.image_url }
  }),
  action('DeleteOrganizationLogo', ({ instance, path }) => {
    const organization = getOrganization(instance, path.organization_id ?? '')
    if (!organization.has_image) throw new BackendError(404, 'image_not_found', 'not found')
    removeImage(instance, organization)
    return changed(instance, organization)
  }),
]
