import { expect, test } from 'vitest'
import { accountPortalOf } from './account-portal.js'

const keyOf = (host: string, kind = 'live') =>
  `pk_${kind}_${Buffer.from(`${host}$`).toString('base64').replace(/=+$/, '')}`

test.each([
  [keyOf('clerk.example.com'), 'https://accounts.example.com'],
  [keyOf('happy-cat-12.clerk.accounts.dev', 'test'), 'https://happy-cat-12.accounts.dev'],
  [keyOf('127.0.0.1:4100', 'test'), 'http://127.0.0.1:4100'],
  [keyOf('localhost:4100', 'test'), 'http://localhost:4100'],
])('%s has its Account Portal at %s', (key, origin) => {
  expect(accountPortalOf(key)).toEqual({ signInUrl: `${origin}/sign-in`, signUpUrl: `${origin}/sign-up` })
})

test.each([
  null,
  '',
  'pk_live_',
  'sk_live_abc',
  keyOf('frontend.example.com'),
  keyOf('clerk.evil.com/x?'),
  keyOf('a b'),
])('%s names none', (key) => {
  expect(accountPortalOf(key)).toBeNull()
})
