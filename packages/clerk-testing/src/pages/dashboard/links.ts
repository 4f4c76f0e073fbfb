import type { Instance, StoredMembership } from '../../resources/instance.js'
import type { UserJSON } from '../../resources/json.js'
import { html, type Markup } from '../html.js'
import { nameOf } from '../sign-in.js'

/** Rows of a table at most. */
export const shown = 100

export function userLink({ state }: Instance, userId: string): Markup {
  const user = state.users.get(userId)
  return user ? html`<a href="/dashboard/users/${userId}">${nameOf(user)}</a>` : html`<code>${userId}</code>`
}

export const organizationLink = ({ state }: Instance, organizationId: string): Markup =>
  html`<a href="/dashboard/organizations/${organizationId}">${state.organizations.get(organizationId)?.name ?? organizationId}</a>`

export const membersOf = ({ state }: Instance, organizationId: string): StoredMembership[] =>
  [...state.memberships.values()].filter(({ organization_id }) => organization_id === organizationId)

export const statusOf = ({ banned, locked }: Pick<UserJSON, 'banned' | 'locked'>): Markup =>
  banned
    ? html`<span class="status bad">banned</span>`
    : locked
      ? html`<span class="status bad">locked</span>`
      : html`<span class="status soft">active</span>`
