import type { Reply } from '../../server/http.js'
import { html, type Markup, page } from '../html.js'
import { liveControl, liveScriptPath } from './live.js'

const sections = [
  ['/dashboard', 'Users'],
  ['/dashboard/organizations', 'Organisations'],
  ['/dashboard/sessions', 'Sessions'],
  ['/dashboard/webhooks', 'Webhooks'],
  ['/dashboard/machines', 'Machines'],
  ['/dashboard/oauth', 'OAuth'],
  ['/dashboard/roles', 'Roles'],
  ['/dashboard/settings', 'Settings'],
] as const

export function dashboardPage(
  title: string,
  section: (typeof sections)[number][0],
  body: Markup,
  { status, script, revision }: { status?: number; script?: string; revision?: string } = {},
): Reply {
  const navigation = html`<nav aria-label="Dashboard">${sections.map(
    ([href, label]) =>
      html`<a href="${href}"${href === section ? html` aria-current="page"` : ''}>${label}</a>`,
  )}</nav>${revision === undefined ? '' : liveControl(revision)}`
  return page({
    title,
    navigation,
    body,
    headers: { 'referrer-policy': 'same-origin' },
    ...(status === undefined ? {} : { status }),
    script: revision === undefined ? script : liveScriptPath,
    policy: revision === undefined ? "form-action 'self'" : "form-action 'self'; connect-src 'self'",
  })
}

/** A form of one button. @param of what it acts on, said where a page has many such buttons; `hidden` fields go with it */
export const action = (
  path: string,
  label: string,
  kind: '' | 'primary' | 'danger' = '',
  { of, hidden }: { of?: string; hidden?: Markup | undefined } = {},
): Markup =>
  html`<form class="inline" method="post" action="${path}">${hidden}<button class="${kind}">${label}${of === undefined ? '' : html`<span class="visually-hidden"> ${of}</span>`}</button></form>`

export const field = (
  name: string,
  label: string,
  value: string | number | null = '',
  type = 'text',
): Markup => html`<label>${label}<input name="${name}" type="${type}" value="${value ?? ''}"></label>`

export const area = (name: string, label: string, value: unknown): Markup =>
  html`<label class="wide">${label}<textarea name="${name}" spellcheck="false">${JSON.stringify(value, null, 2)}</textarea></label>`

export const check = (name: string, label: string, checked: boolean): Markup =>
  html`<label class="check"><input type="checkbox" name="${name}"${checked ? html` checked` : ''}>${label}</label>`

/** @param isNamedByColumn whether the heading of a table says the label already */
export const choice = (
  name: string,
  label: string,
  options: readonly string[],
  chosen = '',
  isNamedByColumn = false,
): Markup =>
  html`<label>${isNamedByColumn ? html`<span class="visually-hidden">${label}</span>` : label}<select name="${name}">${options.map(
    (option) => html`<option${option === chosen ? html` selected` : ''}>${option}</option>`,
  )}</select></label>`

/** @param keys of the rows, where the table is {@link live} */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (Markup | string | number)[])[],
  { label = 'Table', keys = [] }: { label?: string; keys?: readonly string[] } = {},
): Markup {
  if (rows.length === 0) return html`<p class="soft">Nothing here yet.</p>`
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}"><table><thead><tr>${headings.map(
    (heading) => html`<th scope="col">${heading}</th>`,
  )}</tr></thead><tbody>${rows.map(
    (row, index) =>
      html`<tr${keys[index] === undefined ? '' : html` data-key="${keys[index]}"`}>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

export function moment(ms: number | null): Markup {
  if (ms === null) return html`–`
  const iso = new Date(ms).toISOString()
  return html`<time datetime="${iso}">${iso.replace('T', ' ').slice(0, 19)}</time>`
}
