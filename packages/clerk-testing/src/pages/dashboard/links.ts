import type { Instance } from '../../resources/instance.js'
import type { UserJSON } from '../../resources/json.js'
import { html, type Markup } from '../html.js'
import { nameOf } from '../sign-in.js'
import { pageAt } from './routes.js'

export function userLink({ state }: Instance, userId: string): Markup {
  const user = state.users.get(userId)
  return user ? html`<a href="${pageAt('users', userId)}">${nameOf(user)}</a>` : html`<code>${userId}</code>`
}

export const organizationLink = ({ state }: Instance, organizationId: string): Markup =>
  html`<a href="${pageAt('organizations', organizationId)}">${state.organizations.get(organizationId)?.name ?? organizationId}</a>`

/** Says on which user's page a form stands, where it stands on others too. */
export const fromUser = (userId: string): Markup => html`<input type="hidden" name="from" value="${userId}">`

export const statusOf = ({ banned, locked }: Pick<UserJSON, 'banned' | 'locked'>): Markup =>
  banned
    ? html`<span class="status bad">banned</span>`
    : locked
      ? html`<span class="status bad">locked</span>`
      : html`<span class="status soft">active</span>`
