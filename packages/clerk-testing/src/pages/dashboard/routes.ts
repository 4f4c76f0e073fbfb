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
export const post = <T>(
  path: string,
  change: (call: Call) => T | Promise<T>,
  next: (call: Call, made?: T) => string,
): Route => ({
  method: 'POST',
  path,
  ...at,
  handle: async (call) => {
    assertSameOrigin(call)
    let made: T
    try {
      made = await change(call)
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
    return redirect(next(call, made), { 'referrer-policy': 'same-origin' })
  },
})

export const id = (call: Call): string => call.param('id')

/** The page of one thing. Its id may be what somebody put into the address. */
export const pageAt = (
  kind: 'users' | 'organizations' | 'webhooks' | 'machines' | 'oauth' | 'roles',
  reference: string,
): string => `/dashboard/${kind}/${encodeURIComponent(reference)}`

/** Back to the user whose page the form stands on, or else to `next`. */
export const backToUser =
  (next: (call: Call) => string) =>
  (call: Call): string => {
    const userId = given(call, 'from')
    return userId === null ? next(call) : pageAt('users', userId)
  }

/** A field of the form; null when it was left empty. */
export const given = (call: Call, name: string): string | null => call.form.get(name)?.trim() || null

/** @throws {BackendError} 422 for anything but an object */
export function givenJson(call: Call, name: string): Record<string, unknown> {
  const value = parsed(call.form.get(name) ?? '{}')
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidParameter(name, 'JSON: an object')
  return value as Record<string, unknown>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
