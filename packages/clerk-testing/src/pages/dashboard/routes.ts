import type { OfflineClerk } from '../../options.js'
import type { Instance } from '../../resources/instance.js'
import { BackendError, invalidParameter } from '../../server/errors.js'
import type { Reply } from '../../server/http.js'
import type { Call, Route } from '../../server/route.js'
import { assertSameOrigin } from '../guard.js'
import { html, redirect } from '../html.js'
import { dashboardPage } from './forms.js'

/** What each page of the dashboard works on. */
export interface Dashboard {
  readonly instance: Instance
  readonly offline: () => OfflineClerk
}

const at = { access: 'public', limit: 'none' } as const

export const get = (path: string, handle: (call: Call) => Reply): Route => ({
  method: 'GET',
  path,
  ...at,
  handle,
})

/** Changes something, then goes to `next`; what cannot be done is shown with its reason. */
export const post = (path: string, change: (call: Call) => unknown, next: (call: Call) => string): Route => ({
  method: 'POST',
  path,
  ...at,
  handle: async (call) => {
    assertSameOrigin(call)
    try {
      await change(call)
    } catch (error) {
      const reason =
        error instanceof BackendError ? error.longMessage : error instanceof Error ? error.message : ''
      return dashboardPage(
        'Not done',
        '/dashboard',
        html`<h1>Not done</h1><section><p role="alert">${reason}</p><p><a href="${next(call)}">Back</a></p></section>`,
        { status: 422 },
      )
    }
    return redirect(next(call), { 'referrer-policy': 'same-origin' })
  },
})

export const id = (call: Call): string => call.param('id')

/** A field of the form; null when it was left empty. */
export const given = (call: Call, name: string): string | null => call.form.get(name)?.trim() || null

/** @throws {BackendError} 422 */
export function givenJson(call: Call, name: string): Record<string, unknown> {
  try {
    return JSON.parse(call.form.get(name) ?? '{}')
  } catch {
    throw invalidParameter(name, 'JSON')
  }
}
