import { PEER_OPTIONS, ROUTES_OPTIONS } from '@acme/clerk-core/adapter'
import { type OptionRules, rule } from '@acme/clerk-core/store'
import type { ClerkFetchOptions, WithAuthOptions } from './types.js'

export const OPTIONS: OptionRules<ClerkFetchOptions> = {
  ...ROUTES_OPTIONS,
  ...PEER_OPTIONS,
  prefix: rule.textOf((value) =>
    value === '' || value.startsWith('/')
      ? { value }
      : { message: 'does not begin with a slash.', remedy: 'Write `/auth`, or leave it out.' },
  ),
  session: rule.code,
  // `createProtectedResource` looks.
  resource: rule.any,
}

export const GUARD_OPTIONS: OptionRules<WithAuthOptions> = { redirect: rule.flag }
