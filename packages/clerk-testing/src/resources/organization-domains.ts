import { action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { invalidParameter, invalidValue } from '../server/errors.js'
import type { Instance, StoredDomain } from './instance.js'
import type { DomainVerificationJSON } from './json.js'
import { getOrganization } from './organizations.js'

const enrollmentModes = [
  'manual_invitation',
  'automatic_invitation',
  'automatic_suggestion',
  'enterprise_sso',
]

const verification = (instance: Instance, strategy: string, verified: boolean): DomainVerificationJSON => ({
  status: verified ? 'verified' : 'unverified',
  strategy,
  attempts: 0,
  expire_at: null,
  verified_at: verified ? instance.now() : null,
})

interface Given {
  name?: string
  enrollment_mode?: string | null
  verified?: boolean | null
}

function apply(instance: Instance, domain: StoredDomain, { enrollment_mode, verified }: Given): void {
  if (enrollment_mode) {
    if (!enrollmentModes.includes(enrollment_mode)) throw invalidValue('enrollment_mode', enrollmentModes)
    domain.enrollment_mode = enrollment_mode
  }
  if (typeof verified !== 'boolean') return
  domain.affiliation_verification = verification(instance, 'affiliation_email_code', verified)
  domain.verification = domain.affiliation_verification
}

const domains = collection<StoredDomain>({
  path: '/organizations/{organization_id}/domains',
  table: 'organizationDomains',
  schema: 'OrganizationDomain',
  idPrefix: 'orgdmn',
  parent: { field: 'organization_id', find: getOrganization },
  unique: ['name'],
  events: 'organizationDomain',
  alsoLists: ['ListAllOrganizationDomains'],
  filters: {
    verified: (domain, value: string) => (domain.verification?.status === 'verified') === (value === 'true'),
    enrollment_mode: ({ enrollment_mode }, value: string | string[]) => {
      const modes = [value].flat()
      const wanted = modes.filter((mode) => !mode.startsWith('-'))
      return (
        !modes.includes(`-${enrollment_mode}`) && (wanted.length === 0 || wanted.includes(enrollment_mode))
      )
    },
    domains: ({ name }, value: string[]) => value.length === 0 || value.includes(name),
  },
  normalise: (body) => (typeof body.name === 'string' ? { ...body, name: body.name.toLowerCase() } : body),
  create(domain, { instance, body }) {
    if (!/^([a-z0-9-]+\.)+[a-z]{2,}$/.test(domain.name)) throw invalidParameter('name', 'a domain name')
    domain.ownership_verification = null
    apply(instance, domain, { verified: false, ...(body as Given) })
  },
  update(domain, { instance, body }) {
    apply(instance, domain, body as Given)
  },
  json: (domain, { state }) => ({
    ...domain,
    public_organization_data: state.organizations.get(domain.organization_id) ?? null,
  }),
})

export const organizationDomainOperations = [
  ...domains.bindings,
  action('VerifyOrganizationDomainOwnership', ({ instance, path }) => {
    const { id } = getOrganization(instance, path.organization_id ?? '')
    const domain = domains.find(instance, path.domain_id ?? '', id)
    domain.ownership_verification = verification(instance, 'txt', true)
    domain.verification = domain.ownership_verification
    return domains.json(instance, domains.changed(instance, domain))
  }),
]
