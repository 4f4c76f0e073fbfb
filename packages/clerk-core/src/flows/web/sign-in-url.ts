import { ConfigurationError } from '../../ground/errors.js'
import type { AnyClerk } from './any-clerk.js'
import { settingsOf } from './settings.js'

export interface SignInPages {
  readonly signInUrl: string | null
  readonly signUpUrl: string | null
}

/** The application's own pages, else the Account Portal's. @throws {ConfigurationError} for a value that is no URL */
export function signInPages(
  clerk: AnyClerk,
  options: { readonly signInUrl?: string | undefined; readonly signUpUrl?: string | undefined },
): SignInPages {
  const portal = settingsOf(clerk).accountPortal
  return {
    signInUrl: checkedUrl('signInUrl', options.signInUrl) ?? portal?.signInUrl ?? null,
    signUpUrl: checkedUrl('signUpUrl', options.signUpUrl) ?? portal?.signUpUrl ?? null,
  }
}

/** An absolute `http(s)` URL or a path of this server, as configured. */
export function checkedUrl(option: string, value: string | undefined): string | undefined {
  if (value === undefined || /^\/(?!\/)/.test(value)) return value
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value
  throw new ConfigurationError([
    {
      option,
      message: 'is not a URL.',
      remedy: 'Give an absolute http(s) URL or a path that starts with one slash.',
    },
  ])
}

/** @throws {ConfigurationError} for a value that is no absolute `http(s)` URL */
export function listedOrigins(option: string, urls: readonly string[]): ReadonlySet<string> {
  return new Set(
    urls.map((url) => {
      if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return new URL(url).origin
      throw new ConfigurationError([
        {
          option,
          message: 'holds a value that is not an origin.',
          remedy: 'Give origins such as https://app.example.com.',
        },
      ])
    }),
  )
}

/** Adds Clerk's `redirect_url`, which brings the browser back. */
export function withReturn(page: string, returnTo: string | null): string {
  if (returnTo === null) return page
  const hash = page.indexOf('#')
  const [path, fragment] = hash === -1 ? [page, ''] : [page.slice(0, hash), page.slice(hash)]
  return `${path}${path.includes('?') ? '&' : '?'}redirect_url=${encodeURIComponent(returnTo)}${fragment}`
}
