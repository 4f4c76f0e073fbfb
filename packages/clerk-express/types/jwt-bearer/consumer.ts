// An application that has express-oauth2-jwt-bearer too, which declares `Request.auth` as something else. Whose declaration
// TypeScript takes is a matter of order: what the functions return is not.
import type { Clerk, RegisteredAuth } from '@acme/clerk-core'
import type { MembershipRecord, UserRecord } from '@acme/clerk-core/store'
import { authOf, clerkMiddleware, getAuth, requireAuth, userOf } from '@acme/clerk-express'
import express from 'express'
import { auth as bearer } from 'express-oauth2-jwt-bearer'
import { expectTypeOf } from 'vitest'

interface AppUser extends UserRecord {
  favouriteColour: 'red' | 'blue'
}

declare const clerk: Clerk<AppUser, MembershipRecord>

declare module '@acme/clerk-core' {
  interface Register {
    clerk: typeof clerk
  }
}

const app = express()
app.use(clerkMiddleware(clerk))
app.get(
  '/theirs',
  bearer({ issuer: 'https://other.example', audience: 'api' }),
  (_req, res) => void res.end(),
)
app.get('/mine', requireAuth(), (req, res) => {
  expectTypeOf(getAuth(req)).toEqualTypeOf<RegisteredAuth>()
  expectTypeOf(authOf(req).user).toEqualTypeOf<Readonly<AppUser>>()
  expectTypeOf(userOf(req).favouriteColour).toEqualTypeOf<'red' | 'blue'>()
  res.end()
})
