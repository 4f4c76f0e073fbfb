import { acceptInvitation, assertAcceptable } from '../frontend/invitation.js'
import { emailKind, normalEmail } from '../resources/contacts.js'
import type { Instance, StoredClient } from '../resources/instance.js'
import type { UserJSON } from '../resources/json.js'
import { createClient, createSession, endSession, endSessionsIn } from '../resources/sessions.js'
import { redeemTicket, signUps } from '../resources/tickets.js'
import { findUser, getUser } from '../resources/users.js'
import { BackendError } from '../server/errors.js'
import type { Reply } from '../server/http.js'
import { allowedUrl } from '../server/origin.js'
import type { Call, Route } from '../server/route.js'
import { clientCookies, findClient } from './cookies.js'
import { assertSameOrigin } from './guard.js'
import { html, type Markup, page, redirect } from './html.js'
import { returnScriptPath } from './return.js'

const listedUsers = 25

export function signInRoutes(instance: Instance, allowedOrigins: readonly string[]): Route[] {
  const at = { access: 'public', limit: 'none' } as const

  /** Where to go afterwards; `null` stays here. @throws {BackendError} 400 for a place that is not the developer's own */
  const target = (given: string | null): URL | null => {
    if (!given) return null
    const url = allowedUrl(given, allowedOrigins)
    if (url) return url
    throw new BackendError(400, 'redirect_url_invalid', 'Invalid redirect_url', {
      longMessage: 'redirect_url must be on a loopback host, or on an origin listed in allowedOrigins.',
    })
  }

  /** The same page under the application's host name, where its cookies can be set. */
  const atTheApplication = (call: Call): Reply | undefined => {
    const goal = target(call.query.get('redirect_url')) ?? new URL(instance.appUrl)
    const here = new URL(`http://${call.headers.host}`)
    if (goal.hostname === here.hostname) return undefined
    here.hostname = goal.hostname
    return redirect(`${here.origin}${call.url.pathname}${call.url.search}`)
  }

  const finish = async (client: StoredClient, goal: URL | null): Promise<Reply> => {
    const origin = goal?.origin ?? new URL(instance.appUrl).origin
    const headers = { 'set-cookie': await clientCookies(instance, client, origin) }
    return redirect(goal?.href ?? '/account', headers)
  }

  const signIn = (
    call: Call,
    user: UserJSON,
    goal: URL | null,
    organizationId?: string | null,
    actor?: Record<string, unknown> | null,
  ) => {
    const client = findClient(instance, call) ?? createClient(instance)
    if (client.session_id !== null) endSession(instance, client.session_id, 'ended')
    createSession(instance, { userId: user.id, organizationId: organizationId || null, client, actor })
    return finish(client, goal)
  }

  const ended = (user: UserJSON) =>
    user.banned ? 'This account is banned.' : user.locked ? 'This account is locked.' : undefined

  return [
    {
      method: 'GET',
      path: '/sign-in',
      ...at,
      handle: (call) => atTheApplication(call) ?? signInPage(instance, call.query.get('redirect_url')),
    },
    {
      method: 'POST',
      path: '/sign-in',
      ...at,
      handle: (call) => {
        assertSameOrigin(call)
        const given = call.form.get('redirect_url')
        const identifier = call.form.get('identifier')?.trim() ?? ''
        const goal = target(given)
        const user = findUser(instance, identifier)
        const problem = user ? ended(user) : `No user is called “${identifier}” here.`
        if (!user || problem) return signInPage(instance, given, problem, identifier)
        return signIn(call, user, goal, call.form.get('organization_id'))
      },
    },
    {
      method: 'GET',
      path: '/sign-up',
      ...at,
      handle: (call) => atTheApplication(call) ?? signUpPage(instance, call.query),
    },
    {
      method: 'POST',
      path: '/sign-up',
      ...at,
      handle: (call) => {
        assertSameOrigin(call)
        const goal = target(call.form.get('redirect_url'))
        const value = (name: string) => call.form.get(name)?.trim() || null
        const email = value('email_address') ?? ''
        if (!emailKind.valid(email)) return signUpPage(instance, call.form, 'Enter an e-mail address.')
        try {
          const invitation = value('invitation') ?? ''
          assertAcceptable(instance, invitation, normalEmail(email))
          const names = { first_name: value('first_name'), last_name: value('last_name') }
          const { id } = instance.call<UserJSON>('CreateUser', { body: { email_address: [email], ...names } })
          const user = getUser(instance, id)
          signUps.add(instance, { ...names, status: 'complete', email_address: email, created_user_id: id })
          acceptInvitation(instance, invitation, user)
          return signIn(call, user, goal)
        } catch (error) {
          if (!(error instanceof BackendError)) throw error
          return signUpPage(instance, call.form, error.longMessage)
        }
      },
    },
    {
      method: 'GET',
      path: '/v1/tickets/accept',
      ...at,
      handle: (call) => {
        const moved = atTheApplication(call)
        if (moved) return moved
        const ticket = redeemTicket(instance, call.query.get('ticket') ?? '')
        const user = instance.state.users.get(ticket?.user_id ?? '')
        if (!user || ended(user)) {
          throw new BackendError(
            400,
            'ticket_invalid',
            'The sign-in token is used, revoked, expired or unknown',
          )
        }
        return signIn(call, user, target(call.query.get('redirect_url')), null, ticket?.actor)
      },
    },
    {
      method: 'GET',
      path: '/account',
      ...at,
      handle: (call) => accountPage(instance, findClient(instance, call)),
    },
    {
      method: 'GET',
      path: '/sign-out',
      ...at,
      handle: (call) => atTheApplication(call) ?? signOutPage(call.query.get('redirect_url')),
    },
    {
      method: 'POST',
      path: '/sign-out',
      ...at,
      handle: (call) => {
        assertSameOrigin(call)
        const goal = target(call.form.get('redirect_url'))
        const client = findClient(instance, call) ?? createClient(instance)
        endSessionsIn(instance, client, 'ended')
        return finish(client, goal)
      },
    },
  ]
}

