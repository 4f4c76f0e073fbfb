import type { ClerkMachines, MachineTokenOptions } from '../../domain/machines/clerk-machines.js'
import { ConfigurationError } from '../../ground/errors.js'
import { settingsOf } from './settings.js'

/**
 * `fetch` of another service, with an M2M token of this machine as its bearer. Only origins that `machineOrigins` lists are called.
 * No redirect is followed: the response is handed back as it came (3xx, `ok` is false), since its target was not listed. After a 401
 * the next call has a new token, at most once a minute.
 *
 * @param init of `fetch`, and `token`: what the token is made with
 * @throws {ConfigurationError} for an origin that is not listed, and without `machineSecretKey`; nothing was sent
 * @throws {TypeError} for what is no absolute URL, for an `authorization` header of the caller and for `redirect: 'follow'`; nothing
 *   was sent. As `fetch`, when the service cannot be reached
 * @throws {ClerkApiError} when Clerk gives no token (`clerk.machines.createToken`); nothing was sent
 */
export async function machineFetch(
  clerk: { readonly machines: ClerkMachines },
  url: string | URL,
  init: RequestInit & { readonly token?: MachineTokenOptions | undefined } = {},
): Promise<Response> {
  const { machineOrigins, fetch } = settingsOf(clerk)
  const { token: options, redirect = 'manual', ...request } = init
  const target = targetOf(url)
  // Not `target.origin`, which for `blob:` is the origin of what it names.
  const origin = `${target.protocol}//${target.host}`
  if (!machineOrigins.includes(origin)) throw new ConfigurationError([notListed(origin)])
  if (redirect === 'follow')
    throw new TypeError("machineFetch() follows no redirect: leave `redirect` out, or give 'error'.")
  const headers = new Headers(request.headers)
  if (headers.has('authorization'))
    throw new TypeError('machineFetch() sets `authorization` itself: leave the header out, or use fetch().')

  const { token } = await clerk.machines.createToken(options)
  headers.set('authorization', `Bearer ${token}`)
  const response = await fetch(target, { ...request, headers, redirect })
  if (response.status === 401) clerk.machines.forget(token)
  return response
}

/** Parsed once: what was compared is what is called. */
function targetOf(url: string | URL): URL {
  const text = String(url)
  if (!URL.canParse(text)) throw new TypeError('machineFetch() needs an absolute URL.')
  const target = new URL(text)
  if (target.username !== '' || target.password !== '')
    throw new TypeError('machineFetch() calls no URL with a user name or password in it.')
  return target
}

const notListed = (origin: string) => ({
  option: 'machineOrigins',
  message: `does not list ${origin}.`,
  remedy: 'List the origins of the services that may receive a token of this machine.',
})
