import type { Loose, StoredOAuthToken } from '../../resources/instance.js'
import type { Call, Route } from '../../server/route.js'
import { html, type Markup } from '../html.js'
import { action, check, dashboardPage, field, moment } from './forms.js'
import { userLink } from './links.js'
import { list } from './list.js'
import { revisionOf } from './live-routes.js'
import { credentialStatus } from './machines.js'
import { type Dashboard, get, given, id, pageAt, post } from './routes.js'

/** OAuth applications and the tokens they hold. Secrets and tokens are shown nowhere: the API hands them out once. */
export function oauthPages(dashboard: Dashboard): Route[] {
  const { instance, offline } = dashboard

  const applications = (call: Call): Markup =>
    list<Loose>(call, {
      name: 'applications',
      one: 'application',
      all: [...instance.state.oauthApplications.values()],
      matches: (one, needle) =>
        [one.id, one.name, one.client_id].some((text) => String(text).toLowerCase().includes(needle)),
      headings: ['Name', 'Client id', 'Kind', 'Scopes', 'Redirect URIs', 'Actions'],
      key: (one) => one.id,
      row: (one) => [
        String(one.name),
        html`<code>${String(one.client_id)}</code>`,
        one.public === true ? 'public' : 'confidential',
        String(one.scopes),
        urisOf(one).join(', ') || '–',
        action(`${pageAt('oauth', one.id)}/delete`, 'Delete', 'danger', { of: String(one.name) }),
      ],
    })

  const tokens = (call: Call): Markup => {
    const names = new Map(
      [...instance.state.oauthApplications.values()].map((one) => [one.client_id, one.name]),
    )
    const nameOf = ({ client_id }: StoredOAuthToken) => String(names.get(client_id) ?? client_id)
    return list<StoredOAuthToken>(call, {
      name: 'tokens',
      one: 'token',
      prefix: 'tokens_',
      all: [...instance.state.oauthTokens.values()],
      matches: (token, needle) =>
        [token.id, token.subject, nameOf(token)].some((text) => text.toLowerCase().includes(needle)),
      headings: ['Token', 'Application', 'User', 'Scopes', 'Status', 'Expires', 'Actions'],
      key: (token) => token.id,
      row: (token) => [
        html`<code>${token.id}</code>`,
        nameOf(token),
        userLink(instance, token.subject),
        token.scopes.join(' '),
        credentialStatus(instance, token),
        moment(token.expiration),
        token.revoked
          ? ''
          : action(`/dashboard/oauth-tokens/${token.id}/revoke`, 'Revoke', 'danger', { of: token.id }),
      ],
    })
  }

  const page = (call: Call) =>
    dashboardPage(
      'OAuth applications',
      '/dashboard/oauth',
      html`<h1>OAuth applications</h1><section>${applications(call)}</section>
<section><h2>New application</h2><form method="post" action="/dashboard/oauth">${field('name', 'Name')}${field('redirect_uri', 'Redirect URI', '', 'url')}${field('scopes', 'Scopes', 'profile email')}${check('public', 'Public (no secret, with PKCE)', true)}
<button class="primary">Create application</button></form></section>
<section><h2>Access tokens</h2>${tokens(call)}</section>`,
      { revision: revisionOf(dashboard) },
    )

  const toApplications = () => '/dashboard/oauth'
  return [
    get('/dashboard/oauth', page),
    post(
      '/dashboard/oauth',
      (call) => {
        const uri = given(call, 'redirect_uri')
        offline().call('CreateOAuthApplication', {
          body: {
            name: given(call, 'name') ?? '',
            redirect_uris: uri === null ? [] : [uri],
            scopes: given(call, 'scopes') ?? '',
            public: call.form.has('public'),
          },
        })
      },
      toApplications,
    ),
    post(
      '/dashboard/oauth/:id/delete',
      (call) => offline().call('DeleteOAuthApplication', { path: { oauth_application_id: id(call) } }),
      toApplications,
    ),
    post(
      '/dashboard/oauth-tokens/:id/revoke',
      (call) => offline().revokeOAuthToken(id(call)),
      toApplications,
    ),
  ]
}

const urisOf = ({ redirect_uris }: Loose): string[] =>
  Array.isArray(redirect_uris) ? redirect_uris.map(String) : []