const hidden = (name: string, value: string | null) =>
  value ? html`<input type="hidden" name="${name}" value="${value}">` : undefined

const query = (redirectUrl: string | null) =>
  redirectUrl ? `?redirect_url=${encodeURIComponent(redirectUrl)}` : ''

export const nameOf = (user: UserJSON): string =>
  [user.first_name, user.last_name].filter(Boolean).join(' ') ||
  user.username ||
  primaryEmail(user) ||
  user.id

export const primaryEmail = (user: UserJSON): string =>
  user.email_addresses.find(({ id }) => id === user.primary_email_address_id)?.email_address ?? ''

function signInPage(
  instance: Instance,
  redirectUrl: string | null,
  problem?: string,
  identifier = '',
): Reply {
  const users = [...instance.state.users.values()].filter(({ banned }) => !banned).slice(0, listedUsers)
  return page({
    title: 'Sign in',
    script: returnScriptPath,
    status: problem ? 422 : 200,
    body: html`<div class="narrow">
<h1>Sign in</h1>
<section>
<form method="post" action="/sign-in">
${hidden('redirect_url', redirectUrl)}
<label>E-mail address, phone number or username
<input name="identifier" value="${identifier}" autocomplete="username" required${problem ? html` aria-invalid="true" aria-describedby="problem"` : ''}></label>
${problem ? html`<p role="alert" id="problem">${problem}</p>` : ''}
<button class="primary">Sign in</button>
</form>
<p class="soft">No password is asked: this server only plays Clerk, on your machine.
<a href="/sign-up${query(redirectUrl)}">Create an account</a></p>
</section>
${users.length > 0 ? html`<section><h2>Or continue as</h2><ul class="people" role="list">${users.map((user) => person(instance, user, redirectUrl))}</ul></section>` : ''}
</div>`,
  })
}

/** One person with every organisation they can act in, and without one. */
function person(instance: Instance, user: UserJSON, redirectUrl: string | null): Markup {
  const name = nameOf(user)
  const email = primaryEmail(user)
  const button = (label: Markup, organizationId: string | null) => html`<form method="post" action="/sign-in">
${hidden('redirect_url', redirectUrl)}${hidden('identifier', user.id)}${hidden('organization_id', organizationId)}
<button>${label}</button></form>`
  // The whole name is read aloud: a list of buttons that all say "in Acme" tells nothing.
  const own = html`<span class="visually-hidden">${name}</span>`
  const organizations = [...instance.state.memberships.values()]
    .filter(({ user_id }) => user_id === user.id)
    .flatMap(({ organization_id }) => instance.state.organizations.get(organization_id) ?? [])
  return html`<li><p><strong>${name}</strong>${email === '' || email === name ? '' : html` <span class="soft">${email}</span>`}</p>
<div class="row">${organizations.map(({ id, name: of }) => button(html`${own} in ${of}`, id))}${button(
    organizations.length === 0
      ? html`Continue <span class="visually-hidden">as ${name}</span>`
      : html`${own} without organisation`,
    null,
  )}</div></li>`
}

function signUpPage(instance: Instance, given: URLSearchParams, problem?: string): Reply {
  const invitation = given.get('invitation')
  const invited =
    instance.state.organizationInvitations.get(invitation ?? '') ??
    instance.state.invitations.get(invitation ?? '')
  const field = (
    name: string,
    label: string,
    type: string,
    autocomplete: string,
    value = given.get(name) ?? '',
  ) =>
    html`<label>${label}<input name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}"${type === 'email' ? html` required` : ''}></label>`
  return page({
    title: 'Sign up',
    script: returnScriptPath,
    status: problem ? 422 : 200,
    body: html`<div class="narrow">
<h1>Create an account</h1>
<section>
<form method="post" action="/sign-up">
${hidden('redirect_url', given.get('redirect_url'))}${hidden('invitation', invitation)}
${field('email_address', 'E-mail address', 'email', 'email', given.get('email_address') ?? invited?.email_address ?? '')}
${field('first_name', 'First name', 'text', 'given-name')}
${field('last_name', 'Last name', 'text', 'family-name')}
${problem ? html`<p role="alert">${problem}</p>` : ''}
<button class="primary">Create account</button>
</form>
<p class="soft"><a href="/sign-in${query(given.get('redirect_url'))}">Sign in instead</a></p>
</section></div>`,
  })
}

function accountPage(instance: Instance, client: StoredClient | undefined): Reply {
  const session = instance.state.sessions.get(client?.session_id ?? '')
  const user = session && instance.state.users.get(session.user_id)
  return page({
    title: 'Account',
    body: html`<div class="narrow"><h1>${user ? `Signed in as ${nameOf(user)}` : 'Signed out'}</h1>
<section>${
      user
        ? html`<p><code>${user.id}</code></p><p><a href="${instance.appUrl}">Go to the application</a></p><form method="post" action="/sign-out"><button>Sign out</button></form>`
        : html`<p><a href="/sign-in">Sign in</a></p>`
    }</section></div>`,
  })
}

const signOutPage = (redirectUrl: string | null): Reply =>
  page({
    title: 'Sign out',
    body: html`<div class="narrow"><h1>Sign out</h1><section><form method="post" action="/sign-out">
${hidden('redirect_url', redirectUrl)}<button class="primary">Sign out</button></form></section></div>`,
  })
