import { action, type Binding } from '../server/api.js'
import { changeDomainOperation } from '../server/beyond.js'
import { collection } from '../server/collection.js'
import { BackendError, notFound } from '../server/errors.js'
import type { OperationId } from '../tables/operations.js'
import { newId, randomText } from './ids.js'
import { type Instance, type Loose, touch } from './instance.js'

type Settings = Record<string, unknown>

/** What the instance begins with, by the name of the schema. */
const defaults: Readonly<Record<string, Settings>> = {
  Instance: {
    object: 'instance',
    environment_type: 'development',
    allowed_origins: null,
    workspace_id: null,
  },
  InstanceSettings: {
    object: 'instance_settings',
    restricted_to_allowlist: false,
    from_email_address: 'notifications',
    progressive_sign_up: true,
    enhanced_email_deliverability: false,
  },
  InstanceRestrictions: {
    object: 'instance_restrictions',
    allowlist: false,
    blocklist: false,
    allowlist_blocklist_disabled_on_sign_in: false,
    block_email_subaddresses: false,
    block_disposable_email_domains: false,
  },
  InstanceProtect: {
    object: 'instance_protect',
    rules_enabled: false,
    specter_enabled: false,
    checks_bypassed: false,
  },
  InstanceCommunication: { object: 'instance_communication', blocked_country_codes: [] },
  OAuthApplicationSettings: {
    object: 'oauth_application_settings',
    dynamic_oauth_client_registration: false,
    default_scopes: null,
    oauth_jwt_access_tokens: false,
    client_id_metadata_documents_advertised: false,
    client_id_metadata_documents_only_allow_pre_registered_clients: false,
    client_id_metadata_documents_block_implicitly_allowed_clients: false,
  },
  OrganizationSettings: {
    object: 'organization_settings',
    enabled: true,
    max_allowed_memberships: 100,
    max_allowed_roles: 10,
    max_role_sets_allowed: 10,
    max_allowed_domains: 10,
    max_allowed_permissions: 50,
    creator_role: 'org:admin',
    admin_delete_enabled: true,
    domains_enabled: true,
    slug_disabled: false,
    domains_enrollment_modes: ['manual_invitation', 'automatic_invitation', 'automatic_suggestion'],
    domains_default_role: 'org:member',
    initial_role_set_key: 'role_set:default',
  },
}

export const settingsOf = ({ state }: Instance, name: string): Settings => ({
  ...defaults[name],
  ...state.settings.get(name),
})

/** Settings that one operation reads and another changes. */
function settings(name: string, change: OperationId, read?: OperationId): Binding[] {
  const shown = (instance: Instance) => ({ ...settingsOf(instance, name), id: instance.instanceId })
  const update = action<Settings>(change, ({ instance, body, operation }) => {
    const current = settingsOf(instance, name)
    // A role is given by its id and shown by its key.
    const { creator_role_id, domains_default_role_id, ...rest } = body
    const role = (id: unknown) => (id === undefined ? {} : instance.state.roles.get(String(id)))
    const creator = role(creator_role_id)
    const other = role(domains_default_role_id)
    if (!creator || !other) throw notFound('organization role')
    instance.state.settings.set(name, {
      ...current,
      ...rest,
      ...('key' in creator ? { creator_role: creator.key } : {}),
      ...('key' in other ? { domains_default_role: other.key } : {}),
    })
    return operation.status === 204 ? { status: 204, text: '' } : shown(instance)
  })
  return read ? [update, action(read, ({ instance }) => shown(instance))] : [update]
}

const domains = collection<Loose>({
  path: '/domains',
  table: 'domains',
  schema: 'Domain',
  idPrefix: 'dmn',
  unique: ['name'],
  fallbackOrder: '+created_at',
  create(domain, { instance }) {
    const { origin } = new URL(instance.url)
    Object.assign(domain, { frontend_api_url: `${origin}`, accounts_portal_url: origin, cname_targets: [] })
  },
  remove(domain) {
    if (domain.is_satellite !== true)
      throw new BackendError(403, 'primary_domain_deletion_not_allowed', 'not allowed')
  },
})

export function plantDomain(instance: Instance): void {
  const name = new URL(instance.url).host
  const fields = {
    name,
    is_satellite: false,
    frontend_api_url: instance.url,
    accounts_portal_url: instance.url,
  }
  domains.add(instance, { ...fields, development_origin: '', cname_targets: [] })
}

// What an instance says in e-mails and text messages.

const messageKinds: Readonly<Record<string, readonly string[]>> = {
  email: [
    'verification_code',
    'magic_link_sign_in',
    'reset_password_code',
    'invitation',
    'organization_invitation',
  ],
  sms: ['verification_code', 'reset_password_code'],
}

const templateName = (slug: string) => slug.charAt(0).toUpperCase() + slug.slice(1).replaceAll('_', ' ')

