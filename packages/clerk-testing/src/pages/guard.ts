import { BackendError } from '../server/errors.js'
import type { Call } from '../server/route.js'

/**
 * Refuses a form that was not sent by one of these pages. Nothing else protects them: every program that reaches the
 * port may use the dashboard, and every web page can make the developer's browser send a form to it.
 * @throws {BackendError} 403
 */
export function assertSameOrigin({ headers }: Call): void {
  const site = headers['sec-fetch-site']
  const { origin } = headers
  // A browser without Sec-Fetch-Site sends the Origin; a program (no ambient authority) sends neither.
  const own =
    site === undefined ? origin === undefined || origin === `http://${headers.host}` : site === 'same-origin'
  if (own) return
  throw new BackendError(403, 'cross_origin_request', 'Cross-origin request', {
    longMessage: 'This form can only be sent from its own page.',
  })
}
