/** Where Clerk itself lets people sign in and up. */
export interface AccountPortal {
  readonly signInUrl: string
  readonly signUpUrl: string
}

/**
 * The Account Portal that belongs to a publishable key (Clerk docs, "Account Portal"): `accounts.` beside the frontend
 * API in production, `<name>.accounts.dev` in development. An offline Clerk on loopback hosts the pages itself. `null`
 * where the key names none.
 */
export function accountPortalOf(publishableKey: string | null): AccountPortal | null {
  const host = frontendApiHost(publishableKey)
  if (host === null) return null
  const origin = portalOrigin(host)
  return origin === null ? null : { signInUrl: `${origin}/sign-in`, signUpUrl: `${origin}/sign-up` }
}

function frontendApiHost(publishableKey: string | null): string | null {
  const encoded = /^pk_(?:test|live)_(.+)$/.exec(publishableKey ?? '')?.[1]
  if (encoded === undefined) return null
  const decoded = Buffer.from(encoded, 'base64').toString('latin1')
  return /^[a-z0-9.:[\]-]+\$$/i.test(decoded) ? decoded.slice(0, -1) : null
}

function portalOrigin(host: string): string | null {
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i.test(host)) return `http://${host}`
  if (host.endsWith('.clerk.accounts.dev'))
    return `https://${host.replace('.clerk.accounts.dev', '.accounts.dev')}`
  return host.startsWith('clerk.') ? `https://accounts.${host.slice('clerk.'.length)}` : null
}
