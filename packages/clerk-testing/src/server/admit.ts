import { type Instance, machineOf } from '../resources/instance.js'
import { unauthorizedMachine } from '../resources/machines.js'
import { BackendError } from './errors.js'
import { isLoopbackHost } from './origin.js'
import type { createRateLimiter } from './rate-limit.js'
import type { Call, Route } from './route.js'

export interface Doorkeeper {
  readonly instance: () => Instance
  readonly isSecretKey: (credential: string) => boolean
  readonly allowedHosts: readonly string[]
  readonly limiter: () => ReturnType<typeof createRateLimiter> | null
}

/** Who may come in, and how often. */
export function createAdmission({ instance, isSecretKey: isKey, allowedHosts, limiter }: Doorkeeper) {
  return (route: Route, call: Call): void => {
    if (route.access === 'public') {
      // DNS rebinding: a foreign page whose name resolves to 127.0.0.1 would be same-origin with these pages.
      if (!isLoopbackHost(call.headers.host) && !allowedHosts.includes(hostName(call.headers.host))) {
        throw new BackendError(403, 'host_invalid', 'Unknown host', {
          longMessage: 'This server answers pages on loopback hosts only. List others in allowedHosts.',
        })
      }
      limiter()?.check(route.limit, '')
      return
    }
    const [scheme = '', credential = ''] = (call.headers.authorization ?? '').split(' ')
    const isSecretKey = scheme.toLowerCase() === 'bearer' && isKey(credential)
    if (route.access === 'machine') {
      if (!isSecretKey && !machineOf(instance(), credential)) throw unauthorizedMachine()
    } else if (credential === '') {
      throw new BackendError(
        401,
        'authorization_header_format_invalid',
        'Invalid Authorization header format',
        {
          longMessage: 'Send the secret key as "Authorization: Bearer sk_test_…".',
        },
      )
    } else if (!isSecretKey) {
      throw new BackendError(
        401,
        'clerk_key_invalid',
        'The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.',
      )
    }
    limiter()?.check(route.limit, route.limit === 'user-write' ? call.param('user_id') : '')
  }
}

const hostName = (host: string | undefined) => (host ?? '').replace(/:\d+$/, '').toLowerCase()
