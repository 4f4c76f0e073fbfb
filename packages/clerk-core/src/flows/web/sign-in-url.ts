import { ConfigurationError } from '../../ground/errors.js'
import {
  checkListedOrigin,
  type ListedOrigin,
  type OriginList,
  originList,
} from '../../ground/options/origins.js'
import { Problems } from '../../ground/options/problems.js'
import { type Checked, checkPage } from '../../ground/options/values.js'
import type { AnyClerk } from './any-clerk.js'
import { settingsOf } from './settings.js'

export interface SignInPages {
  readonly signInUrl: string | null
  readonly signUpUrl: string | null
}

/**
 * The pages of the routes' options, else those of `createClerk`, else the Account Portal's.
 *
 * @throws {ConfigurationError} for a value that is no URL
 */
export function signInPages(
  clerk: AnyClerk,
  options: { readonly signInUrl?: string | undefined; readonly signUpUrl?: string | undefined },
): SignInPages {
  const { pages } = settingsOf(clerk)
  return {
    signInUrl: checkedUrl('signInUrl', options.signInUrl) ?? pages.signInUrl,
    signUpUrl: checkedUrl('signUpUrl', options.signUpUrl) ?? pages.signUpUrl,
  }
}

/** An absolute `http(s)` URL or a path of this server, as configured. */
export function checkedUrl(option: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const checked = checkPage(value)
  if ('value' in checked) return checked.value
  throw new ConfigurationError([{ option, ...checked }])
}

/**
 * Origins of pages, with the patterns of `authorizedParties`.
 *
 * @throws {ConfigurationError} for a value that is no `http(s)` origin
 */
export function listedOrigins(option: string, origins: readonly string[]): OriginList {
  const problems = new Problems()
  const entries = origins.flatMap((text) => {
    return problems.take(option, checkPageOrigin(text)) ?? []
  })
  problems.throwIfAny()
  return originList(entries)
}

/** One entry of such a list. */
export function checkPageOrigin(text: unknown): Checked<ListedOrigin> {
  const checked = checkListedOrigin(text)
  if (!('value' in checked) || /^https?:/.test(checked.value.origin)) return checked
  return {
    message: `"${checked.value.origin}" is not the origin of a page.`,
    remedy: 'Give origins such as https://app.example.com.',
  }
}

/** Adds Clerk's `redirect_url`, which brings the browser back. */
export function withReturn(page: string, returnTo: string | null): string {
  if (returnTo === null) return page
  const hash = page.indexOf('#')
  const [path, fragment] = hash === -1 ? [page, ''] : [page.slice(0, hash), page.slice(hash)]
  return `${path}${path.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(returnTo)}${fragment}`
}
