import { meOf } from '../../domain/auth/me.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { Requirement } from '../../domain/guard/requirement.js'
import { validateRequirement } from '../../domain/guard/validate-requirement.js'
import { type OptionRules, rule } from '../../ground/options/read-options.js'
import { checkPage } from '../../ground/options/values.js'
import type { MaybePromise } from '../../ground/timing/maybe-promise.js'
import type { AnyClerk } from './any-clerk.js'
import { createAuthenticator, MIDDLEWARE_OPTIONS, type MiddlewareOptions } from './authenticator.js'
import type { Framework } from './framework.js'
import { refusal, type WebResponse } from './messages.js'
import { findState, type RequestState } from './request-state.js'
import { safeReturnTarget } from './return-target.js'
import { settingsOf } from './settings.js'
import { checkPageOrigin, listedOrigins, signInPages, withReturn } from './sign-in-url.js'
import { type SignOutOptions, signOut } from './sign-out.js'
import { createWebhookRoute, WEBHOOK_OPTIONS, type WebhookRouteOptions } from './webhook-route.js'

/** Options of every adapter's routes. `R`: the framework's request. */
export interface RoutesOptions<R> extends MiddlewareOptions<R>, WebhookRouteOptions, SignOutOptions {
  /** Where people sign in. Default: the Account Portal of the publishable key. */
  signInUrl?: string | undefined
  signUpUrl?: string | undefined
  /** Default `/`. */
  afterSignOutUrl?: string | undefined
  /**
   * Origins besides this server's own that `?returnTo=` and `?redirect_url=` may lead to, e.g. `https://app.example.com`,
   * with the patterns of `authorizedParties`.
   */
  returnTo?: readonly string[] | undefined
}

export const ROUTES_OPTIONS: OptionRules<RoutesOptions<never>> = {
  ...MIDDLEWARE_OPTIONS,
  ...WEBHOOK_OPTIONS,
  signUpUrl: rule.textOf(checkPage),
  afterSignOutUrl: rule.textOf(checkPage),
  revokeAtClerk: rule.flag,
  returnTo: { entries: checkPageOrigin },
}

/** Of `/me` and `/callback`. */
const SIGNED_IN = validateRequirement<Requirement>({ local: 'allow' })

export interface Route<R extends object> {
  readonly path: `/${string}`
  readonly methods: readonly ('GET' | 'POST')[]
  /**
   * The response, or `null` when the client has closed the connection.
   *
   * @param prefix path that the routes are mounted under, without a slash at its end, as far as the framework knows it.
   * Where the URL that the client sent says more (applications mounted below others), that is believed.
   */
  handle(request: R, prefix: string): MaybePromise<WebResponse | null>
}