function freshTemplate(instance: Instance, type: string, slug: string): Loose {
  const now = instance.now()
  return {
    id: `tmpl_${type}_${slug}`,
    object: 'template',
    instance_id: instance.instanceId,
    resource_type: 'system',
    template_type: type,
    name: templateName(slug),
    slug,
    position: 0,
    can_revert: false,
    can_delete: false,
    can_edit_body: true,
    can_toggle: true,
    subject: type === 'email' ? templateName(slug) : null,
    markup: '',
    body: '{{otp_code}}',
    available_variables: ['app.name', 'otp_code', 'action_url'],
    required_variables: [],
    from_email_name: 'notifications',
    reply_to_email_name: '',
    delivered_by_clerk: true,
    enabled: true,
    flagged_as_suspicious: false,
    created_at: now,
    updated_at: now,
  }
}

const templatesOf = (instance: Instance, type: string): Loose[] => {
  const own = [...instance.state.templates.values()].filter(({ template_type }) => template_type === type)
  const fresh = (messageKinds[type] ?? []).filter((slug) => !own.some((one) => one.slug === slug))
  return [...own, ...fresh.map((slug) => freshTemplate(instance, type, slug))]
}

type Path = Readonly<Record<string, string>>
function templateAt(instance: Instance, { template_type = '', slug = '' }: Path): Loose {
  const found = templatesOf(instance, template_type).find((one) => one.slug === slug)
  if (!found) throw notFound('template')
  return found
}

const changeTemplate =
  (change: (template: Loose, body: Settings) => object, create = false) =>
  ({ instance, path, body }: { instance: Instance; path: Path; body: Settings }) => {
    const { template_type = '', slug = '' } = path
    const known = templatesOf(instance, template_type).some((one) => one.slug === slug)
    const template =
      known || !create ? templateAt(instance, path) : freshTemplate(instance, template_type, slug)
    Object.assign(template, change(template, body))
    instance.state.templates.set(template.id, template)
    touch(instance, template)
    return template
  }

const accepted = () => ({ status: 202, text: '' })
const svixUrl = ({ instance }: { instance: Instance }) => ({ svix_url: `${instance.url}/dashboard/webhooks` })

export const settingsOperations = [
  ...settings('Instance', 'UpdateInstance', 'GetInstance'),
  ...settings('InstanceSettings', 'UpdateInstanceAuthConfig'),
  ...settings('InstanceRestrictions', 'UpdateInstanceRestrictions'),
  ...settings('InstanceProtect', 'UpdateInstanceProtect', 'GetInstanceProtect'),
  ...settings('InstanceCommunication', 'UpdateInstanceCommunication', 'GetInstanceCommunication'),
  ...settings(
    'OAuthApplicationSettings',
    'UpdateInstanceOAuthApplicationSettings',
    'GetInstanceOAuthApplicationSettings',
  ),
  ...settings(
    'OrganizationSettings',
    'UpdateInstanceOrganizationSettings',
    'GetInstanceOrganizationSettings',
  ),
  ...domains.bindings,
  action('ChangeProductionInstanceDomain', accepted),
  action('UpdateProductionInstanceDomain', accepted),
  action(changeDomainOperation, accepted),
  action<{ domain_id?: string; proxy_url?: string }>('VerifyDomainProxy', ({ instance, body }) => {
    const domain = domains.find(instance, body.domain_id ?? '')
    const now = instance.now()
    const id = newId('prchk')
    const proxy_url = body.proxy_url ?? ''
    const times = { last_run_at: now, created_at: now, updated_at: now }
    return { object: 'proxy_check', id, domain_id: domain.id, proxy_url, successful: true, ...times }
  }),
  action('GetJWKS', ({ instance }) => instance.issuer.jwks(), { limit: 'none' }),
  action('GetPublicInterstitial', () => ({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    text: '<!doctype html><title>Offline Clerk</title><script>location.reload()</script>',
  })),
  action('CreateTestingToken', ({ instance }) => ({
    object: 'testing_token',
    token: randomText(48),
    expires_at: Math.floor(instance.now() / 1000) + 3600,
  })),
  action('CreateSvixApp', svixUrl),
  action('GenerateSvixAuthURL', svixUrl),
  action('DeleteSvixApp', () => ({ status: 204, text: '' })),
  action('GetTemplateList', ({ instance, path, query }) => {
    const data = templatesOf(instance, path.template_type ?? '')
    return query.paginated === true ? { data, total_count: data.length } : data
  }),
  action('GetTemplate', ({ instance, path }) => templateAt(instance, path)),
  action(
    'UpsertTemplate',
    changeTemplate((_, body) => ({ ...body, can_revert: true }), true),
  ),
  action(
    'ToggleTemplateDelivery',
    changeTemplate((_, body) => ({ delivered_by_clerk: body.delivered_by_clerk === true })),
  ),
  action('RevertTemplate', ({ instance, path }) => {
    const { id } = templateAt(instance, path)
    instance.state.templates.delete(id)
    return templateAt(instance, path)
  }),
  action<Settings>('PreviewTemplate', ({ instance, path, body }) => ({
    ...templateAt(instance, path),
    ...body,
  })),
]
