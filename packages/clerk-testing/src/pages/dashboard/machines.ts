import type { Instance, StoredApiKey, StoredM2MToken, StoredMachine } from '../../resources/instance.js'
import type { Call, Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, dashboardPage, field, moment } from './forms.js'
import { organizationLink, userLink } from './links.js'
import { list } from './list.js'
import { revisionOf } from './live-routes.js'
import { type Dashboard, get, given, id, pageAt, post } from './routes.js'

/** Machines, their tokens and API keys. What they are secret by is shown nowhere: the API hands it out once. */
export function machinePages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard
  const nameOf = (machineId: string) => instance.state.machines.get(machineId)?.name ?? machineId

  const machines = (call: Call): Markup =>
    list<StoredMachine>(call, {
      name: 'machines',
      one: 'machine',
      all: [...instance.state.machines.values()],
      matches: ({ id: machineId, name }, needle) =>
        machineId.toLowerCase().startsWith(needle) || name.toLowerCase().includes(needle),
      headings: ['Name', 'Machine', 'May call', 'Token lifetime', 'Created', 'Actions'],
      key: (machine) => machine.id,
      row: (machine) => [
        machine.name,
        html`<code>${machine.id}</code>`,
        machine.scopes.map(nameOf).join(', ') || '–',
        `${machine.default_token_ttl} s`,
        moment(machine.created_at),
        action(`${pageAt('machines', machine.id)}/delete`, 'Delete', 'danger', { of: machine.name }),
      ],
    })

  const tokens = (call: Call): Markup =>
    list<StoredM2MToken>(call, {
      name: 'tokens',
      one: 'token',
      prefix: 'tokens_',
      all: [...instance.state.m2mTokens.values()],
      matches: (token, needle) =>
        token.id.toLowerCase().startsWith(needle) || nameOf(token.subject).toLowerCase().includes(needle),
      headings: ['Token', 'Machine', 'Status', 'Expires', 'Actions'],
      key: (token) => token.id,
      row: (token) => [
        html`<code>${token.id}</code>`,
        nameOf(token.subject),
        credentialStatus(instance, token),
        moment(token.expiration),
        token.revoked
          ? ''
          : action(`/dashboard/m2m-tokens/${token.id}/revoke`, 'Revoke', 'danger', { of: token.id }),
      ],
    })

  const keys = (call: Call): Markup =>
    list<StoredApiKey>(call, {
      name: 'API keys',
      one: 'API key',
      prefix: 'keys_',
      all: [...instance.state.apiKeys.values()],
      matches: (key, needle) =>
        key.id.toLowerCase().startsWith(needle) ||
        key.subject.toLowerCase().startsWith(needle) ||
        key.name.toLowerCase().includes(needle),
      headings: ['Name', 'Key', 'Subject', 'Scopes', 'Status', 'Actions'],
      key: (key) => key.id,
      row: (key) => [
        key.name,
        html`<code>${key.id}</code>`,
        subject(instance, key.subject),
        key.scopes.join(' ') || '–',
        credentialStatus(instance, key),
        key.revoked
          ? ''
          : action(`/dashboard/api-keys/${key.id}/revoke`, 'Revoke', 'danger', { of: key.name }),
      ],
    })

  const page = (call: Call) =>
    dashboardPage(
      'Machines',
      '/dashboard/machines',
      html`<h1>Machines</h1><section>${machines(call)}
<form class="inline" method="post" action="/dashboard/machines">${field('name', 'Name')}<button>Create machine</button></form></section>
<section><h2>Tokens between machines</h2>${tokens(call)}</section>
<section><h2>API keys</h2>${keys(call)}</section>`,
      { revision: revisionOf(dashboard) },
    )

  const toMachines = () => '/dashboard/machines'
  return [
    get('/dashboard/machines', page),
    post(
      '/dashboard/machines',
      (call) => {
        offline().createMachine({ name: given(call, 'name') ?? '' })
      },
      toMachines,
    ),
    post(
      '/dashboard/machines/:id/delete',
      (call) => offline().call('DeleteMachine', { path: { machine_id: id(call) } }),
      toMachines,
    ),
    post(
      '/dashboard/m2m-tokens/:id/revoke',
      (call) => offline().call('revokeM2MToken', { path: { m2m_token_id: id(call) }, body: {} }),
      toMachines,
    ),
    post(
      '/dashboard/api-keys/:id/revoke',
      (call) => offline().call('revokeApiKey', { path: { apiKeyID: id(call) }, body: {} }),
      toMachines,
    ),
  ]
}

export function credentialStatus(
  instance: Instance,
  { revoked, expiration }: { revoked: boolean; expiration: number | null },
): Markup {
  if (revoked) return html`<span class="bad">revoked</span>`
  if (expiration !== null && instance.now() >= expiration) return html`<span class="soft">expired</span>`
  return html`<span class="good">valid</span>`
}

const subject = (instance: Instance, reference: string): Markup =>
  instance.state.organizations.has(reference)
    ? organizationLink(instance, reference)
    : userLink(instance, reference)