/** The routes that every adapter mounts. */
export function createRoutes<R extends object>(
  framework: Framework<R>,
  clerk: AnyClerk,
  options: RoutesOptions<R>,
): readonly Route<R>[] {
  const webhook = createWebhookRoute(framework, clerk, options)
  const authenticate = createAuthenticator(framework, clerk, options)
  const pages = signInPages(clerk, options)
  const afterSignOut = options.afterSignOutUrl ?? '/'
  const listed = listedOrigins('returnTo', options.returnTo ?? [])

  return [
    { path: '/webhook', methods: ['POST'], handle: webhook },
    { path: '/health', methods: ['GET'], handle: () => json({ status: 'ok' }) },
    { path: '/ready', methods: ['GET'], handle: ready },
    { path: '/me', methods: ['GET'], handle: me },
    { path: '/sign-in', methods: ['GET'], handle: toPage('/sign-in', 'signInUrl') },
    { path: '/sign-up', methods: ['GET'], handle: toPage('/sign-up', 'signUpUrl') },
    { path: '/callback', methods: ['GET'], handle: callback },
    { path: '/sign-out', methods: ['GET', 'POST'], handle: signOutAndLeave },
  ]

  /** What the middleware has stored, where it has authenticated the request for the same clerk. */
  function requestState(request: R): MaybePromise<RequestState> {
    return findState(request, clerk) ?? authenticate(request)
  }

  /** For orchestrators and load balancers: its status is all it says. */
  async function ready(): Promise<WebResponse> {
    if (await settingsOf(clerk).isReady()) return json({ status: 'ok' })
    return { ...json({ status: 'unavailable' }), status: 503 }
  }

  async function me(request: R): Promise<WebResponse> {
    const { auth } = await requestState(request)
    return authorize(auth, SIGNED_IN) ?? json(meOf(auth))
  }

  function toPage(path: `/${string}`, page: 'signInUrl' | 'signUpUrl'): Route<R>['handle'] {
    return (request, prefix) => {
      const { url, origin } = framework.webRequestOf(request)
      const returnTo = returnTarget(url, origin, '/')
      if (typeof returnTo !== 'string') return returnTo
      const target = pages[page]
      if (target === null) {
        settingsOf(clerk).observer.warn(
          'ACME_CLERK_SIGN_IN_URL',
          `${prefix}${path} has nowhere to send people: set ${page}, or a publishable key.`,
        )
        return refusal(500, 'sign-in-url-required', 'Not configured')
      }
      const back = `${mountedAt(url, path) ?? prefix}/callback?returnTo=${encodeURIComponent(returnTo)}`
      return redirect(withReturn(target, origin === null ? null : `${origin}${back}`))
    }
  }

  /** The token comes with the cookie, never in the URL: URLs end up in logs, histories and `Referer`. */
  async function callback(request: R): Promise<WebResponse> {
    const { url, origin } = framework.webRequestOf(request)
    const returnTo = returnTarget(url, origin, '/')
    if (typeof returnTo !== 'string') return returnTo
    const { auth } = await requestState(request)
    return authorize(auth, SIGNED_IN) ?? redirect(returnTo)
  }

  async function signOutAndLeave(request: R): Promise<WebResponse> {
    const webRequest = framework.webRequestOf(request)
    const returnTo = returnTarget(webRequest.url, webRequest.origin, afterSignOut)
    if (typeof returnTo !== 'string') return returnTo
    return (await signOut(clerk, webRequest, await requestState(request), options)) ?? redirect(returnTo)
  }

  function returnTarget(url: string, origin: string | null, byDefault: string): string | WebResponse {
    const query = new URLSearchParams(queryOf(url))
    const given = RETURN_TARGETS.flatMap((name) => query.getAll(name))
    if (given.length === 0) return byDefault
    const target = given.length === 1 ? safeReturnTarget(given[0] ?? '', origin, listed) : null
    return target ?? refusal(400, 'return-target-refused', 'Return target refused')
  }
}

/** Ours, and what Clerk's own pages and our guards call it. Both are validated alike, and only one may be there. */
const RETURN_TARGETS = ['returnTo', 'redirect_url'] as const

/** All that follows the first question mark: a target may hold another one. */
function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start < 0 ? '' : url.slice(start + 1)
}

/** The path in front of a route, in the URL that the client sent; `null` where the URL was rewritten on its way. */
function mountedAt(url: string, route: string): string | null {
  const path = url.replace(/[?#].*$/s, '')
  return path.startsWith('/') && path.endsWith(route) ? path.slice(0, -route.length) : null
}

/** For frameworks that pass every request below a prefix. `undefined`: none of our routes; call the next handler. */
export function findRoute<R extends object>(
  routes: readonly Route<R>[],
  method: string,
  path: string,
): Route<R> | undefined {
  const effective = method === 'HEAD' ? 'GET' : method
  return routes.find((route) => route.path === path && route.methods.some((allowed) => allowed === effective))
}

function json(body: Readonly<Record<string, unknown>>): WebResponse {
  return { status: 200, headers: { 'Cache-Control': 'no-store' }, body }
}

/** 303: the browser follows with GET, also after a POST. */
function redirect(location: string): WebResponse {
  return { status: 303, headers: { Location: location, 'Cache-Control': 'no-store' }, body: null }
}
