import { type ApiCall, action } from '../server/api.js'
import { collection } from '../server/collection.js'
import { conflict, notFound } from '../server/errors.js'
import { newId, randomText } from './ids.js'
import { type Instance, type Loose, touch } from './instance.js'
import { answerList } from './lists.js'

// Single sign-on and directories keep their data; no user is sent to an identity provider.

const domainsOf = (fields: Readonly<Record<string, unknown>>): string[] =>
  ((fields.domains as string[] | undefined) ?? [fields.domain as string])
    .filter(Boolean)
    .map((one) => one.toLowerCase())

const assertDomainsFree = (table: ReadonlyMap<string, Loose>, domains: readonly string[], self: Loose) => {
  for (const other of table.values()) {
    if (other !== self && domainsOf(other).some((domain) => domains.includes(domain))) {
      throw conflict('domain_already_in_use', 'Another connection has that domain.')
    }
  }
}

const serviceProvider = ({ url }: Instance, id: string) => ({
  acs_url: `${url}/v1/saml/acs/${id}`,
  sp_entity_id: `${url}/saml/${id}`,
  sp_metadata_url: `${url}/v1/saml/metadata/${id}.xml`,
})

const saml = collection<Loose>({
  path: '/saml_connections',
  table: 'samlConnections',
  schema: 'SAMLConnection',
  idPrefix: 'samlc',
  noun: 'SAML connection',
  search: ['name', 'domain'],
  reads: { name: ({ name }) => String(name) },
  create(connection, { instance, body }) {
    const domains = domainsOf(body)
    assertDomainsFree(instance.state.samlConnections, domains, connection)
    Object.assign(connection, serviceProvider(instance, connection.id), {
      domain: domains[0],
      domains,
      active: false,
      user_count: 0,
      authenticatable: true,
      disable_jit_provisioning: false,
      attribute_mapping: mappingOf(body.attribute_mapping),
      login_hint: body.login_hint ?? { mode: 'email_address' },
    })
  },
  update(connection, { instance, body }) {
    const { consent_verified_domains_deletion: _, ...fields } = body
    Object.assign(connection, fields)
    if (body.domain === undefined && body.domains === undefined) return
    const domains = domainsOf(body)
    assertDomainsFree(instance.state.samlConnections, domains, connection)
    Object.assign(connection, { domain: domains[0], domains })
  },
})

const mappingOf = (given: unknown) => ({
  user_id: 'nameid',
  email_address: 'mail',
  first_name: 'givenName',
  last_name: 'surname',
  ...(given as object | undefined),
})

type Part = Readonly<Record<string, unknown>> | null | undefined

/** The half of a connection that speaks SAML, or OpenID Connect. */
function parts(instance: Instance, connection: Loose, body: Readonly<Record<string, unknown>>): object {
  const provider = String(connection.provider)
  const times = { created_at: connection.created_at, updated_at: instance.now() }
  const samlPart = body.saml as Part
  const oidcPart = body.oidc as Part
  const name = connection.name
  return {
    saml_connection: provider.startsWith('saml')
      ? {
          id: newId('samlc'),
          name,
          active: connection.active,
          allow_idp_initiated: false,
          allow_subdomains: false,
          force_authn: false,
          login_hint: { mode: 'email_address' },
          ...serviceProvider(instance, connection.id),
          ...(connection.saml_connection as Part),
          ...samlPart,
        }
      : null,
    oauth_config: provider.startsWith('oidc')
      ? {
          id: newId('oa'),
          name,
          provider_key: provider,
          requires_pkce: false,
          ...times,
          ...(connection.oauth_config as Part),
          ...oidcPart,
        }
      : null,
  }
}

const connections = collection<Loose>({
  path: '/enterprise_connections',
  table: 'enterpriseConnections',
  schema: 'EnterpriseConnection',
  idPrefix: 'entconn',
  create(connection, { instance, body }) {
    const { enterpriseConnections } = instance.state
    assertDomainsFree(enterpriseConnections, domainsOf(body), connection)
    connection.domains = domainsOf(body)
    connection.active = body.active === true
    connection.logo_public_url = null
    connection.organization_id ??= null
    Object.assign(connection, { sync_user_attributes: true, disable_additional_identifications: false })
    Object.assign(connection, parts(instance, connection, body))
  },
  update(connection, { instance, body }) {
    const { saml: _, oidc: __, ...fields } = body
    Object.assign(connection, fields)
    if (body.domains) assertDomainsFree(instance.state.enterpriseConnections, domainsOf(body), connection)
    Object.assign(connection, parts(instance, connection, body))
  },
  remove({ id }, { state }) {
    for (const [key, { enterprise_connection_id }] of state.testRuns) {
      if (enterprise_connection_id === id) state.testRuns.delete(key)
    }
  },
})

