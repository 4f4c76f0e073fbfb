import { BackendError, invalidParameter, notFound } from '../server/errors.js'
import { flag, nullable, oneOf, parse, required, text } from '../server/parameters.js'
import { newId } from './ids.js'
import { type Instance, touch } from './instance.js'
import type { DeletedJSON, OrganizationDomainJSON } from './json.js'
import { getOrganization } from './organizations.js'

const enrollment = oneOf(
  'manual_invitation',
  'automatic_invitation',
  'automatic_suggestion',
  'enterprise_sso',
)

const verification = (verified: boolean) => ({
  status: verified ? 'verified' : 'unverified',
  strategy: 'affiliation_email_code',
  attempts: 0,
  expires_at: null,
})

export function createDomain(
  instance: Instance,
  organizationId: string,
  body: unknown,
): OrganizationDomainJSON {
  const organization = getOrganization(instance, organizationId)
  const given = parse(body, { name: required(text), enrollment_mode: enrollment, verified: nullable(flag) })
  const name = given.name.toLowerCase()
  if (!/^([a-z0-9-]+\.)+[a-z]{2,}$/.test(name)) throw invalidParameter('name', 'a domain name')
  if ([...instance.state.organizationDomains.values()].some((domain) => domain.name === name)) {
    throw new BackendError(422, 'form_identifier_exists', 'That domain is taken.', {
      meta: { param_name: 'name' },
    })
  }
  const now = instance.now()
  const domain: OrganizationDomainJSON = {
    id: newId('orgdmn'),
    object: 'organization_domain',
    organization_id: organization.id,
    name,
    enrollment_mode: given.enrollment_mode ?? 'manual_invitation',
    verification: verification(given.verified === true),
    affiliation_email_address: null,
    total_pending_invitations: 0,
    total_pending_suggestions: 0,
    created_at: now,
    updated_at: now,
  }
  instance.state.organizationDomains.set(domain.id, domain)
  instance.emit('organizationDomain.created', domain)
  return domain
}

function getDomain(instance: Instance, organizationId: string, id: string): OrganizationDomainJSON {
  const organization = getOrganization(instance, organizationId)
  const domain = instance.state.organizationDomains.get(id)
  if (domain?.organization_id !== organization.id) throw notFound('organization domain')
  return domain
}

export function updateDomain(
  instance: Instance,
  organizationId: string,
  id: string,
  body: unknown,
): OrganizationDomainJSON {
  const domain = getDomain(instance, organizationId, id)
  const given = parse(body, { name: text, enrollment_mode: enrollment, verified: nullable(flag) })
  if (given.enrollment_mode) domain.enrollment_mode = given.enrollment_mode
  if (typeof given.verified === 'boolean') domain.verification = verification(given.verified)
  touch(instance, domain)
  instance.emit('organizationDomain.updated', domain)
  return domain
}

export function deleteDomain(instance: Instance, organizationId: string, id: string): DeletedJSON {
  const domain = getDomain(instance, organizationId, id)
  instance.state.organizationDomains.delete(domain.id)
  const deleted: DeletedJSON = { id, object: 'organization_domain', deleted: true }
  instance.emit('organizationDomain.deleted', deleted)
  return deleted
}
