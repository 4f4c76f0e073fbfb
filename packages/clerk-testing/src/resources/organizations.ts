import { BackendError, notFound } from '../server/errors.js'
import { flag, ignored, nullable, parse, record, required, text, time, whole } from '../server/parameters.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, OrganizationJSON } from './json.js'
import { createMembership, removeMembershipsIn } from './memberships.js'
import { mergeMetadata } from './metadata.js'

export function getOrganization({ state }: Instance, idOrSlug: string): OrganizationJSON {
  const organization =
    state.organizations.get(idOrSlug) ??
    [...state.organizations.values()].find(({ slug }) => slug === idOrSlug)
  if (!organization) throw notFound('organization')
  return organization
}

export function organizationJson(
  { state }: Instance,
  organization: OrganizationJSON,
  { counts = false } = {},
): OrganizationJSON {
  if (!counts) return organization
  const within = ({ organization_id }: { organization_id: string }) => organization_id === organization.id
  return {
    ...organization,
    members_count: [...state.memberships.values()].filter(within).length,
    pending_invitations_count: [...state.organizationInvitations.values()].filter(
      (invitation) => within(invitation) && invitation.status === 'pending',
    ).length,
  }
}

const common = {
  slug: nullable(text),
  max_allowed_memberships: nullable(whole),
  public_metadata: record,
  private_metadata: record,
  created_at: nullable(time),
  role_set_key: ignored,
} as const

export function createOrganization(instance: Instance, body: unknown): OrganizationJSON {
  const given = parse(body, { ...common, name: required(text), created_by: nullable(text) })
  if (given.created_by && !instance.state.users.has(given.created_by)) throw notFound('user')
  const id = newId('org')
  const now = instance.now()
  const organization: OrganizationJSON = {
    id,
    object: 'organization',
    name: nonEmpty(given.name),
    slug: given.slug ? freeSlug(instance, given.slug) : generatedSlug(instance, given.name),
    image_url: `${instance.url}/avatars/${id}.svg`,
    has_image: false,
    max_allowed_memberships: given.max_allowed_memberships ?? 100,
    admin_delete_enabled: true,
    public_metadata: given.public_metadata ?? {},
    private_metadata: given.private_metadata ?? {},
    ...(given.created_by ? { created_by: given.created_by } : {}),
    created_at: given.created_at ?? now,
    updated_at: now,
  }
  // Clerk counts 0 as "no limit".
  if (organization.max_allowed_memberships === 0)
    organization.max_allowed_memberships = Number.MAX_SAFE_INTEGER
  instance.state.organizations.set(id, organization)
  instance.emit('organization.created', organization)
  if (given.created_by) createMembership(instance, id, { user_id: given.created_by, role: 'org:admin' })
  return organization
}

export function updateOrganization(instance: Instance, id: string, body: unknown): OrganizationJSON {
  const organization = getOrganization(instance, id)
  const given = parse(body, { ...common, name: nullable(text), admin_delete_enabled: nullable(flag) })
  if (given.slug && given.slug !== organization.slug) organization.slug = freeSlug(instance, given.slug)
  if (typeof given.name === 'string') organization.name = nonEmpty(given.name)
  if (typeof given.max_allowed_memberships === 'number') {
    organization.max_allowed_memberships = given.max_allowed_memberships || Number.MAX_SAFE_INTEGER
  }
  if (typeof given.admin_delete_enabled === 'boolean')
    organization.admin_delete_enabled = given.admin_delete_enabled
  if (typeof given.created_at === 'number') organization.created_at = given.created_at
  organization.public_metadata = given.public_metadata ?? organization.public_metadata
  organization.private_metadata = given.private_metadata ?? organization.private_metadata
  return changed(instance, organization)
}

export function changeOrganizationMetadata(
  instance: Instance,
  id: string,
  body: unknown,
  how: 'merge' | 'replace',
): OrganizationJSON {
  const organization = getOrganization(instance, id)
  const given = parse(body, { public_metadata: record, private_metadata: record })
  for (const name of ['public_metadata', 'private_metadata'] as const) {
    const value = given[name]
    if (value) organization[name] = mergeMetadata(how === 'merge' ? organization[name] : {}, value)
  }
  return changed(instance, organization)
}

export function deleteOrganization(instance: Instance, id: string): DeletedJSON {
  const organization = getOrganization(instance, id)
  removeMembershipsIn(instance, organization.id)
  for (const table of [instance.state.organizationInvitations, instance.state.organizationDomains]) {
    for (const [key, { organization_id }] of table) if (organization_id === organization.id) table.delete(key)
  }
  instance.state.organizations.delete(organization.id)
  const deleted: DeletedJSON = {
    id: organization.id,
    object: 'organization',
    slug: organization.slug,
    deleted: true,
  }
  instance.emit('organization.deleted', deleted)
  return deleted
}

function changed(instance: Instance, organization: OrganizationJSON): OrganizationJSON {
  touch(instance, organization)
  instance.emit('organization.updated', organization)
  return organization
}

function nonEmpty(name: string): string {
  if (name.trim() !== '' && name.length <= 256) return name
  throw new BackendError(422, 'form_param_format_invalid', 'is invalid', {
    longMessage: 'name must have 1 to 256 characters.',
    meta: { param_name: 'name' },
  })
}

const slugTaken = ({ state }: Instance, slug: string) =>
  [...state.organizations.values()].some((organization) => organization.slug === slug)

function freeSlug(instance: Instance, slug: string): string {
  if (!/^[a-z0-9_-]{1,64}$/.test(slug)) {
    throw new BackendError(422, 'form_param_format_invalid', 'is invalid', {
      longMessage: 'slug can only contain lowercase letters, digits, "-" and "_".',
      meta: { param_name: 'slug' },
    })
  }
  if (slugTaken(instance, slug)) {
    throw new BackendError(422, 'form_identifier_exists', 'That slug is taken. Please try another.', {
      meta: { param_name: 'slug' },
    })
  }
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
