import { authorize } from '../../domain/guard/authorize.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyClerk } from './any-clerk.js'
import { meOf } from './me.js'
import { refusal, type WebRequest, type WebResponse } from './messages.js'
import type { BodySource } from './raw-body.js'
import type { RequestState } from './request-state.js'
import { safeReturnTarget } from './return-target.js'
import { checkedUrl, listedOrigins, signInPages, withReturn } from './sign-in-url.js'
import { signOut } from './sign-out.js'
import { createWebhookRoute, type WebhookRouteOptions } from './webhook-route.js'

export interface ClerkRoutesOptions extends WebhookRouteOptions {
  /** Where people sign in. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
  signUpUrl?: string | undefined
  /** Default `/`. */
  afterSignOutUrl?: string | undefined
  /** Origins besides this server's own that `?returnTo=` may lead to, e.g. `https://app.example.com`. */
  returnTo?: readonly string[] | undefined
}

/** A request to one of our routes. */
export interface RouteRequest extends WebRequest, BodySource {
  readonly headers: WebRequest['headers']
  /** The path the routes are mounted under, without a slash at its end. */
  readonly prefix: string
  /** Who is asking. Routes that need nobody do not call it. */
  authenticate(): MaybePromise<RequestState>
}

export interface Route {
  readonly path: `/${string}`
  readonly methods: readonly ('GET' | 'POST')[]
  /** `null`: the client is gone, there is nobody to answer. */
  handle(request: RouteRequest): MaybePromise<WebResponse | null>
}

/**
 * The routes every adapter mounts.
 *
 * @param remedy how a body parser of this framework is made to keep the bytes of a webhook
 * @throws {ConfigurationError} for options that are no URLs
 */
export function createRoutes(clerk: AnyClerk, options: ClerkRoutesOptions, remedy: string): readonly Route[] {
  const webhook = createWebhookRoute(clerk, options, remedy)
  const pages = signInPages(clerk, options)
  const afterSignOut = checkedUrl('afterSignOutUrl', options.afterSignOutUrl) ?? '/'
  const listed = listedOrigins('returnTo', options.returnTo ?? [])

  return [
    { path: '/webhook', methods: ['POST'], handle: (request) => webhook.receive(request) },
    { path: '/health', methods: ['GET'], handle: () => json({ status: 'ok' }) },
    { path: '/me', methods: ['GET'], handle: me },
    { path: '/sign-in', methods: ['GET'], handle: (request) => toPage(request, 'signInUrl') },
    { path: '/sign-up', methods: ['GET'], handle: (request) => toPage(request, 'signUpUrl') },
    { path: '/callback', methods: ['GET'], handle: callback },
    { path: '/sign-out', methods: ['GET', 'POST'], handle: leave },
  ]

  async function me(request: RouteRequest): Promise<WebResponse> {
    const { auth } = await request.authenticate()
    return authorize(auth, { local: 'allow' }) ?? json(meOf(auth))
  }

  function toPage(request: RouteRequest, page: 'signInUrl' | 'signUpUrl'): WebResponse {
    const returnTo = returnTarget(request, '/')
    if (typeof returnTo !== 'string') return returnTo
    const url = pages[page]
    if (url === null) {
      process.emitWarning(
        `${request.prefix}/… has nowhere to send people: set ${page}, or a publishable key.`,
        {
          code: 'ACME_CLERK_SIGN_IN_URL',
        },
      )
      return refusal(500, 'sign-in-url-required', 'Not configured')
    }
    const back = `${request.prefix}/callback?returnTo=${encodeURIComponent(returnTo)}`
    return redirect(withReturn(url, request.origin === null ? null : `${request.origin}${back}`))
  }

  /** The token comes with the cookie, never in the URL: URLs end up in logs, histories and `Referer`. */
  async function callback(request: RouteRequest): Promise<WebResponse> {
    const returnTo = returnTarget(request, '/')
    if (typeof returnTo !== 'string') return returnTo
    const { auth } = await request.authenticate()
    return authorize(auth, { local: 'allow' }) ?? redirect(returnTo)
  }

  async function leave(request: RouteRequest): Promise<WebResponse> {
    const returnTo = returnTarget(request, afterSignOut)
    if (typeof returnTo !== 'string') return returnTo
    return (await signOut(clerk, request, await request.authenticate())) ?? redirect(returnTo)
  }

  function returnTarget({ url, origin }: RouteRequest, otherwise: string): string | WebResponse {
    const given = new URLSearchParams(url.split('?', 2)[1] ?? '').getAll('returnTo')
    if (given.length === 0) return otherwise
    const target = given.length === 1 ? safeReturnTarget(given[0] ?? '', origin, listed) : null
    return target ?? refusal(400, 'return-target-refused', 'Return target refused')
  }
}

/** For frameworks that hand everything below a prefix to us. `undefined`: not ours, the application goes on. */
export function findRoute(routes: readonly Route[], method: string, path: string): Route | undefined {
  const asked = method === 'HEAD' ? 'GET' : method
  return routes.find((route) => route.path === path && route.methods.some((allowed) => allowed === asked))
}

function json(body: Readonly<Record<string, unknown>>): WebResponse {
  return { status: 200, headers: { 'Cache-Control': 'no-store' }, body }
}

/** 303: the browser goes on with GET, whatever it came with. */
function redirect(location: string): WebResponse {
  return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: null }
}