/** The same directories are asked for under their old name (SCIM) and their new one. */
const directoryKind = (name: 'scim_directories' | 'directories', object: string, mapping: string) => {
  const directories = collection<Loose>({
    path: `/${name}`,
    table: 'directories',
    schema: name === 'directories' ? 'Directory' : 'SCIMDirectory',
    idPrefix: 'dir',
    create(directory, { instance, body }) {
      const connection = connections.find(instance, String(body.enterprise_connection_id))
      Object.assign(directory, {
        name: body.name ?? connection.name,
        endpoint_url: `${instance.url}/scim/v2/${directory.id}`,
        enabled: true,
        group_role_mapping_enabled: Array.isArray(body.group_role_mappings),
        attribute_mapping: {},
        api_key: randomText(43),
      })
      for (const [index, given] of ((body.group_role_mappings as Mapping[] | undefined) ?? []).entries()) {
        addMapping(instance, directory.id, given, index)
      }
    },
    remove({ id }, instance) {
      removeMappings(instance, id)
    },
    // The key is shown where it is made.
    json: (directory, _, call) => ({
      ...directory,
      object,
      ...(call && !/^(Create|Rotate)/.test(call.operation.id) ? { api_key: null } : {}),
    }),
  })
  const at = ({ instance, path }: Pick<ApiCall, 'instance' | 'path'>) =>
    directories.find(instance, Object.values(path)[0] ?? '')
  const json = (stored: Loose, { state }: Instance) => {
    const role = state.roles.get(String(stored.role_id))
    const permissions = role?.permissions.flatMap((id) => state.permissions.get(id) ?? [])
    return { ...stored, object: mapping, ...(role ? { role: { ...role, permissions } } : {}) }
  }
  const listOf = (call: ApiCall) => {
    const { id } = at(call)
    return answerList(call, mappingsOf(call.instance, id), (stored) => json(stored, call.instance))
  }
  const title = name === 'directories' ? 'Directory' : 'SCIMDirectory'
  const group = name === 'directories' ? 'DirectoryGroupRoleMapping' : 'SCIMGroupRoleMapping'
  return [
    ...directories.bindings,
    action(`Rotate${title}APIKey`, (call) => {
      const directory = at(call)
      directory.api_key = randomText(43)
      return { ...directories.changed(call.instance, directory), object }
    }),
    action(`List${group}s`, listOf),
    action(`Create${group}`, (call) => {
      const { id } = at(call)
      const { length } = mappingsOf(call.instance, id)
      return json(addMapping(call.instance, id, call.body as unknown as Mapping, length), call.instance)
    }),
    action<{ mappings: Mapping[] }>(`Replace${group}s`, (call) => {
      const { id } = at(call as unknown as ApiCall)
      for (const { role_id } of call.body.mappings) {
        if (!call.instance.state.roles.has(role_id)) throw notFound('organization role')
      }
      removeMappings(call.instance, id)
      for (const [index, given] of call.body.mappings.entries()) addMapping(call.instance, id, given, index)
      return listOf(call as unknown as ApiCall)
    }),
    action(`Delete${group}`, (call) => {
      const { id } = at(call)
      const stored = call.instance.state.directoryMappings.get(call.path.mapping_id ?? '')
      if (stored?.directory_id !== id || !stored) throw notFound('group role mapping')
      call.instance.state.directoryMappings.delete(stored.id)
      return { object: mapping, id: stored.id, deleted: true }
    }),
  ]
}

interface Mapping {
  directory_group_id?: string
  scim_group_id?: string
  directory_group_display_name?: string
  scim_group_display_name?: string
  role_id: string
  precedence?: number
}

function addMapping(instance: Instance, directoryId: string, given: Mapping, position: number): Loose {
  if (!instance.state.roles.has(given.role_id)) throw notFound('organization role')
  const group = given.directory_group_id ?? given.scim_group_id ?? ''
  const name = given.directory_group_display_name ?? given.scim_group_display_name ?? group
  const now = instance.now()
  const stored: Loose = {
    id: newId('dgrm'),
    object: 'directory_group_role_mapping',
    directory_id: directoryId,
    scim_directory_id: directoryId,
    directory_group_id: group,
    scim_group_id: group,
    directory_group_display_name: name,
    scim_group_display_name: name,
    role_id: given.role_id,
    precedence: given.precedence ?? position,
    created_at: now,
    updated_at: now,
  }
  instance.state.directoryMappings.set(stored.id, stored)
  return stored
}

const mappingsOf = ({ state }: Instance, directoryId: string): Loose[] =>
  [...state.directoryMappings.values()]
    .filter(({ directory_id }) => directory_id === directoryId)
    .sort((a, b) => Number(a.precedence) - Number(b.precedence))

function removeMappings(instance: Instance, directoryId: string): void {
  for (const { id } of mappingsOf(instance, directoryId)) instance.state.directoryMappings.delete(id)
}

export const enterpriseOperations = [
  ...saml.bindings,
  ...connections.bindings,
  ...directoryKind('scim_directories', 'scim_directory', 'scim_group_role_mapping'),
  ...directoryKind('directories', 'directory', 'directory_group_role_mapping'),
  action<object, { status?: string[] }>('ListEnterpriseConnectionTestRuns', (call) => {
    const { id } = connections.find(call.instance, call.path.enterprise_connection_id ?? '')
    const { status = [] } = call.query
    const own = [...call.instance.state.testRuns.values()].filter(
      (run) =>
        run.enterprise_connection_id === id && (status.length === 0 || status.includes(String(run.status))),
    )
    return answerList(call as unknown as ApiCall, own.reverse())
  }),
  action('CreateEnterpriseConnectionTestRun', ({ instance, path }) => {
    const connection = connections.find(instance, path.enterprise_connection_id ?? '')
    const now = instance.now()
    const run: Loose = {
      id: newId('ectr'),
      object: 'enterprise_connection_test_run',
      enterprise_connection_id: connection.id,
      status: 'pending',
      connection_type: String(connection.provider).startsWith('saml') ? 'saml' : 'oauth',
      parsed_user_info: null,
      logs: [],
      saml: null,
      oauth: null,
      created_at: now,
      updated_at: now,
    }
    instance.state.testRuns.set(run.id, run)
    touch(instance, run)
    return { url: `${instance.url}/sign-in?test_run=${run.id}` }
  }),
]
